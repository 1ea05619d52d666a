//! Statistics of repeated measurements: summaries, intervals, tests, verdicts. Pure, seeded.

pub mod samples;

pub use samples::{ImageTimes, Round, Samples};
