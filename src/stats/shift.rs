//! One pair of entries: what shifts between their log runtimes the sign-flip test does not reject.

use rand::SeedableRng;
use rand_pcg::Pcg64;

use super::flips::{Patterns, SIGNS_FROM, fewest_rounds};
use super::interval::Interval;
use super::matrix::Matrix;
use super::screen::{Screen, clipped};
use super::settings::Settings;
use super::summary::median;

/// A pair's rounds as its test takes them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PairRounds {
    /// ln(a / b) of the rounds that both have and in which neither was disturbed.
    pub(super) ratios: Vec<f64>,
    /// The session of each.
    pub(super) sessions: Vec<usize>,
    /// Shared rounds, those that were screened included.
    pub(super) shared: usize,
    /// The clip that goes with them.
    pub(super) clip: f64,
    /// Whether other entries could screen the pair.
    pub(super) screened: bool,
}

impl PairRounds {
    /// The rounds that rows `a` and `b` share. Every other row of the matrix helps to find disturbed ones.
    pub(super) fn of(matrix: &Matrix, a: usize, b: usize) -> Self {
        let logs = matrix.logs();
        let sessions: Vec<usize> = matrix.rounds.iter().map(|k| k.session).collect();
        let screen = Screen::new(&logs, &sessions);
        let keep = screen.keeps(a, b);
        let ratio = |round: usize| Some((logs[a][round]? - logs[b][round]?, sessions[round])).filter(|_| keep[round]);
        let (ratios, sessions) = (0..keep.len()).filter_map(ratio).unzip();
        PairRounds { ratios, sessions, shared: matrix.shared(a, b), clip: screen.clip(), screened: screen.able() }
    }

    /// The middle of the ratios; NaN of none.
    pub(super) fn centre(&self) -> f64 {
        median(&self.ratios)
    }

    /// The shifts that are not rejected at `alpha`, and the p-value of no shift. `None`: too few rounds for that level.
    pub(super) fn test(&self, alpha: f64, settings: Settings) -> Option<(Interval, f64)> {
        if self.ratios.len() < fewest_rounds(1.0 - alpha) {
            return None;
        }
        let limit = settings.patterns.max((20.0 / alpha) as usize);
        let patterns = Patterns::new(self.ratios.len(), limit, &mut Pcg64::seed_from_u64(settings.seed));
        let signs = !self.screened && self.ratios.len() >= SIGNS_FROM;
        let p = |shift: f64| match self.scores(shift) {
            scores if signs => patterns.p_value_with_signs(&scores),
            scores => patterns.p_value(&scores),
        };
        let (least, most) = self.ratios.iter().fold((f64::MAX, f64::MIN), |(l, m), &d| (l.min(d), m.max(d)));
        // Beyond the extremes all differences have one sign: rejected. Where the clipped sum is zero: p = 1.
        let zero = bisect(least, most, |shift| self.scores(shift).iter().sum::<f64>() > 0.0);
        let low = bisect(least, zero, |shift| p(shift) <= alpha);
        let high = bisect(zero, most, |shift| p(shift) > alpha);
        let centre = self.centre();
        Some((Interval { low: low.min(centre), high: high.max(centre) }, p(0.0)))
    }

    fn scores(&self, shift: f64) -> Vec<f64> {
        clipped(&self.ratios.iter().map(|d| d - shift).collect::<Vec<f64>>(), self.clip)
    }

    /// Whether all sessions point the same way.
    pub(super) fn sessions_agree(&self) -> bool {
        let total: f64 = self.scores(0.0).iter().sum();
        let scores = self.scores(0.0);
        let mut all = self.sessions.clone();
        all.dedup();
        all.into_iter().all(|session| {
            let here = scores.iter().zip(&self.sessions).filter(|(_, s)| **s == session);
            here.map(|(score, _)| score).sum::<f64>() * total >= 0.0
        })
    }
}

/// Where `holds` turns from true to false between `from` and `to`.
fn bisect(mut from: f64, mut to: f64, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..50 {
        let middle = 0.5 * (from + to);
        if middle <= from || middle >= to {
            break;
        }
        if holds(middle) { from = middle } else { to = middle }
    }
    0.5 * (from + to)
}
