//! What the first image does to a ranking: nothing warms up the organisers' harness, so that it holds what starting costs.

use crate::entry::Metric;
use crate::entry::label;
use crate::rank::leaderboard::{Leaderboard, Row};

/// Above this, every pair would be too many to tell and to compute.
const MOST_ROWS: usize = 500;

/// Entries (the baseline included, where it has a figure) that change places between two rankings of the same entries, with
/// and without each entry's first image.
pub fn swaps(with: &Leaderboard, without: &Leaderboard) -> Vec<String> {
    if with.rows.len() > MOST_ROWS {
        return Vec::new();
    }
    let (with_rows, without_rows) = (ordered(with), ordered(without));
    let place = |rows: &[&Row], row: &Row| rows.iter().position(|r| label(&r.entry) == label(&row.entry));
    let mut notes = Vec::new();
    for (i, first) in with_rows.iter().enumerate() {
        for second in &with_rows[i + 1..] {
            let (Some(a), Some(b)) = (place(&without_rows, first), place(&without_rows, second)) else { continue };
            if a > b {
                let runtime =
                    |row: &Row| row.entry.get(Metric::RuntimeMs).map_or_else(String::new, |v| format!("{v:.2}"));
                let change = |before: &Row, after: &Row| format!("{} -> {} ms", runtime(before), runtime(after));
                notes.push(format!(
                    "track {}: without each entry's first image, {} and {} change places (runtime {} and {})",
                    with.track,
                    first.entry.team,
                    second.entry.team,
                    change(first, without_rows[a]),
                    change(second, without_rows[b])
                ));
            }
        }
    }
    notes
}

/// All rows with the baseline at the place that its figure gives it.
fn ordered(board: &Leaderboard) -> Vec<&Row> {
    let mut rows: Vec<&Row> = board.rows.iter().collect();
    if let Some(base) = &board.baseline
        && let Some(own) = base.score
    {
        let place = rows.iter().position(|r| r.score.is_some_and(|s| s > own)).unwrap_or(rows.len());
        rows.insert(place, base);
    }
    rows
}
