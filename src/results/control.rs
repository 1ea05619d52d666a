//! How far the baseline is from itself: the A/A control, the one figure for the noise of a session.

use crate::error::Result;
use crate::results::basis::Basis;
use crate::run::Run;
use crate::stats;
use crate::stats::{Interval, Matrix, Settings};

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
    /// The absolute difference, as a fraction.
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
        let samples = self.ranked_samples(basis);
        let of = |label: &str| samples.iter().find(|s| s.label == label);
        let (Some(one), Some(other)) = (of(baseline), of(again)) else { return Ok(None) };
        let share = |round: &stats::Round| one.rounds.iter().any(|r| r.number == round.number);
        if !other.rounds.iter().any(share) {
            return Ok(None);
        }
        let settings = Settings { protocol: self.plan().protocol, ..Settings::default() };
        // All samples: other entries help to recognise disturbed rounds.
        let matrix = Matrix::of_session(&samples, settings.protocol)?;
        let own = stats::against_itself(&matrix, settings).into_iter().find(|aa| aa.label == *baseline);
        Ok(own.map(|aa| Control {
            baseline: baseline.clone(),
            rounds: aa.rounds,
            difference: aa.difference,
            interval: aa.interval,
        }))
    }
}
