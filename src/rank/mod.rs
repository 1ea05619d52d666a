//! Ranking: a pure function from entries and rules to a leaderboard.
//! It may use [`crate::entry`], [`crate::rules`], [`crate::stats`] and [`crate::util`].

mod again;
pub mod cut;
mod every_track;
mod evidence;
pub mod first_image;
mod leaderboard;
mod notes;
pub mod placement;
#[expect(clippy::module_inception, reason = "the one function that the module is named after")]
mod rank;
pub mod score;
mod sensitivity;
mod standing;
mod ties;
mod uncertainty;

pub use every_track::every_track;
pub use leaderboard::{Announced, Leaderboard, Row, Unranked};
pub use notes::departures;
pub use rank::{Options, rank, rank_with};
pub use sensitivity::compare_tops;
pub use uncertainty::{add_announcement, add_uncertainty};
