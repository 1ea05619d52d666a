//! All tracks of an edition at once, each with how sure its places are, where that can be said.

use crate::entry::Entry;
use crate::error::Result;
use crate::rank::leaderboard::Leaderboard;
use crate::rank::rank::{Options, rank_with};
use crate::rank::uncertainty::add_announcement;
use crate::rules::Rules;
use crate::stats::{Settings, TimedSession};

/// Ranks `entries` in every track of the rules, the edition's own first. Where there are timings of rounds, each track says how
/// sure its places are and what may be announced of it, or why that cannot be said.
///
/// # Errors
/// As [`rank_with`].
pub fn every_track(
    entries: &[Entry],
    rules: &Rules,
    sessions: &[TimedSession],
    options: &Options,
) -> Result<Vec<Leaderboard>> {
    let board = |track: &crate::rules::schema::Track| {
        let mut board = rank_with(entries, rules, &track.name, options)?;
        if !sessions.is_empty() {
            let sure = add_announcement(&mut board, rules, sessions, Settings::default());
            board.notes.extend(sure.err().map(|error| format!("no intervals of places: {error}")));
        }
        Ok(board)
    };
    let own = rules.track(&rules.default_track)?.name.clone();
    let (first, rest): (Vec<_>, Vec<_>) = rules.tracks.iter().partition(|track| track.name == own);
    first.into_iter().chain(rest).map(board).collect()
}
