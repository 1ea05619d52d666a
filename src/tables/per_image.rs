//! The organisers' own `results.json` (2024 and later): per-image runtimes and PSNRs of every entry.
//!
//! `{"<entry>": {"valid_runtime": [ms], "test_runtime": [ms], "valid_psnr": [dB], "test_psnr": [dB], "valid_memory": MiB,
//! "flops": G, "num_parameters": M, "activations": M, "num_conv": n}}`; other keys are ignored, as the organisers add some.

use std::path::Path;

use indexmap::IndexMap;
use serde::Deserialize;

use crate::entry::Entry;
use crate::entry::Metric;
use crate::error::{Error, Place, Result};
use crate::tables::table::without_number;
use crate::util::input;
use crate::util::input::Kind;

/// All entries of a file, in its order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PerImage {
    /// The entries by name.
    pub entries: IndexMap<String, Raw>,
}

/// One entry, raw.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Raw {
    /// Milliseconds of each validation image, in the order in which they were run.
    pub valid_runtime: Vec<f64>,
    /// Milliseconds of each test image.
    pub test_runtime: Vec<f64>,
    /// PSNR-RGB of each validation image, dB.
    pub valid_psnr: Vec<f64>,
    /// PSNR-RGB of each test image, dB.
    pub test_psnr: Vec<f64>,
    /// Peak memory over the validation images, in units of 1024^2 bytes.
    pub valid_memory: Option<f64>,
    /// FLOPs, 10^9.
    pub flops: Option<f64>,
    /// Parameters, 10^6.
    pub num_parameters: Option<f64>,
    /// Activations, 10^6.
    pub activations: Option<f64>,
    /// Convolutions.
    pub num_conv: Option<f64>,
}

impl PerImage {
    /// Reads such a file.
    pub fn read(path: &Path) -> Result<PerImage> {
        PerImage::parse(path, &input::read(path, Kind::Results)?)
    }

    /// Parses what was found in `file`.
    pub fn parse(file: &Path, bytes: &[u8]) -> Result<PerImage> {
        let entries: IndexMap<String, Raw> = serde_json::from_slice(bytes).map_err(|e| {
            let place = if e.line() > 0 { Place::Line(e.line()) } else { Place::Whole };
            Error::input(file, place, "per-image results: an object of entries with lists of numbers", e.to_string())
        })?;
        for (name, raw) in &entries {
            let lists = [
                ("valid_runtime", &raw.valid_runtime),
                ("test_runtime", &raw.test_runtime),
                ("valid_psnr", &raw.valid_psnr),
                ("test_psnr", &raw.test_psnr),
            ];
            let single = [
                ("valid_memory", raw.valid_memory),
                ("flops", raw.flops),
                ("num_parameters", raw.num_parameters),
                ("activations", raw.activations),
                ("num_conv", raw.num_conv),
            ];
            let singles = single.iter().filter_map(|(key, value)| Some((*key, (*value)?)));
            let mut all = lists.iter().flat_map(|(key, list)| list.iter().map(|v| (*key, *v))).chain(singles);
            if let Some((key, value)) = all.find(|(_, v)| !v.is_finite() || *v < 0.0) {
                let place = Place::Key(format!("{name}.{key}"));
                return Err(Error::input(file, place, "numbers that are not negative", value.to_string()));
            }
            if lists.iter().all(|(_, list)| list.is_empty()) && single.iter().all(|(_, v)| v.is_none()) {
                let place = Place::Key(name.clone());
                return Err(Error::input(file, place, "per-image results (`valid_runtime`, ...)", "none of its keys"));
            }
        }
        Ok(PerImage { entries })
    }

    /// The entries with their averages, as the organisers average: the mean of each split, then the mean of both.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.iter().map(|(name, raw)| raw.entry(name, 0)).collect()
    }

    /// The same without the first `skip` images of each split: nothing warms up the organisers' harness, so that the first
    /// image holds what starting costs.
    pub fn entries_without_first(&self, skip: usize) -> Vec<Entry> {
        self.entries.iter().map(|(name, raw)| raw.entry(name, skip)).collect()
    }
}

impl Raw {
    fn entry(&self, name: &str, skip: usize) -> Entry {
        let team = without_number(name).to_owned();
        let submission = if team == name { String::new() } else { name.to_owned() };
        let mut entry = Entry { team, submission, ..Entry::default() };
        let runtime_val = mean(self.valid_runtime.get(skip..).unwrap_or_default());
        let runtime_test = mean(self.test_runtime.get(skip..).unwrap_or_default());
        let values = [
            (Metric::RuntimeValMs, runtime_val),
            (Metric::RuntimeTestMs, runtime_test),
            (Metric::RuntimeMs, runtime_val.zip(runtime_test).map(|(a, b)| (a + b) / 2.0)),
            (Metric::PsnrVal, mean(&self.valid_psnr)),
            (Metric::PsnrTest, mean(&self.test_psnr)),
            (Metric::MemM, self.valid_memory),
            (Metric::FlopsG, self.flops),
            (Metric::ParamsM, self.num_parameters),
            (Metric::ActsM, self.activations),
            (Metric::Convs, self.num_conv),
        ];
        entry.metrics.extend(values.into_iter().filter_map(|(metric, value)| Some((metric, value?))));
        entry
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<PerImage> {
        PerImage::parse(Path::new("r.json"), text.as_bytes())
    }

    #[test]
    fn the_ranked_runtime_is_the_mean_of_the_splits_means() {
        let text = r#"{"07_A": {"valid_runtime": [100, 2, 2], "test_runtime": [4], "num_conv": 3, "extra": "x"}}"#;
        let file = parse(text).unwrap();
        let entry = &file.entries()[0];
        assert_eq!((entry.team.as_str(), entry.submission.as_str()), ("A", "07_A"));
        assert_eq!(entry.get(Metric::RuntimeMs), Some((104.0 / 3.0 + 4.0) / 2.0));
        let warm = &file.entries_without_first(1)[0];
        assert_eq!(warm.get(Metric::RuntimeValMs), Some(2.0));
        // One test image, and that was the first: nothing is left to average.
        assert_eq!(warm.get(Metric::RuntimeMs), None);
    }

    #[test]
    fn what_is_not_such_a_file_is_refused_by_key_or_line() {
        let message = |text: &str| parse(text).unwrap_err().to_string();
        assert!(message("[1]").starts_with("r.json:1: expected per-image results"));
        assert!(message(r#"{"a": {"rows": []}}"#).contains("`a`"));
        let negative = message(r#"{"a": {"valid_runtime": [1, -2]}}"#);
        assert_eq!(negative, "r.json: `a.valid_runtime`: expected numbers that are not negative, found -2");
    }
}
