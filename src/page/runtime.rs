//! Timings as the page draws them: by round, by image, and by the order of forwards in a process.

use serde::Serialize;

use crate::error::Result;
use crate::rules::Rules;
use crate::run::Run;
use crate::stats::summary::{image_runtime, median, over_rounds, round_runtimes};
use crate::stats::{Protocol, Round, Samples, summarise};

/// The first forwards of a process that the warm-up curve shows.
const FORWARDS: usize = 40;

/// The timings of one label.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Timings {
    /// What is ranked, ms; absent before the first round.
    pub runtime_ms: Option<f64>,
    /// The same of each split.
    pub splits: Vec<(String, f64)>,
    /// The figure of each planned round, ms; absent where it was not timed.
    pub rounds: Vec<Option<f64>>,
    /// The figure of each planned image, ms.
    pub images: Vec<Option<f64>>,
    /// Each of the first timed forwards in a process over its image's median, the median over rounds.
    pub forwards: Vec<f64>,
}

/// One LR image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImageFacts {
    /// Its split.
    pub split: String,
    /// Its name.
    pub image: String,
    /// LR rows.
    pub height: usize,
    /// LR columns.
    pub width: usize,
}

/// The baseline under its second label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Control {
    /// The second label.
    pub label: String,
    /// Its timings.
    pub timings: Timings,
    /// How far it is from the baseline itself, as a fraction of the baseline's runtime.
    pub difference: Option<f64>,
}

/// Five significant digits: more than any timing carries, and half the bytes.
pub(super) fn short(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

/// The images of a run.
pub(super) fn images(run: &Run) -> Vec<ImageFacts> {
    let facts = |i: &crate::run::PlannedImage| ImageFacts {
        split: i.split.clone(),
        image: i.image.clone(),
        height: i.height,
        width: i.width,
    };
    run.plan().images.iter().map(facts).collect()
}

/// The timings of one label of a run.
pub(super) fn timings(run: &Run, samples: &Samples) -> Timings {
    let plan = run.plan();
    let mut rounds = vec![None; plan.rounds as usize];
    if let Ok(figures) = round_runtimes(samples, plan.protocol) {
        for (round, ms) in samples.rounds.iter().zip(figures) {
            if let Some(place) = rounds.get_mut(round.number as usize) {
                *place = Some(short(ms));
            }
        }
    }
    let summary = summarise(samples, plan.protocol).ok();
    let images: Vec<Option<f64>> =
        plan.images.iter().map(|i| of_image(samples, &i.split, &i.image, plan.protocol)).collect();
    Timings {
        runtime_ms: summary.as_ref().map(|s| s.runtime_ms),
        splits: summary.map(|s| s.splits).unwrap_or_default(),
        forwards: forwards(samples),
        rounds,
        images,
    }
}

fn of_image(samples: &Samples, split: &str, image: &str, protocol: Protocol) -> Option<f64> {
    let same = |i: &&crate::stats::ImageTimes| i.split == split && i.image == image && !i.ms.is_empty();
    let all: Vec<f64> = samples
        .rounds
        .iter()
        .filter_map(|r| r.images.iter().find(same))
        .map(|i| image_runtime(i, protocol))
        .filter(|ms| ms.is_finite())
        .collect();
    (!all.is_empty()).then(|| short(over_rounds(&all, protocol)))
}

/// Each forward over the median of its image in all rounds, by its place in the process.
fn forwards(samples: &Samples) -> Vec<f64> {
    let Some(first) = samples.rounds.first() else { return Vec::new() };
    let mut out = Vec::new();
    for (at, image) in first.images.iter().enumerate() {
        let same =
            |round: &Round| round.images.get(at).filter(|i| i.split == image.split && i.image == image.image).cloned();
        let all: Vec<_> = samples.rounds.iter().filter_map(same).collect();
        let usual = median(&all.iter().flat_map(|i| i.ms.iter().copied()).collect::<Vec<_>>());
        for repeat in 0..image.ms.len() {
            if out.len() == FORWARDS {
                return out;
            }
            let ratios: Vec<f64> = all.iter().filter_map(|i| i.ms.get(repeat)).map(|ms| ms / usual).collect();
            let middle = median(&ratios);
            out.push(if middle.is_finite() { short(middle) } else { 1.0 });
        }
    }
    out
}

/// The baseline's control, where the run has one that was timed.
pub(super) fn control(run: &Run, samples: &[Samples], rules: &Rules) -> Result<Option<Control>> {
    let Some(own) = samples.iter().find(|s| s.control_of().is_some()) else { return Ok(None) };
    let difference = run.control(rules)?.map(|control| control.difference);
    Ok(Some(Control { label: own.label.clone(), timings: timings(run, own), difference }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::ImageTimes;

    fn round(number: u32, first: f64) -> Round {
        let image = |name: &str, ms: &[f64]| ImageTimes { split: "val".into(), image: name.into(), ms: ms.to_vec() };
        Round { number, images: vec![image("a", &[first, 10.0, 10.0]), image("b", &[20.0, 20.0])] }
    }

    #[test]
    fn a_slow_first_forward_stands_out_in_the_warm_up_curve() {
        let samples = Samples { label: "x".into(), rounds: vec![round(0, 15.0), round(1, 14.0), round(2, 16.0)] };
        assert_eq!(forwards(&samples), [1.5, 1.0, 1.0, 1.0, 1.0]);
        assert_eq!(of_image(&samples, "val", "b", Protocol::Robust), Some(20.0));
        assert_eq!(of_image(&samples, "test", "b", Protocol::Robust), None);
    }

    #[test]
    fn figures_keep_five_digits() {
        assert_eq!(short(123.456_789), 123.46);
        assert_eq!(short(0.001_234_567), 0.001_234_6);
    }
}
