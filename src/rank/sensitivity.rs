//! Leaderboards as the alternatives of [`crate::stats::sensitivity`].

use crate::entry::label;
use crate::rank::leaderboard::Leaderboard;
use crate::stats::{Alternative, Sensitivity, sensitivity};

/// Compares the places up to `top` of other leaderboards of the same entries with those of `reference`.
pub fn compare_tops(reference: &Leaderboard, others: &[(String, Leaderboard)], top: u32) -> Sensitivity {
    let places = |board: &Leaderboard| board.rows.iter().map(|row| (label(&row.entry), row.rank)).collect();
    let name = format!("{}, track {}", reference.rules, reference.track);
    let reference = Alternative { name, places: places(reference) };
    let others: Vec<Alternative> =
        others.iter().map(|(name, board)| Alternative { name: name.clone(), places: places(board) }).collect();
    sensitivity(&reference, &others, top)
}
