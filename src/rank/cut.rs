//! Cuts: the PSNR that an entry must reach, applied to rounded values.

use crate::entry::rounding::round_to;
use crate::rules::schema::Cut;

/// The result of a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutResult {
    /// It passes, rounded or not.
    Pass,
    /// It passes because it is rounded before it is compared.
    PassByRounding,
    /// It is below, rounded or not.
    Fail,
}

impl CutResult {
    /// Whether the entry stays in the ranking.
    pub fn passes(self) -> bool {
        self != CutResult::Fail
    }
}

/// Compares a value with a cut.
pub fn verdict(cut: &Cut, value: f64) -> CutResult {
    if value >= cut.at_least {
        return CutResult::Pass;
    }
    // The cut is a decimal number: rounding it as well makes both sides the same double.
    match cut.decimals {
        Some(decimals) if round_to(value, decimals) >= round_to(cut.at_least, decimals) => CutResult::PassByRounding,
        _ => CutResult::Fail,
    }
}

/// The value as a reason shows it: rounded as it was compared, in dB or the metric's own unit.
pub(super) fn shown(cut: &Cut, value: f64) -> String {
    let decimals = cut.decimals.unwrap_or(4);
    format!("{} {value:.decimals$} < {:.decimals$}", cut.metric, cut.at_least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Metric;

    #[test]
    fn values_are_rounded_before_they_are_compared() {
        let mut cut =
            Cut { metric: Metric::PsnrVal, at_least: 26.9, decimals: Some(2), announced: None, inferred: false };
        assert_eq!(verdict(&cut, 26.8964), CutResult::PassByRounding);
        assert_eq!(verdict(&cut, 26.90), CutResult::Pass);
        assert_eq!(verdict(&cut, 26.8949), CutResult::Fail);
        cut.decimals = None;
        assert_eq!(verdict(&cut, 26.8964), CutResult::Fail);
    }
}
