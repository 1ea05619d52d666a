//! Submissions: the manifest, cards, archives of programs, and how weights files and clones become submissions.
//! It may use [`crate::entry`], [`crate::protocol`], [`crate::graph`], [`crate::worker_process`] (to identify files and to
//! record operations), [`crate::rules`] and [`crate::util`].

pub mod archive;
pub mod card;
pub mod clone;
pub mod identify;
pub mod import;
pub(crate) mod inside;
mod limits;
mod manifest;
pub(crate) mod name;
mod python;
mod read;
mod recorder;
mod resolved;

pub use manifest::{MANIFEST, Manifest, ModelRef, Origin, Precision, ProgramRef, PythonRef};
pub use recorder::GraphRecorder;
pub use resolved::Submission;
