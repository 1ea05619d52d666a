//! All tracks of an edition at once, each with how sure its places are where that can be said.

use crate::entry::{Entry, Metric};
use crate::error::Result;
use crate::rank::leaderboard::Leaderboard;
use crate::rank::rank::{Options, rank_with};
use crate::rank::uncertainty::add_uncertainty;
use crate::rules::Rules;
use crate::stats::{Samples, Settings};

/// Ranks `entries` in every track of the rules, the edition's own first. A track that depends on the runtime says how sure its places are if every
/// ranked entry was timed in rounds, and why not otherwise.
///
/// # Errors
/// As [`rank_with`].
pub fn every_track(
    entries: &[Entry],
    rules: &Rules,
    samples: &[Samples],
    options: &Options,
) -> Result<Vec<Leaderboard>> {
    let board = |track: &crate::rules::schema::Track| {
        let mut board = rank_with(entries, rules, &track.name, options)?;
        if board.metrics.contains(&Metric::RuntimeMs) && !samples.is_empty() {
            let sure = add_uncertainty(&mut board, rules, samples, Settings::default());
            board.notes.extend(sure.err().map(|error| format!("no intervals of places: {error}")));
        }
        Ok(board)
    };
    let own = rules.track(&rules.default_track)?.name.clone();
    let (first, rest): (Vec<_>, Vec<_>) = rules.tracks.iter().partition(|track| track.name == own);
    first.into_iter().chain(rest).map(board).collect()
}
