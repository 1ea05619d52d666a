//! From raw timings to one figure a round, and from rounds to the figure that is ranked.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::stats::samples::{ImageTimes, Round, Samples};

/// How timings become one figure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Median over an image's repeats, mean over a split's images, mean over splits, then the MEDIAN over rounds: one slow
    /// forward, or one slow process, does not decide.
    #[default]
    Robust,
    /// The challenge's own: the first pass of every image, the first image included, mean over a split's images, mean over
    /// splits, then the mean over rounds ("runs"). For comparison with published tables.
    Published,
}

impl Protocol {
    /// The protocol's name.
    pub const fn name(self) -> &'static str {
        match self {
            Protocol::Robust => "robust",
            Protocol::Published => "published",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        [Protocol::Robust, Protocol::Published]
            .into_iter()
            .find(|p| p.name() == s)
            .ok_or_else(|| format!("no protocol `{s}`: robust or published"))
    }
}

/// A submission's runtime, in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Summary {
    /// Over all rounds: what is ranked.
    pub runtime_ms: f64,
    /// The same of each split alone, in order of appearance.
    pub splits: Vec<(String, f64)>,
    /// Rounds that were summarised.
    pub rounds: usize,
}

/// Summarises a submission.
///
/// # Errors
/// No round, a round without images, an image without a time, a time that is not positive and finite.
pub fn summarise(samples: &Samples, protocol: Protocol) -> Result<Summary> {
    let runtimes = round_runtimes(samples, protocol)?;
    let mut splits: Vec<(String, f64)> = Vec::new();
    for name in split_names(samples.rounds.iter()) {
        let of_rounds: Vec<f64> =
            samples.rounds.iter().filter_map(|r| split_mean(&r.images, &name, protocol)).collect();
        splits.push((name, over_rounds(&of_rounds, protocol)));
    }
    Ok(Summary { runtime_ms: over_rounds(&runtimes, protocol), splits, rounds: runtimes.len() })
}

/// One figure a round, in the rounds' order.
///
/// # Errors
/// As [`summarise`].
pub fn round_runtimes(samples: &Samples, protocol: Protocol) -> Result<Vec<f64>> {
    let fail = |reason: String| Error::Submission { submission: samples.label.clone(), reason };
    if samples.rounds.is_empty() {
        return Err(fail("no round was timed".into()));
    }
    samples
        .rounds
        .iter()
        .map(|round| {
            if round.images.is_empty() {
                return Err(fail(format!("round {} has no image", round.number)));
            }
            for image in &round.images {
                if image.ms.is_empty() || image.ms.iter().any(|ms| !(ms.is_finite() && *ms > 0.0)) {
                    let (number, split, name) = (round.number, &image.split, &image.image);
                    return Err(fail(format!(
                        "round {number}, {split}/{name}: expected positive times in ms, found {:?}",
                        image.ms
                    )));
                }
            }
            let names = split_names(std::iter::once(round));
            let means: Vec<f64> = names.iter().filter_map(|n| split_mean(&round.images, n, protocol)).collect();
            Ok(mean(&means))
        })
        .collect()
}

/// The figure over rounds: median or mean, by the protocol.
pub fn over_rounds(runtimes: &[f64], protocol: Protocol) -> f64 {
    match protocol {
        Protocol::Robust => median(runtimes),
        Protocol::Published => mean(runtimes),
    }
}

/// The figure of one image in one round.
pub fn image_runtime(image: &ImageTimes, protocol: Protocol) -> f64 {
    match protocol {
        Protocol::Robust => median(&image.ms),
        Protocol::Published => image.ms.first().copied().unwrap_or(f64::NAN),
    }
}

fn split_mean(images: &[ImageTimes], split: &str, protocol: Protocol) -> Option<f64> {
    let of_images: Vec<f64> = images.iter().filter(|i| i.split == split).map(|i| image_runtime(i, protocol)).collect();
    (!of_images.is_empty()).then(|| mean(&of_images))
}

pub(super) fn split_names<'a>(rounds: impl Iterator<Item = &'a Round>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for image in rounds.flat_map(|r| &r.images) {
        if !names.contains(&image.split) {
            names.push(image.split.clone());
        }
    }
    names
}

/// The arithmetic mean; NaN of nothing.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The median (the mean of the middle two for an even count); NaN of nothing.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    match n {
        0 => f64::NAN,
        _ if n % 2 == 1 => sorted[n / 2],
        _ => 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(split: &str, name: &str, ms: &[f64]) -> ImageTimes {
        ImageTimes { split: split.into(), image: name.into(), ms: ms.to_vec() }
    }

    fn samples() -> Samples {
        let round = |number, slow: f64| Round {
            number,
            images: vec![
                image("val", "a", &[100.0 * slow, 10.0, 12.0]),
                image("val", "b", &[20.0, 20.0 * slow, 20.0]),
                image("test", "c", &[5.0, 7.0, 6.0]),
            ],
        };
        Samples { label: "x".into(), rounds: vec![round(0, 1.0), round(1, 1.0), round(2, 50.0)] }
    }

    #[test]
    fn the_robust_protocol_forgets_slow_passes_and_slow_rounds() {
        let summary = summarise(&samples(), Protocol::Robust).unwrap();
        // val: (12 + 20) / 2 = 16, test: 6; their mean.
        assert_eq!(summary.runtime_ms, 11.0);
        assert_eq!(summary.splits, [("val".to_owned(), 16.0), ("test".to_owned(), 6.0)]);
        assert_eq!(summary.rounds, 3);
    }

    #[test]
    fn the_published_protocol_takes_the_first_pass_of_everything() {
        let summary = summarise(&samples(), Protocol::Published).unwrap();
        let round = |first: f64| ((first + 20.0) / 2.0 + 5.0) / 2.0;
        assert!((summary.runtime_ms - (2.0 * round(100.0) + round(5000.0)) / 3.0).abs() < 1e-9);
    }

    #[test]
    fn a_time_that_cannot_be_is_named() {
        let mut s = samples();
        s.rounds[1].images[2].ms[1] = -1.0;
        let error = summarise(&s, Protocol::Robust).unwrap_err().to_string();
        assert_eq!(error, "x: round 1, test/c: expected positive times in ms, found [5.0, -1.0, 6.0]");
        assert!(summarise(&Samples::default(), Protocol::Robust).is_err());
    }
}
