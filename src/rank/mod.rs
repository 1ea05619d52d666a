//! Ranking: a pure function from entries and rules to a leaderboard.

pub mod entry;
pub mod leaderboard;

pub use entry::{Entry, Metric};
pub use leaderboard::{Leaderboard, Row, Unranked};
