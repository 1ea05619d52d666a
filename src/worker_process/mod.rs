//! Worker processes: the one place that spawns them, talks to them, and limits them.
//!
//! A [`Worker`] is one `esr-worker` process (or anything else that speaks [`crate::protocol`]). Whatever it does, the
//! harness goes on: a crash, a hang, too much memory, rubbish on its stdout become a [`Failure`], whose text is the
//! submission's row. It may use [`crate::graph`], [`crate::protocol`] and [`crate::util`].

mod calls;
mod exchange;
mod failure;
mod launch;
mod launches;
mod learnt;
pub mod limited;
mod output;
mod plausible;
mod python;
pub mod sandbox;
mod scratch;
mod worker;

pub use exchange::Exchange;
pub use failure::{Failure, Status};
pub use launch::{Launch, Limits, locate};
pub use launches::Launches;
pub use python::Python;
pub use worker::{StartError, Worker};
