//! Submissions: the manifest, cards, archives of programs, and how weights files and clones become submissions.
//! It may use [`crate::entry`], [`crate::protocol`], [`crate::worker_process`] (to identify files), [`crate::rules`] and [`crate::util`].

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

pub use manifest::{MANIFEST, Manifest, ModelRef, Origin, Precision, ProgramRef, Submission};
pub use python::PythonRef;
