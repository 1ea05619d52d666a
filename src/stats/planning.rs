//! How many rounds a verdict would take: a planning figure, by simulating the test itself.
//!
//! The difference and the noise are taken as they look now, the noise UNCLIPPED and with the share of rounds that is lost to
//! disturbance. After the fact this is no evidence of anything: a difference that was not found looks small, and the figure
//! large. It answers "what would I plan", not "how near was it".

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use super::flips::{Patterns, fewest_rounds};
use super::screen::clipped;
use super::shift::PairRounds;
use super::summary::mean;

/// Sessions that are simulated for each number of rounds: a power of 80 % is then known to 3 %.
const SESSIONS: usize = 200;
/// The power that is planned for.
pub const POWER: f64 = 0.8;
/// Up to so many rounds the simulated test takes all sign patterns; beyond, the normal approximation.
const ALL_PATTERNS: usize = 12;
/// More rounds than this are nobody's plan.
const MOST: usize = 1_000;

/// A planning figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Plan {
    /// Rounds with which the test reaches a verdict in four of five sessions, were difference and noise what they look like now. Absent: more than 1,000.
    pub rounds: Option<usize>,
    /// In what share of such sessions it would have reached one with the rounds that there are.
    pub power_now: f64,
}

/// Plans for the pair: beyond a tie band of `edge` (as a log ratio) or within it, at `alpha`. `None`: fewer than three rounds, or none that differ.
pub(super) fn plan(pair: &PairRounds, edge: f64, alpha: f64, seed: u64) -> Option<Plan> {
    let count = pair.ratios.len();
    if count < 3 {
        return None;
    }
    let centre = pair.centre();
    // Residuals about a mean fall short of the noise by the freedom that the mean takes.
    let stretch = (count as f64 / (count - 1) as f64).sqrt();
    let level = mean(&pair.ratios);
    let noise: Vec<f64> = pair.ratios.iter().map(|r| stretch * (r - level)).collect();
    if noise.iter().all(|n| n.abs() <= 1e-9 * level.abs()) {
        return None;
    }
    let lost = 1.0 - count as f64 / pair.shared.max(count) as f64;
    let simulation = Simulation { centre, noise, lost, edge, alpha, clip: pair.clip, seed };
    let power_now = simulation.power(pair.shared);
    let fewest = fewest_rounds(1.0 - alpha);
    let mut high = fewest;
    while simulation.power(high) < POWER {
        high *= 2;
        if high > MOST {
            return Some(Plan { rounds: None, power_now });
        }
    }
    let mut low = fewest.max(high / 2);
    // Nearer than a twentieth would be false precision.
    while high - low > high / 20 {
        let middle = (low + high) / 2;
        if simulation.power(middle) >= POWER { high = middle } else { low = middle + 1 }
    }
    Some(Plan { rounds: Some(high), power_now })
}

struct Simulation {
    centre: f64,
    noise: Vec<f64>,
    lost: f64,
    edge: f64,
    alpha: f64,
    clip: f64,
    seed: u64,
}

impl Simulation {
    /// The share of simulated sessions of `rounds` rounds that reach a verdict.
    fn power(&self, rounds: usize) -> f64 {
        let mut rng = Pcg64::seed_from_u64(self.seed ^ rounds as u64);
        let mut reached = 0;
        for _ in 0..SESSIONS {
            let kept = (0..rounds).filter(|_| self.lost == 0.0 || !rng.random_bool(self.lost)).count();
            let session: Vec<f64> =
                (0..kept).map(|_| self.centre + self.noise[rng.random_range(0..self.noise.len())]).collect();
            let beyond = |shift: f64, above: bool| {
                let scores = clipped(&session.iter().map(|d| d - shift).collect::<Vec<f64>>(), self.clip);
                (scores.iter().sum::<f64>() > 0.0) == above && self.rejects(&scores)
            };
            let verdict = if self.centre.abs() > self.edge {
                let above = self.centre > 0.0;
                beyond(if above { self.edge } else { -self.edge }, above)
            } else {
                beyond(self.edge, false) && beyond(-self.edge, true)
            };
            reached += usize::from(verdict);
        }
        reached as f64 / SESSIONS as f64
    }

    fn rejects(&self, scores: &[f64]) -> bool {
        let p = if scores.len() <= ALL_PATTERNS {
            Patterns::new(scores.len(), 1 << ALL_PATTERNS, &mut Pcg64::seed_from_u64(0)).p_value(scores)
        } else {
            let normal = Normal::standard();
            2.0 * normal.cdf(-Patterns::observed(scores))
        };
        p <= self.alpha
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::screen::CLIP_ALONE;

    /// Quantiles of the normal distribution, so that the noise is what it is said to be.
    fn pair(centre: f64, deviation: f64, rounds: usize) -> PairRounds {
        let normal = Normal::standard();
        let quantile = |i: usize| normal.inverse_cdf((i as f64 + 0.5) / rounds as f64);
        let ratios: Vec<f64> = (0..rounds).map(|i| centre + deviation * quantile(i)).collect();
        PairRounds { sessions: vec![0; rounds], ratios, shared: rounds, clip: CLIP_ALONE, screened: false }
    }

    #[test]
    fn half_a_standard_deviation_takes_what_power_tables_and_the_clip_say() {
        // Paired t: 34. The clip keeps 87 % of its efficiency: 39.
        let n = plan(&pair(0.5, 1.0, 200), 0.0, 0.05, 1).unwrap().rounds.unwrap();
        assert!((33..=46).contains(&n), "{n}");
    }

    #[test]
    fn one_percent_beyond_a_band_of_half_a_percent_takes_eighty_rounds() {
        let plan = plan(&pair(0.01, 0.0141, 200), 0.005f64.ln_1p(), 0.05, 1).unwrap();
        let n = plan.rounds.unwrap();
        assert!((60..=95).contains(&n), "{n}");
    }

    #[test]
    fn the_power_with_that_many_rounds_is_what_was_planned() {
        let found = plan(&pair(0.02, 0.0141, 40), 0.0, 0.05, 1).unwrap();
        let n = found.rounds.unwrap();
        let again = plan(&pair(0.02, 0.0141, n), 0.0, 0.05, 2).unwrap();
        assert!((0.68..0.95).contains(&again.power_now), "{n} rounds: {}", again.power_now);
    }

    #[test]
    fn too_little_to_go_by() {
        assert_eq!(plan(&pair(0.1, 0.01, 2), 0.0, 0.05, 1), None);
        assert_eq!(plan(&pair(0.1, 0.0, 8), 0.0, 0.05, 1), None);
        assert_eq!(plan(&pair(0.0, 0.01, 20), 0.0, 0.05, 1).unwrap().rounds, None);
    }
}
