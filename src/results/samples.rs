//! The timings of a run, as statistics see them, and means over its images.

use std::collections::BTreeMap;

use crate::run::{Run, SubmissionResults};
use crate::stats::{ImageTimes, Round, Samples, summary};

impl Run {
    /// The mean of a figure over all images of a split; `None` unless every one of them has it.
    pub fn mean_of(
        &self,
        results: &SubmissionResults,
        split: &str,
        figure: impl Fn(&crate::quality::Quality) -> f64,
    ) -> Option<f64> {
        let values: Vec<f64> = self
            .manifest()
            .plan
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

    /// The timings of every label, the baseline's control included, in the plan's order.
    pub fn samples(&self) -> Vec<Samples> {
        self.manifest()
            .plan
            .labels()
            .into_iter()
            .map(|(label, _)| {
                let rounds = self
                    .results()
                    .rounds
                    .range((label.clone(), 0)..=(label.clone(), u32::MAX))
                    .map(|((_, number), times)| Round {
                        number: *number,
                        images: times
                            .images
                            .iter()
                            .map(|i| ImageTimes { split: i.split.clone(), image: i.image.clone(), ms: i.ms.clone() })
                            .collect(),
                    })
                    .collect();
                Samples { label, rounds }
            })
            .collect()
    }

    /// The splits in the plan's order.
    pub fn splits(&self) -> Vec<&str> {
        let mut seen = BTreeMap::new();
        for (at, image) in self.manifest().plan.images.iter().enumerate() {
            seen.entry(image.split.as_str()).or_insert(at);
        }
        let mut splits: Vec<(&str, usize)> = seen.into_iter().collect();
        splits.sort_by_key(|(_, at)| *at);
        splits.into_iter().map(|(split, _)| split).collect()
    }
}
