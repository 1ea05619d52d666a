//! Measuring: a plan, an order, and the session that drives workers through both into a run directory.
//!
//! For each submission: SR of every image, compared with HR here; peak memory; the record of its operations; each in a
//! fresh worker. Then the timed rounds, in which nothing else is done: one (round, submission) is one fresh process.
//! It may use [`crate::data`], [`crate::entry`], [`crate::exit`], [`crate::graph`], [`crate::machine`],
//! [`crate::protocol`], [`crate::quality`], [`crate::report`], [`crate::results`], [`crate::rules`], [`crate::run`],
//! [`crate::stats`], [`crate::submission`], [`crate::text`], [`crate::util`] and [`crate::worker_process`].

mod agreement;
mod input;
mod interrupt;
mod keep;
mod life;
mod missing;
mod plan;
mod progress;
mod schedule;
mod session;
mod stages;
mod summary;
mod workers;

pub use agreement::Given;
pub use interrupt::Interrupt;
pub use life::{ResumeOptions, Startup, begin, resume};
pub use plan::{PlanOptions, plan};
pub use progress::Progress;
pub use schedule::order;
pub use session::{Outcome, Session};
pub use summary::summary;
pub use workers::{Named, Workers, launches};
