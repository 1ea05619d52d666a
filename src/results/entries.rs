//! The entries of a run, as a ranking sees them.

use crate::entry::{Entry, Metric};
use crate::error::Result;
use crate::graph;
use crate::graph::Counter;
use crate::protocol::MemoryHow;
use crate::run::{Planned, Run, Source, SubmissionResults};
use crate::stats;

impl Run {
    /// Every submission as a ranking sees it, FLOPs by the convention `counter`.
    pub fn entries(&self, counter: Counter) -> Result<Vec<Entry>> {
        self.manifest().plan.submissions.iter().map(|planned| self.entry(planned, counter)).collect()
    }

    fn entry(&self, planned: &Planned, counter: Counter) -> Result<Entry> {
        let plan = &self.manifest().plan;
        let submission = &planned.submission;
        let mut entry = Entry {
            team: submission.team.clone(),
            submission: submission.name.clone(),
            baseline: plan.baseline.as_deref() == Some(submission.name.as_str()),
            trust: Some(submission.trust),
            ..Entry::default()
        };
        let Some(results) = self.results().submissions.get(&submission.name) else { return Ok(entry) };
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
        let plan = &self.manifest().plan;
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
        let images = &self.manifest().plan.images;
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
}
