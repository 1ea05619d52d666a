//! Ranking: a pure function from entries and rules to a leaderboard.

pub mod audit;
pub mod cut;
pub mod entry;
pub mod first_image;
pub mod leaderboard;
mod notes;
#[expect(clippy::module_inception, reason = "the one function that the module is named after")]
mod rank;
pub mod rounding;
pub mod score;
mod ties;
mod uncertain;
pub mod where_;

pub use entry::{Entry, Metric};
pub use leaderboard::{Leaderboard, Row, Unranked};
pub use notes::departures;
pub use rank::{Options, rank, rank_with};
pub use uncertain::add_uncertainty;
