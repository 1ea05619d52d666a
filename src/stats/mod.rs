//! Statistics of repeated measurements: summaries, intervals, tests, verdicts. Pure and seeded; uses no other room but errors.
//!
//! The round is the unit: resampling images gives false certainty. One test carries everything (see [`flips`]): intervals are its
//! inversion; places, letters and verdicts are one family of it (see [`family`]). `docs/statistics.md` says what is assumed, and
//! what simulations found.
//! It may use [`crate::util`].

pub mod announcement;
pub mod bootstrap;
pub mod control;
pub mod disturbance;
pub mod family;
pub mod flips;
pub mod interval;
pub mod letters;
pub mod matrix;
pub mod open_pair;
pub mod order;
pub mod pair;
pub mod planning;
pub mod rank_sum;
pub mod ranks;
pub mod remark;
mod round_score;
pub mod samples;
pub mod screen;
pub mod sensitivity;
pub mod serial;
pub mod settings;
mod shift;
pub mod summary;
pub mod timed;
pub mod track;
pub mod two_way;

pub use announcement::{Announcement, Sentence};
pub use control::{AgainstItself, against_itself};
pub use disturbance::{Quiet, quiet};
pub use interval::Interval;
pub use matrix::{Matrix, RoundKey, Session};
pub use pair::{Comparison, TieBand, Verdict, compare, compare_pairs};
pub use ranks::{EntryUncertainty, Uncertainty, rank_uncertainty};
pub use remark::{Remark, Unit};
pub use samples::{ImageTimes, Round, Samples};
pub use sensitivity::{Alternative, Sensitivity, sensitivity};
pub use serial::{Serial, serial};
pub use settings::Settings;
pub use summary::{Protocol, Summary, summarise};
pub use timed::TimedSession;
pub use track::{Basis, Field, Figures, Place, RankedTrack};
