//! How far the baseline is from itself: the A/A control, the one figure for the noise of a session.

use crate::error::Result;
use crate::results::basis::Basis;
use crate::results::scale::Scale;
use crate::run::Run;
use crate::stats;
use crate::stats::{Interval, Settings, TieBand};

/// The baseline under its two labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// The baseline's name.
    pub baseline: String,
    /// Rounds that both labels have.
    pub rounds: usize,
    /// The second label relative to the first, less one: the median of the rounds' ratios.
    pub difference: f64,
    /// Its 95 % interval; absent with too few rounds.
    pub interval: Option<Interval>,
}

impl Control {
    /// The absolute difference, as a fraction: what `compare` widens its tie band by.
    pub fn floor(&self) -> f64 {
        self.difference.ln_1p().abs().exp_m1()
    }
}

impl Run {
    /// The A/A control; `None` without a baseline, or before both of its labels share a round.
    pub fn control(&self, basis: impl Into<Basis>) -> Result<Option<Control>> {
        let labels = self.plan().labels();
        let Some((again, baseline)) = labels.iter().find(|(label, submission)| label != submission) else {
            return Ok(None);
        };
        let (basis, scale) = (basis.into(), Scale::of(self));
        let of = |label: &str| self.ranked(&self.samples_of(label, scale.as_ref()), &basis);
        let (one, other) = (of(baseline), of(again));
        let share = |round: &stats::Round| one.rounds.iter().any(|r| r.number == round.number);
        if !other.rounds.iter().any(share) {
            return Ok(None);
        }
        let settings = Settings { protocol: self.plan().protocol, ..Settings::default() };
        let comparison = stats::compare(&other, &one, TieBand(0.0), settings)?;
        Ok(Some(Control {
            baseline: baseline.clone(),
            rounds: comparison.rounds,
            difference: comparison.difference,
            interval: comparison.interval,
        }))
    }
}
