//! What every statistic here is computed with.

use serde::{Deserialize, Serialize};

use super::summary::Protocol;

/// Level, seeds and limits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Settings {
    /// The confidence level of all statements about places together, over all looks.
    pub level: f64,
    /// Resamples of the bootstrap.
    pub resamples: usize,
    /// The most sign patterns of a test: up to 15 rounds, 16,384 are all.
    pub patterns: usize,
    /// The random generator's seed: the same seed, the same figures.
    pub seed: u64,
    /// How timings become one figure.
    pub protocol: Protocol,
    /// How often the results will have been looked at, this time included, if rounds are added until they suffice. Each look then
    /// has its share of the error that is accepted.
    pub looks: u32,
    /// Bring what lies further than so many pooled standard deviations from the fit back to that distance before it is tested.
    /// Narrower places under disturbance; tests are then no longer exact (see `docs/statistics.md`).
    pub winsorise: Option<f64>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            level: 0.95,
            resamples: 2_000,
            patterns: 16_384,
            seed: 2022,
            protocol: Protocol::Robust,
            looks: 1,
            winsorise: None,
        }
    }
}

impl Settings {
    /// The chance of any wrong statement that this look may have: an equal share of `1 - level` (Bonferroni over the looks, which
    /// holds however the decision to go on was made).
    pub fn alpha(&self) -> f64 {
        (1.0 - self.level) / f64::from(self.looks.max(1))
    }

    /// The level of this look.
    pub fn look_level(&self) -> f64 {
        1.0 - self.alpha()
    }
}
