//! The entries of a run, as a ranking sees them.

use crate::entry::{Entry, Metric};
use crate::error::Result;
use crate::graph;
use crate::graph::Counter;
use crate::protocol::MemoryHow;
use crate::results::basis::{Basis, chosen};
use crate::results::note::{NoQuality, Note};
use crate::run::{MeasuredMemory, Planned, Run, Source, SubmissionResults};
use crate::stats;
use crate::stats::Samples;

impl Run {
    /// Every submission as a ranking sees it, by what the rules say (or by a counter and what all editions do).
    pub fn entries(&self, basis: impl Into<Basis>) -> Result<Vec<Entry>> {
        let basis = basis.into();
        // The timings of all submissions at once: each label is looked up, none is searched for.
        let samples: std::collections::HashMap<String, Samples> =
            self.samples().into_iter().map(|samples| (samples.label.clone(), samples)).collect();
        let of = |planned: &Planned| self.entry(planned, &basis, samples.get(&planned.submission.name));
        self.plan().submissions.iter().map(of).collect()
    }

    fn entry(&self, planned: &Planned, basis: &Basis, samples: Option<&Samples>) -> Result<Entry> {
        let plan = self.plan();
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
        let mut notes = Vec::new();
        entry.untrusted = self.untrusted(&submission.name);
        notes.extend(entry.untrusted.clone().map(|reason| Note::Untrusted { reason }));
        if let Some(loaded) = &results.loaded {
            entry.metrics.insert(Metric::ParamsM, loaded.parameters as f64 / 1e6);
        }
        if let Some(graph) = self.graph(&submission.name)? {
            let tally = graph::count(&graph, basis.counter);
            entry.metrics.insert(Metric::FlopsG, tally.flops as f64 / 1e9);
            entry.metrics.insert(Metric::ActsM, tally.activations as f64 / 1e6);
            entry.metrics.insert(Metric::Convs, tally.convs as f64);
            entry.unknown_ops = tally.unknown;
            let (convolutions, macs) = graph::functional_convolutions(&graph);
            if convolutions > 0 && basis.counter == Counter::Hook {
                notes.push(Note::Functional { convolutions, macs });
            }
            let parameters = graph::unread_parameters(&graph);
            if !parameters.is_empty() {
                notes.push(Note::Unread { parameters });
            }
        }
        if let Some(samples) = samples.filter(|s| !s.rounds.is_empty()) {
            self.add_runtime(samples, basis, &mut entry, &mut notes)?;
        }
        self.add_memory(results, basis, &mut entry, &mut notes);
        self.add_quality(planned, results, &mut entry, &mut notes);
        let machines = &self.results().machines;
        if machines.len() > 1 {
            notes.push(Note::Machines { machines: machines.iter().map(ToString::to_string).collect() });
        }
        entry.notes = notes.iter().map(ToString::to_string).collect();
        Ok(entry)
    }

    /// The ranked runtime is that of the splits that the rules name. Others are shown by [`Run::split_runtimes`] alone.
    fn add_runtime(&self, samples: &Samples, basis: &Basis, entry: &mut Entry, notes: &mut Vec<Note>) -> Result<()> {
        let plan = self.plan();
        if samples.rounds.len() < plan.rounds as usize {
            notes.push(Note::Rounds { timed: samples.rounds.len(), planned: plan.rounds });
        }
        let ranked = self.ranked(samples, basis);
        let summary = stats::summarise(&ranked, plan.protocol)?;
        entry.metrics.insert(Metric::RuntimeMs, summary.runtime_ms);
        for (split, metric) in [("val", Metric::RuntimeValMs), ("test", Metric::RuntimeTestMs)] {
            entry.metrics.extend(self.split_runtime(samples, split)?.map(|ms| (metric, ms)));
        }
        let used = chosen(&self.splits(), &basis.runtime);
        if used.len() != basis.runtime.len() || used.iter().any(|split| !basis.runtime.contains(split)) {
            notes.push(Note::RuntimeOf { splits: used.iter().map(|&split| split.to_owned()).collect() });
        }
        Ok(())
    }

    /// The challenge's figure is the peak over the images of one split; without such a split, over all.
    fn add_memory(&self, results: &SubmissionResults, basis: &Basis, entry: &mut Entry, notes: &mut Vec<Note>) {
        let mut measured: Vec<&str> = results.memory.keys().map(|(split, _)| split.as_str()).collect();
        measured.dedup();
        let used = chosen(&measured, &[basis.memory]);
        let of_split = |m: &&MeasuredMemory| used.contains(&m.split.as_str());
        let Some(most) = results.memory.values().filter(of_split).max_by_key(|m| m.peak_bytes) else { return };
        entry.metrics.insert(Metric::MemM, most.peak_bytes as f64 / f64::from(1 << 20));
        if !used.contains(&basis.memory) && self.splits().contains(&basis.memory) {
            let splits = used.iter().map(|&split| split.to_owned()).collect();
            notes.push(Note::MemoryOf { splits, named: basis.memory });
        }
        if most.how == MemoryHow::ResidentGrowth {
            notes.push(Note::ResidentGrowth);
        }
    }

    fn add_quality(&self, planned: &Planned, results: &SubmissionResults, entry: &mut Entry, notes: &mut Vec<Note>) {
        for (split, metric) in [("val", Metric::PsnrVal), ("test", Metric::PsnrTest)] {
            if let Some(psnr) = self.mean_of(results, split, |q| q.psnr_rgb) {
                entry.metrics.insert(metric, psnr);
            }
        }
        let images = &self.plan().images;
        if !planned.has_quality(results.loaded.as_ref()) {
            notes.push(Note::NoQuality(NoQuality::RandomWeights));
        } else if images.iter().all(|i| matches!(i.source, Source::Synthetic { .. })) {
            notes.push(Note::NoQuality(NoQuality::SyntheticInput));
        } else if images.iter().all(|i| i.hr().is_none()) {
            notes.push(Note::NoQuality(NoQuality::NoHr));
        }
        let values: u64 = results.images.values().map(|i| i.non_finite).sum();
        if values > 0 {
            notes.push(Note::NonFinite { values });
        }
    }
}
