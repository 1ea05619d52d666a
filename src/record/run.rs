//! Reading a run directory, and deriving entries and samples from it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::event::{Event, Logged};
use super::manifest::Manifest;
use super::plan::{Planned, Source};
use super::results::{Results, SubmissionResults};
use crate::error::{Error, Place, Result};
use crate::graph::{self, Counter};
use crate::protocol::MemoryHow;
use crate::rank::{Entry, Metric};
use crate::stats::{self, ImageTimes, Round, Samples, summary};

/// The log's name in a run directory.
pub(super) const EVENTS: &str = "events.jsonl";
/// The folder of graphs in a run directory.
pub(super) const GRAPHS: &str = "graphs";

/// A run directory, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    dir: PathBuf,
    manifest: Manifest,
    results: Results,
}

/// How much of the log is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whole {
    /// Up to here.
    pub(super) bytes: u64,
    /// The last line is complete but for its end.
    pub(super) lacks_newline: bool,
}

impl Run {
    /// Reads a run directory, finished or not.
    pub fn open(dir: &Path) -> Result<Run> {
        Ok(Run::read(dir)?.0)
    }

    /// Whether a run was begun in `dir`.
    pub fn is_at(dir: &Path) -> bool {
        dir.join(super::manifest::NAME).exists()
    }

    pub(super) fn empty(dir: &Path, manifest: Manifest) -> Run {
        let results = Results::new(&manifest.plan);
        Run { dir: dir.to_path_buf(), manifest, results }
    }

