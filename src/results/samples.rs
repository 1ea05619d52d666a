//! The timings of a run, as statistics see them, and means over its images.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::results::basis::{Basis, chosen};
use crate::results::scale::{Scale, samples_of};
use crate::run::{Run, SubmissionResults};
use crate::stats::{Round, Samples, summary};

impl Run {
    /// The mean of a figure over all images of a split; `None` unless every one of them has it.
    pub fn mean_of(
        &self,
        results: &SubmissionResults,
        split: &str,
        figure: impl Fn(&crate::quality::Quality) -> f64,
    ) -> Option<f64> {
        let values: Vec<f64> = self
            .plan()
            .images
            .iter()
            .filter(|i| i.split == split)
            .map(|i| {
                let quality = results.images.get(&i.key())?.quality.as_ref()?;
                Some(figure(quality))
            })
            .collect::<Option<_>>()?;
        (!values.is_empty()).then(|| summary::mean(&values))
    }

    /// The timings of every label, the baseline's control included, in the plan's order. Those of a merged run are on a
    /// common scale; its control is that of the origin in which the baseline differs most from itself.
    pub fn samples(&self) -> Vec<Samples> {
        let scale = Scale::of(self);
        self.plan().labels().iter().map(|(label, _)| self.samples_of(label, scale.as_ref())).collect()
    }

    /// The timings of one label, on the scale that a merged run has.
    pub(super) fn samples_of(&self, label: &str, scale: Option<&Scale>) -> Samples {
        let Some(scale) = scale else { return samples_of(&self.results().rounds, label) };
        if self.plan().control().as_deref() == Some(label)
            && let Some((origin, samples)) = self.worst_control()
        {
            return scale.apply(origin, samples);
        }
        let origin = self.results().origins.get(label).copied().unwrap_or_default();
        scale.apply(origin, samples_of(&self.results().rounds, label))
    }

    /// The timings that make the ranked runtimes: those of the splits that the rules name, of every label.
    pub fn ranked_samples(&self, basis: impl Into<Basis>) -> Vec<Samples> {
        let basis = basis.into();
        self.samples().iter().map(|samples| self.ranked(samples, &basis)).collect()
    }

    /// The splits whose runtimes make the ranked one.
    pub fn ranked_splits(&self, basis: &Basis) -> Vec<&str> {
        chosen(&self.splits(), &basis.runtime)
    }

    /// The first forward of a process on the first image, in milliseconds: the median over the rounds of a label.
    pub fn cold_start_ms(&self, label: &str) -> Option<f64> {
        let rounds = self.results().rounds.range((label.to_owned(), 0)..=(label.to_owned(), u32::MAX));
        let cold: Vec<f64> = rounds.filter_map(|(_, times)| times.cold_start_ms).collect();
        (!cold.is_empty()).then(|| summary::median(&cold))
    }

    /// Of one label's timings those that make its ranked runtime.
    pub(super) fn ranked(&self, samples: &Samples, basis: &Basis) -> Samples {
        restricted(samples, &self.ranked_splits(basis))
    }

    /// The runtime of one split alone, in milliseconds; `None` if the split was not timed.
    pub(super) fn split_runtime(&self, samples: &Samples, split: &str) -> Result<Option<f64>> {
        let of_split = restricted(samples, &[split]);
        if of_split.rounds.iter().all(|round| round.images.is_empty()) {
            return Ok(None);
        }
        Ok(Some(summary::summarise(&of_split, self.plan().protocol)?.runtime_ms))
    }

    /// The runtime of every split alone, by label: `(label, split, ms)`.
    pub fn split_runtimes(&self) -> Result<Vec<(String, String, f64)>> {
        let mut all = Vec::new();
        for samples in self.samples() {
            for split in self.splits() {
                let ms = self.split_runtime(&samples, split)?;
                all.extend(ms.map(|ms| (samples.label.clone(), split.to_owned(), ms)));
            }
        }
        Ok(all)
    }

    /// The splits in the plan's order.
    pub fn splits(&self) -> Vec<&str> {
        let mut seen = BTreeMap::new();
        for (at, image) in self.plan().images.iter().enumerate() {
            seen.entry(image.split.as_str()).or_insert(at);
        }
        let mut splits: Vec<(&str, usize)> = seen.into_iter().collect();
        splits.sort_by_key(|(_, at)| *at);
        splits.into_iter().map(|(split, _)| split).collect()
    }
}

/// The timings of some splits alone.
fn restricted(samples: &Samples, splits: &[&str]) -> Samples {
    let of_round = |round: &Round| Round {
        number: round.number,
        images: round.images.iter().filter(|image| splits.contains(&image.split.as_str())).cloned().collect(),
    };
    Samples { label: samples.label.clone(), rounds: samples.rounds.iter().map(of_round).collect() }
}
