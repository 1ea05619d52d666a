//! The harness of esr-bench: from submissions to a leaderboard.
//!
//! Data flows one way: submission -> worker -> records -> ranking -> report. This library links no libtorch; networks run in
//! `esr-worker` processes that speak [`protocol`].

pub mod archive;
pub mod card;
pub mod challenge;
pub mod data;
pub mod doctor;
pub mod error;
pub mod exit;
pub mod files;
pub mod graph;
pub mod identify;
pub mod import;
pub mod lint;
pub mod machine;
pub mod measure;
pub mod protocol;
pub mod quality;
pub mod rank;
pub mod record;
pub mod report;
pub mod runner;
pub mod stats;
pub mod submission;
pub mod toml_file;

pub use error::{Error, Result};
