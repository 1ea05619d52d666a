//! Which rounds of a session were disturbed, by what they left in the timings and by the load that was recorded.

use serde::{Deserialize, Serialize};

use super::matrix::{Matrix, RoundKey};
use super::two_way::TwoWay;

/// A cell further than so many pooled standard deviations from the fit is a disturbed process.
const CELL: f64 = 4.0;
/// A round that is slower as a whole by this fraction than the session's middle was disturbed.
const ROUND: f64 = 0.10;
/// A round with this share of disturbed processes was disturbed.
const SHARE: f64 = 0.25;
/// Processors that other programs keep busy, beyond which a round was disturbed whatever its timings look like.
const LOAD: f64 = 1.5;

/// What is known of one round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RoundState {
    /// The round.
    pub round: RoundKey,
    /// How much slower than the session's middle round all entries were, as a fraction; below 0: faster.
    pub slower: f64,
    /// The labels whose process was out of line with both their own level and the round.
    pub disturbed: Vec<String>,
    /// Entries that have this round.
    pub entries: usize,
    /// Processors that other programs kept busy, if that was recorded.
    pub load: Option<f64>,
}

impl RoundState {
    /// Whether the round was disturbed.
    pub fn is_disturbed(&self) -> bool {
        self.slower > ROUND
            || self.disturbed.len() as f64 > SHARE * self.entries as f64
            || self.load.is_some_and(|load| load > LOAD)
    }
}

/// How quiet a session was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Quiet {
    /// Every round.
    pub rounds: Vec<RoundState>,
    /// The pooled robust standard deviation of an entry's own noise, as a fraction.
    pub own_noise: f64,
    /// The robust spread of what is common to a round, as a fraction.
    pub common_noise: f64,
}

impl Quiet {
    /// The disturbed rounds.
    pub fn disturbed(&self) -> impl Iterator<Item = &RoundState> {
        self.rounds.iter().filter(|r| r.is_disturbed())
    }

    /// The least and the greatest load that were recorded.
    pub fn load(&self) -> Option<(f64, f64)> {
        let loads = || self.rounds.iter().filter_map(|r| r.load);
        Some((loads().reduce(f64::min)?, loads().reduce(f64::max)?))
    }
}

/// Looks at every round. `loads` holds the recorded load of rounds, in the matrix's order; it may be empty.
pub fn quiet(matrix: &Matrix, loads: &[Option<f64>]) -> Quiet {
    let sessions: Vec<usize> = matrix.rounds.iter().map(|k| k.session).collect();
    let fit = TwoWay::fit(&matrix.logs(), &sessions);
    let (spread, count) = (fit.spread(), matrix.labels.len());
    let state = |round: usize| {
        let off = |entry: usize| fit.residuals[entry][round].is_some_and(|r| r.abs() > CELL * spread && spread > 0.0);
        RoundState {
            round: matrix.rounds[round],
            slower: fit.effects[round].exp_m1(),
            disturbed: (0..count).filter(|&e| off(e)).map(|e| matrix.labels[e].clone()).collect(),
            entries: (0..count).filter(|&e| matrix.values[e][round].is_some()).count(),
            load: loads.get(round).copied().flatten(),
        }
    };
    let common = super::matrix::median_of(fit.effects.iter().map(|e| e.abs())).unwrap_or(0.0);
    Quiet {
        rounds: (0..matrix.rounds.len()).map(state).collect(),
        own_noise: spread.exp_m1(),
        common_noise: (super::screen::MAD_TO_SD * common).exp_m1(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::summary::Protocol;

    fn session() -> Vec<Vec<f64>> {
        let wobble = |e: usize, r: usize| 0.005 * ((e * 31 + r * 17) as f64).sin();
        (0..5).map(|e| (0..8).map(|r| (10.0 + e as f64) * (1.0 + wobble(e, r))).collect()).collect()
    }

    fn state(rows: &[Vec<f64>], loads: &[Option<f64>]) -> Quiet {
        quiet(&Matrix::from_rows((0..5).map(|e| format!("e{e}")).collect(), rows, Protocol::Robust), loads)
    }

    #[test]
    fn a_quiet_session_has_no_disturbed_round() {
        let q = state(&session(), &[Some(0.3); 8]);
        assert_eq!((q.disturbed().count(), q.load()), (0, Some((0.3, 0.3))));
        assert!(q.own_noise < 0.01 && q.common_noise < 0.01);
    }

    #[test]
    fn slow_processes_slow_rounds_and_load_are_told() {
        let mut rows = session();
        rows[2][3] *= 1.3;
        rows.iter_mut().for_each(|row| row[5] *= 1.5);
        let q = state(&rows, &[None, Some(4.0), None, None, None, None, None, None]);
        assert_eq!(q.rounds[3].disturbed, ["e2"]);
        assert!(!q.rounds[3].is_disturbed());
        assert!((q.rounds[5].slower - 0.5).abs() < 0.02 && q.rounds[5].disturbed.is_empty());
        let disturbed: Vec<u32> = q.disturbed().map(|r| r.round.number).collect();
        assert_eq!(disturbed, [1, 5]);
    }
}
