//! Statistics of repeated measurements: summaries, intervals, tests, verdicts. Pure, seeded.
//!
//! The round is the unit: resampling images gives false certainty. One test carries everything (see [`flips`]): intervals are its
//! inversion, rank intervals and groups are many of it with a correction.
//! It may use [`crate::util`].

pub mod flips;
pub mod interval;
pub mod multiple;
pub mod pair;
pub mod ranks;
pub mod samples;
pub mod summary;

pub use interval::Interval;
pub use pair::{Comparison, Settings, TieBand, Verdict, compare};
pub use ranks::{EntryUncertainty, Track, Uncertainty, rank_uncertainty};
pub use samples::{ImageTimes, Round, Samples};
pub use summary::{Protocol, RoundTable, Summary, summarise};
