//! The stages of measuring a submission, each in a fresh worker: quality, memory, operations, the
//! reference outputs of timed forwards, and blocks of timed rounds.
//! They use the session's context, and nothing of each other.
//! It may use what [`crate::measure`] may use.

mod conditions;
mod context;
mod graph;
mod memory;
mod quality;
mod reference;
mod rounds;
mod variants;

pub(super) use context::{Context, Stop};
pub(super) use graph::graph;
pub(super) use memory::memory;
pub(super) use quality::quality;
pub(super) use reference::reference;
pub(super) use rounds::{BlockKey, block};