    pub(super) fn read(dir: &Path) -> Result<(Run, Whole)> {
        let mut run = Run::empty(dir, Manifest::read(dir)?);
        let path = dir.join(EVENTS);
        let log = match std::fs::read(&path) {
            Ok(log) => log,
            // Killed between the manifest and the first event.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        let mut whole = Whole { bytes: 0, lacks_newline: false };
        for (index, line) in log.split_inclusive(|&b| b == b'\n').enumerate() {
            let complete = line.ends_with(b"\n");
            let event = match serde_json::from_slice::<Logged>(line) {
                Ok(logged) => logged.event,
                // The last line of a killed run.
                Err(_) if !complete => break,
                Err(error) => {
                    let at = Place::Line(index + 1);
                    return Err(Error::input(&path, at, "an event of a run", error.to_string()));
                }
            };
            run.add(&event)
                .map_err(|found| Error::input(&path, Place::Line(index + 1), "an event of this run", found))?;
            whole.bytes += line.len() as u64;
            whole.lacks_newline = !complete;
        }
        Ok((run, whole))
    }

    pub(super) fn add(&mut self, event: &Event) -> Result<(), String> {
        self.results.add(&self.manifest.plan, event)
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What was to be done, by what, on which machine.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What was measured.
    pub fn results(&self) -> &Results {
        &self.results
    }

    /// Where a submission's graph lies.
    pub fn graph_path(&self, submission: &str) -> PathBuf {
        self.dir.join(GRAPHS).join(format!("{submission}.json"))
    }

    /// Every submission as a ranking sees it, FLOPs by the convention `counter`.
    pub fn entries(&self, counter: Counter) -> Result<Vec<Entry>> {
        self.manifest.plan.submissions.iter().map(|planned| self.entry(planned, counter)).collect()
    }

    fn entry(&self, planned: &Planned, counter: Counter) -> Result<Entry> {
        let plan = &self.manifest.plan;
        let submission = &planned.submission;
        let mut entry = Entry {
            team: submission.team.clone(),
            submission: submission.name.clone(),
            baseline: plan.baseline.as_deref() == Some(submission.name.as_str()),
            trust: Some(submission.trust),
            ..Entry::default()
        };
        let Some(results) = self.results.submissions.get(&submission.name) else { return Ok(entry) };
        entry.failure = results.failure();
        if let Some(loaded) = &results.loaded {
            entry.metrics.insert(Metric::ParamsM, loaded.parameters as f64 / 1e6);
        }
        if results.graph.is_some() {
            let tally = graph::count(&graph::file::read(&self.graph_path(&submission.name))?, counter);
            entry.metrics.insert(Metric::FlopsG, tally.flops as f64 / 1e9);
            entry.metrics.insert(Metric::ActsM, tally.activations as f64 / 1e6);
            entry.metrics.insert(Metric::Convs, tally.convs as f64);
            entry.unknown_ops = tally.unknown;
        }
        self.add_runtime(&submission.name, &mut entry)?;
        self.add_memory(results, &mut entry);
        self.add_quality(planned, results, &mut entry);
        Ok(entry)
    }

    fn add_runtime(&self, name: &str, entry: &mut Entry) -> Result<()> {
        let Some(samples) = self.samples().into_iter().find(|s| s.label == name && !s.rounds.is_empty()) else {
            return Ok(());
        };
        let plan = &self.manifest.plan;
        if samples.rounds.len() < plan.rounds as usize {
            entry.notes.push(format!("{} of {} rounds timed", samples.rounds.len(), plan.rounds));
        }
        let summary = stats::summarise(&samples, plan.protocol)?;
        entry.metrics.insert(Metric::RuntimeMs, summary.runtime_ms);
        let split = |name: &str| summary.splits.iter().find(|(split, _)| split == name).map(|(_, ms)| *ms);
        let (val, test) = (split("val"), split("test"));
        entry.metrics.extend(val.map(|ms| (Metric::RuntimeValMs, ms)));
        entry.metrics.extend(test.map(|ms| (Metric::RuntimeTestMs, ms)));
        if val.is_none() || test.is_none() {
            let names: Vec<&str> = summary.splits.iter().map(|(split, _)| split.as_str()).collect();
            entry.notes.push(format!("runtime is that of {}", names.join(" and ")));
        }
        Ok(())
    }

    /// The challenge's figure is the peak over the validation images; without such a split, over all.
    fn add_memory(&self, results: &SubmissionResults, entry: &mut Entry) {
        if let Some(most) = results.memory.values().max_by_key(|m| m.peak_bytes) {
            entry.metrics.insert(Metric::MemM, most.peak_bytes as f64 / f64::from(1 << 20));
            if most.how == MemoryHow::ResidentGrowth {
                entry.notes.push("memory is the process's resident growth on the CPU".into());
            }
        }
    }

    fn add_quality(&self, planned: &Planned, results: &SubmissionResults, entry: &mut Entry) {
        for (split, metric) in [("val", Metric::PsnrVal), ("test", Metric::PsnrTest)] {
            if let Some(psnr) = self.mean_of(results, split, |q| q.psnr_rgb) {
                entry.metrics.insert(metric, psnr);
            }
        }
        let images = &self.manifest.plan.images;
        if !planned.has_quality(results.loaded.as_ref()) {
            entry.notes.push("efficiency only: PSNR not measured (random weights)".into());
        } else if images.iter().all(|i| matches!(i.source, Source::Synthetic { .. })) {
            entry.notes.push("efficiency only: PSNR not measured (synthetic input)".into());
        } else if images.iter().all(|i| i.hr().is_none()) {
            entry.notes.push("efficiency only: PSNR not measured (no HR images)".into());
        }
        let non_finite: u64 = results.images.values().map(|i| i.non_finite).sum();
        if non_finite > 0 {
            entry.notes.push(format!("{non_finite} output values were NaN or infinite"));
        }
    }

    /// The mean of a figure over all images of a split; `None` unless every one of them has it.
    pub fn mean_of(
        &self,
        results: &SubmissionResults,
        split: &str,
        figure: impl Fn(&crate::quality::Quality) -> f64,
    ) -> Option<f64> {
        let values: Vec<f64> = self
            .manifest
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
        self.manifest
            .plan
            .labels()
            .into_iter()
            .map(|(label, _)| {
                let rounds = self
                    .results
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
        for (at, image) in self.manifest.plan.images.iter().enumerate() {
            seen.entry(image.split.as_str()).or_insert(at);
        }
        let mut splits: Vec<(&str, usize)> = seen.into_iter().collect();
        splits.sort_by_key(|(_, at)| *at);
        splits.into_iter().map(|(split, _)| split).collect()
    }
}
