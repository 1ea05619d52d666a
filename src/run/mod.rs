//! The run directory: an append-only log of events, its writer and its reader.
//!
//! ```text
//! run.json        what was to be done, by what, on which machine: written once, before the first measurement
//! events.jsonl    what happened, one JSON object a line, each synced to the disk before the next measurement begins, each with a
//!                 hash that follows from the line before ([`chain`])
//! graphs/NAME.json the operations of each submission's forward at 256 x 256
//! submissions/    the folders that `measure CLONE` imported, where it did
//! sr/NAME/SPLIT/IMAGE.png SR images, where the plan keeps them
//! ```
//! The events are the truth; everything else is derived from them in [`crate::results`]. It may use [`crate::graph`],
//! [`crate::machine`], [`crate::protocol`], [`crate::quality`], [`crate::stats`] (for the name of the protocol), [`crate::submission`] and [`crate::util`].

pub(crate) mod chain;
mod checked;
mod contents;
mod event;
mod format;
mod history;
mod keep;
mod manifest;
mod merged;
mod plan;
mod reader;
mod shard;
mod writer;

pub use checked::{Check, Checked};
pub use contents::{Results, Rounds, SubmissionResults};
pub use event::{
    Conditions, Event, ImageQuality, Logged, MeasuredMemory, RecordedGraph, RoundImage, RoundTimes, Stage,
};
pub use format::FORMAT;
pub(crate) use format::{EVENTS, GRAPHS, MANIFEST, SR, file_name};
pub use history::{Moment, failures, history, log_metadata};
pub use keep::KeepSr;
pub use manifest::Manifest;
pub use merged::{Merged, Origin};
pub use plan::{Limit, Plan, Planned, PlannedImage, Source};
pub use reader::Run;
pub use shard::{Shard, ShardNumber};
pub use writer::{RunWriter, SUBMISSIONS};
