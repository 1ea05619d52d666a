//! What it would take to separate two entries that a track leaves open.

use super::planning::{Plan, plan};
use super::round_score::{RoundScores, round_scores};
use super::screen::Screen;
use super::settings::Settings;
use super::shift::PairRounds;
use super::track::{Basis, Field, RankedTrack};
use crate::error::Result;

/// Rounds with which the track's test would tell `a` from `b` (by index in the field), at the level that is left if it is shared among
/// `open_pairs`. `None` for rank sums (the runtimes of third entries decide them, too), exact tracks, and where there is no noise to go by.
///
/// # Errors
/// A score track without any baseline.
pub fn rounds_to_separate(
    field: &Field<'_>,
    track: &RankedTrack<'_>,
    (a, b): (usize, usize),
    open_pairs: usize,
    settings: Settings,
) -> Result<Option<Plan>> {
    let logs = field.matrix.logs();
    let sessions: Vec<usize> = field.matrix.rounds.iter().map(|k| k.session).collect();
    let RoundScores { scores: values, left_out } = match track.basis {
        Basis::Exact | Basis::RankSum(_) => return Ok(None),
        Basis::Runtime => RoundScores { scores: logs.clone(), left_out: vec![false; sessions.len()] },
        Basis::Score(score) => round_scores(field, score, &logs, &sessions)?,
    };
    let screen = Screen::new(&logs, &sessions);
    let (a, b) = (field.ranked[a], field.ranked[b]);
    let keep = screen.keeps(a, b);
    let difference = |round: usize| {
        let difference = values[a][round]? - values[b][round]?;
        (keep[round] && !left_out[round]).then_some((difference, sessions[round]))
    };
    let (ratios, sessions) = (0..keep.len()).filter_map(difference).unzip();
    let shared = field.matrix.shared(a, b);
    let pair = PairRounds { ratios, sessions, shared, clip: screen.clip(), screened: screen.able() };
    Ok(plan(&pair, 0.0, settings.alpha() / open_pairs.max(1) as f64, settings.seed))
}
