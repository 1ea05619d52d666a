//! Worker processes: the one place that spawns them, talks to them, and limits them.
//!
//! A [`Worker`] is one `esr-worker` process (or anything else that speaks [`crate::protocol`]). Whatever it does, the
//! harness stays on its feet: a crash, a hang, too much memory, rubbish on its stdout become a [`Failure`], whose text is
//! the submission's row.
//! It may use [`crate::graph`], [`crate::protocol`], [`crate::submission`] and [`crate::util`].

mod exchange;
mod failure;
mod launch;
mod output;
mod recording;
mod worker;

pub use exchange::Exchange;
pub use failure::{Failure, Status};
pub use launch::{Launch, Limits, locate};
pub use recording::GraphRecorder;
pub use worker::Worker;
pub(crate) use worker::name_of;
