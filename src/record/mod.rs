//! The run directory: an append-only log of events, and everything that is derived from it.
//!
//! ```text
//! run.json        what was to be done, by what, on which machine: written once, before the first measurement
//! events.jsonl    what happened, one JSON object a line, each synced to the disk before the next measurement begins
//! graphs/NAME.json the operations of each submission's forward at 256 x 256
//! ```
//! The events are the truth. Entries for a ranking, samples for statistics and rows for a table are derived, never stored.

mod event;
mod images;
mod manifest;
mod plan;
mod recorder;
mod results;
mod run;

pub use event::{
    Conditions, Event, ImageQuality, Logged, MeasuredMemory, RecordedGraph, RoundImage, RoundTimes, Stage,
};
pub use images::ImageRow;
pub use manifest::{FORMAT, Manifest};
pub(crate) use manifest::{NAMES, check_name};
pub use plan::{Limit, Plan, Planned, PlannedImage, Source};
pub use recorder::Recorder;
pub(crate) use recorder::sha256;
pub use results::{Results, SubmissionResults};
pub use run::Run;
