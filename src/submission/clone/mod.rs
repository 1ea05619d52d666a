//! Submission folders out of an organisers' repository: its function that selects a network is read, not executed, and each
//! of its networks becomes a folder, as a registered network, as Python code, or as an exported program.
//!
//! `reader` has the networks told by Python's own parser, `teams` knows what the repository does not say, `agree` holds a
//! registered network against the team's own code, `export` makes programs, `import` does it all. The room may use
//! [`crate::submission::identify`], [`crate::submission::import`] (the maps of teams), [`crate::worker_process`] and [`crate::quality`].

mod agree;
mod copy;
mod export;
mod folder;
mod import;
mod reader;
mod teams;

pub use agree::Agreement;
pub use import::{CloneImport, Export, Form, Imported, Outcome, Row, Step, Tools, import};
pub use reader::is_clone;
