//! Whether this machine is ready to measure, what would harm the figures, and what to do about each problem. Facts are gathered
//! at the edge ([`Facts::gather`]); every diagnosis is made by a pure function of them.
//! It may use [`crate::machine`], [`crate::protocol`], [`crate::worker_process`] and [`crate::text`].

mod cpu;
mod diagnosis;
mod examination;
mod facts;
mod gpu;
mod resources;
mod sandbox;
mod show;
mod worker;

pub use diagnosis::{Diagnosis, Level};
pub use examination::Examination;
pub use facts::Facts;

#[cfg(test)]
mod tests;
