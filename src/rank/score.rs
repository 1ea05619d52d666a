//! The score of 2024 and later: the weighted sum of exp(k m / m_baseline) over the metrics m.

use std::collections::BTreeMap;

use crate::entry::Entry;
use crate::entry::Metric;
use crate::rules::schema::ScoreRule;

/// An entry's score.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The weighted sum; infinite beyond what a double holds.
    pub value: f64,
    /// Its natural logarithm, which orders scores that are infinite.
    pub log: f64,
    /// exp(k m / m_baseline) of each metric.
    pub parts: BTreeMap<Metric, f64>,
}

/// The score of `entry` relative to `base`; `None` if either lacks one of the metrics.
pub fn score(rule: &ScoreRule, entry: &Entry, base: impl Fn(Metric) -> Option<f64>) -> Option<Score> {
    let mut parts = BTreeMap::new();
    let mut logs = Vec::with_capacity(rule.weights.len());
    let mut value = 0.0;
    for (&metric, &weight) in &rule.weights {
        let exponent = rule.k * entry.get(metric)? / base(metric)?;
        let part = exponent.exp();
        parts.insert(metric, part);
        value += weight * part;
        logs.push(weight.ln() + exponent);
    }
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let log = most + logs.iter().map(|l| (l - most).exp()).sum::<f64>().ln();
    Some(Score { value, log, parts })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(runtime: f64, params: f64) -> Entry {
        Entry { metrics: [(Metric::RuntimeMs, runtime), (Metric::ParamsM, params)].into(), ..Entry::default() }
    }

    fn rule() -> ScoreRule {
        ScoreRule { k: 2.0, weights: [(Metric::RuntimeMs, 0.75), (Metric::ParamsM, 0.25)].into() }
    }

    #[test]
    fn the_baseline_scores_e_to_the_k_in_every_part() {
        let base = entry(7.74, 0.151);
        let score = score(&rule(), &base, |m| base.get(m)).unwrap();
        let expected = 2f64.exp();
        assert!((score.value - expected).abs() < 1e-12 && (score.log - 2.0).abs() < 1e-12);
        assert!(score.parts.values().all(|p| (p - expected).abs() < 1e-12));
    }

    #[test]
    fn infinite_scores_still_have_an_order() {
        let base = entry(1.0, 1.0);
        let of = |runtime| score(&rule(), &entry(runtime, 1.0), |m| base.get(m)).unwrap();
        assert_eq!((of(500.0).value, of(600.0).value), (f64::INFINITY, f64::INFINITY));
        assert!(of(500.0).log < of(600.0).log);
    }
}
