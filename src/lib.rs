//! The harness of esr-bench: from submissions to a leaderboard.
//!
//! Data flows one way: submission -> worker -> run -> ranking -> report. This library links no libtorch; networks run in
//! `esr-worker` processes that speak [`protocol`].

pub mod audit;
pub mod checks;
pub mod data;
pub mod entry;
pub mod error;
pub mod exit;
pub mod graph;
pub mod inputs;
pub mod machine;
pub mod measure;
pub mod merge;
pub mod page;
pub mod protocol;
pub mod quality;
pub mod rank;
pub mod report;
pub mod results;
pub mod rules;
pub mod run;
pub mod schemas;
pub mod serve;
pub mod stats;
pub mod submission;
pub mod tables;
pub mod text;
pub mod util;
pub mod verify;
pub mod worker_process;

pub use error::{Error, Result};
