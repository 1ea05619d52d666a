//! The effect of the first image on a ranking: the organisers' harness does not warm up, so that the first image includes the
//! cost of starting.

use std::collections::{BTreeSet, HashMap};

use crate::entry::Metric;
use crate::entry::label;
use crate::rank::leaderboard::{Leaderboard, Row};

/// Pairs that are listed; a table of hundreds of entries may have tens of thousands.
const LISTED: usize = 200;

/// Pairs of entries (the baseline included, where it has a figure) whose order differs between two rankings of the same
/// entries, with and without each entry's first image.
pub fn order_changes(with: &Leaderboard, without: &Leaderboard) -> Vec<String> {
    let (before, after) = (ordered(with), ordered(without));
    let place: HashMap<String, usize> = after.iter().enumerate().map(|(i, row)| (label(&row.entry), i)).collect();
    // (place with the first image, place without it), for entries of both rankings.
    let places: Vec<(usize, usize)> =
        before.iter().enumerate().filter_map(|(i, row)| Some((i, *place.get(&label(&row.entry))?))).collect();
    let (pairs, more) = inversions(&places);
    let runtime = |row: &Row| row.entry.get(Metric::RuntimeMs).map_or_else(String::new, |v| format!("{v:.2}"));
    let note = |&((i, a), (j, b)): &((usize, usize), (usize, usize))| {
        let change = |i: usize, a: usize| format!("{} -> {} ms", runtime(before[i]), runtime(after[a]));
        format!(
            "track {}: without each entry's first image, {} and {} change places (runtime {} and {})",
            with.track,
            before[i].entry.team,
            before[j].entry.team,
            change(i, a),
            change(j, b)
        )
    };
    let mut notes: Vec<String> = pairs.iter().map(note).collect();
    if more {
        notes.push(format!("track {}: more pairs change places without each entry's first image", with.track));
    }
    notes
}

type Place = (usize, usize);

/// Pairs of places in one order before and in the other after, sorted, and whether there are more than [`LISTED`].
fn inversions(places: &[Place]) -> (Vec<(Place, Place)>, bool) {
    let mut pairs = Vec::new();
    // Places after, of all entries that are earlier before, with their index in `places`.
    let mut earlier: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (index, &(_, after)) in places.iter().enumerate() {
        for &(_, other) in earlier.range((after + 1, 0)..) {
            if pairs.len() == LISTED {
                pairs.sort_unstable();
                return (pairs, true);
            }
            pairs.push((places[other], places[index]));
        }
        earlier.insert((after, index));
    }
    pairs.sort_unstable();
    (pairs, false)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn inversions_are_those_of_every_pair(after in Just((0_usize..12).collect::<Vec<_>>()).prop_shuffle()) {
            let places: Vec<Place> = after.into_iter().enumerate().collect();
            let mut expected = Vec::new();
            for (i, &a) in places.iter().enumerate() {
                expected.extend(places[i + 1..].iter().filter(|b| b.1 < a.1).map(|&b| (a, b)));
            }
            prop_assert_eq!(inversions(&places), (expected, false));
        }
    }

    #[test]
    fn a_large_reversed_table_lists_some_pairs_and_says_that_there_are_more() {
        let count = 100_000;
        let reversed: Vec<Place> = (0..count).map(|i| (i, count - 1 - i)).collect();
        let (pairs, more) = inversions(&reversed);
        assert_eq!((pairs.len(), more), (LISTED, true));
        let kept: Vec<Place> = (0..count).map(|i| (i, i)).collect();
        assert_eq!(inversions(&kept), (Vec::new(), false));
    }
}
