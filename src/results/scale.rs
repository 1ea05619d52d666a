//! The common scale of a merged run.
//!
//! A time is taken as its ratio to the baseline of the same round, split and origin, times the geometric mean of the baseline
//! over the origins in that round and split. What an origin's machine was slower or faster in a round cancels; the
//! baseline's own noise is in every ratio, so that entries of two origins differ by the noise of both. Within an origin the
//! comparison of two entries stays what it was, and the merge of one run is that run.

use std::collections::BTreeMap;

use crate::run::{Rounds, Run};
use crate::stats::{ImageTimes, Protocol, Round, Samples, summary};

/// What to multiply times by, by round and split.
type Factors = BTreeMap<(u32, String), f64>;

/// The factors of every origin, by its number.
pub(super) struct Scale {
    factors: BTreeMap<u32, Factors>,
}

impl Scale {
    /// That of a merged run; `None` for any other.
    pub(super) fn of(run: &Run) -> Option<Scale> {
        run.manifest().merged.as_ref()?;
        let baseline = run.plan().baseline.as_deref()?;
        let protocol = run.plan().protocol;
        let figures: BTreeMap<u32, Factors> = run
            .results()
            .baselines
            .iter()
            .map(|(&origin, rounds)| (origin, split_figures(&samples_of(rounds, baseline), protocol)))
            .collect();
        let mut logs: BTreeMap<(u32, String), Vec<f64>> = BTreeMap::new();
        for (key, ms) in figures.values().flatten() {
            logs.entry(key.clone()).or_default().push(ms.ln());
        }
        let common: Factors = logs.into_iter().map(|(key, logs)| (key, summary::mean(&logs).exp())).collect();
        let of_origin = |own: Factors| -> Factors {
            own.into_iter().filter_map(|(key, ms)| Some((key.clone(), common.get(&key)? / ms))).collect()
        };
        Some(Scale { factors: figures.into_iter().map(|(origin, own)| (origin, of_origin(own))).collect() })
    }

    /// The samples of an origin on the common scale. Rounds in which the origin's baseline was not timed are left out.
    pub(super) fn apply(&self, origin: u32, mut samples: Samples) -> Samples {
        let Some(factors) = self.factors.get(&origin) else {
            return Samples { rounds: Vec::new(), ..samples };
        };
        samples.rounds.retain_mut(|round| {
            let number = round.number;
            let scaled = |image: &mut ImageTimes| {
                let factor = factors.get(&(number, image.split.clone()));
                factor.map(|factor| image.ms.iter_mut().for_each(|ms| *ms *= factor))
            };
            round.images.iter_mut().all(|image| scaled(image).is_some())
        });
        samples
    }
}

impl Run {
    /// In a merged run the A/A control of the origin in which the baseline differs most from itself, with the origin's number.
    pub(super) fn worst_control(&self) -> Option<(u32, Samples)> {
        let (baseline, control) = (self.plan().baseline.as_deref()?, self.plan().control()?);
        let mut worst: Option<(f64, u32, Samples)> = None;
        for (&origin, rounds) in &self.results().baselines {
            let again = samples_of(rounds, &control);
            let Some(difference) = difference(&samples_of(rounds, baseline), &again, self.plan().protocol) else {
                continue;
            };
            if worst.as_ref().is_none_or(|(most, ..)| difference > *most) {
                worst = Some((difference, origin, again));
            }
        }
        worst.map(|(_, origin, samples)| (origin, samples))
    }

    /// What a reader of a merged run's table must know of it.
    pub fn merge_notes(&self) -> Vec<String> {
        let (Some(merged), Some(baseline)) = (&self.manifest().merged, &self.plan().baseline) else {
            return Vec::new();
        };
        let mut notes = vec![format!(
            "merged from {} runs: a runtime is its ratio to {baseline} in the same round of the same run, times the geometric mean of {baseline} over the runs",
            merged.origins.len()
        )];
        notes.extend(merged.differences.iter().map(|difference| format!("the merged runs differ: {difference}")));
        notes
    }
}

/// The median over rounds of the second label's ratio to the first: how far the logarithm is from 0.
fn difference(one: &Samples, again: &Samples, protocol: Protocol) -> Option<f64> {
    let figures = |samples: &Samples| -> Option<BTreeMap<u32, f64>> {
        let runtimes = summary::round_runtimes(samples, protocol).ok()?;
        Some(samples.rounds.iter().map(|round| round.number).zip(runtimes).collect())
    };
    let (one, again) = (figures(one)?, figures(again)?);
    let logs: Vec<f64> = again.iter().filter_map(|(round, ms)| Some((ms / one.get(round)?).ln())).collect();
    (!logs.is_empty()).then(|| summary::median(&logs).abs())
}

/// Each round's figure of each split.
fn split_figures(samples: &Samples, protocol: Protocol) -> Factors {
    let mut figures = Factors::new();
    for round in &samples.rounds {
        let mut of_split: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for image in &round.images {
            of_split.entry(&image.split).or_default().push(summary::image_runtime(image, protocol));
        }
        let of_round = of_split.into_iter().map(|(split, ms)| ((round.number, split.to_owned()), summary::mean(&ms)));
        figures.extend(of_round);
    }
    figures
}

/// The timings of a label.
pub(super) fn samples_of(rounds: &Rounds, label: &str) -> Samples {
    let rounds = rounds
        .range((label.to_owned(), 0)..=(label.to_owned(), u32::MAX))
        .map(|((_, number), times)| {
            let images = times.images.iter();
            let image = |i: &crate::run::RoundImage| ImageTimes {
                split: i.split.clone(),
                image: i.image.clone(),
                ms: i.ms.clone(),
            };
            Round { number: *number, images: images.map(image).collect() }
        })
        .collect();
    Samples { label: label.to_owned(), rounds }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(ms: &[(u32, f64, f64)]) -> Samples {
        let image = |split: &str, ms: f64| ImageTimes { split: split.into(), image: "a".into(), ms: vec![ms] };
        let round = |&(number, val, test): &(u32, f64, f64)| Round {
            number,
            images: vec![image("val", val), image("test", test)],
        };
        Samples { label: "x".into(), rounds: ms.iter().map(round).collect() }
    }

    #[test]
    fn times_become_ratios_to_the_baseline_of_their_round_and_split() {
        let factors = [(0, "val", 2.0), (0, "test", 0.5), (1, "val", 4.0)];
        let factors = factors.into_iter().map(|(round, split, f)| ((round, split.to_owned()), f)).collect();
        let scale = Scale { factors: BTreeMap::from([(1, factors)]) };
        let scaled = scale.apply(1, samples(&[(0, 10.0, 20.0), (1, 10.0, 20.0)]));
        assert_eq!(scaled, samples(&[(0, 20.0, 10.0)]), "round 1 has no baseline in its split test");
        assert!(scale.apply(2, samples(&[(0, 1.0, 1.0)])).rounds.is_empty(), "an origin without a baseline");
    }

    #[test]
    fn the_control_that_differs_most_is_found_on_either_side() {
        let of = |again| difference(&samples(&[(0, 10.0, 10.0)]), &samples(&[(0, again, again)]), Protocol::Robust);
        assert!((of(9.0).unwrap() - of(10.0 / 0.9).unwrap()).abs() < 1e-12);
        assert!(of(9.0) > of(10.9) && of(10.0) == Some(0.0));
        assert_eq!(difference(&samples(&[(0, 1.0, 1.0)]), &samples(&[(1, 1.0, 1.0)]), Protocol::Robust), None);
    }
}
