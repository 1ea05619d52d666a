//! What the events add up to: what is there, and so what is missing.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::machine::Identity;
use crate::protocol::Loaded;
use crate::run::event::{Event, ImageQuality, MeasuredMemory, RecordedGraph, RoundTimes, Stage};
use crate::run::plan::Plan;

/// All that was measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Results {
    /// By submission, in the plan's order; each of the plan's has one.
    pub submissions: IndexMap<String, SubmissionResults>,
    /// Timed rounds by label and number.
    pub rounds: BTreeMap<(String, u32), RoundTimes>,
    /// Whether the last `measure` came to its end.
    pub finished: bool,
    /// Every machine that was measured on, in order of appearance; the first is that of `run.json`.
    pub machines: Vec<Identity>,
}

/// What was measured of one submission, apart from its rounds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SubmissionResults {
    /// What the worker said when it loaded the network first.
    pub loaded: Option<Loaded>,
    /// By (split, image).
    pub images: BTreeMap<(String, String), ImageQuality>,
    /// By (split, image).
    pub memory: BTreeMap<(String, String), MeasuredMemory>,
    /// The record of its operations.
    pub graph: Option<RecordedGraph>,
    /// Why a stage has no results.
    pub failures: BTreeMap<Stage, String>,
}

impl Results {
    /// Nothing yet.
    pub(super) fn new(plan: &Plan, machine: Identity) -> Results {
        let submissions =
            plan.submissions.iter().map(|p| (p.submission.name.clone(), SubmissionResults::default())).collect();
        Results { submissions, machines: vec![machine], ..Results::default() }
    }

    /// Takes one more event in; the message says what in it is not of this plan.
    pub(super) fn add(&mut self, plan: &Plan, event: &Event) -> Result<(), String> {
        let known_image = |split: &str, image: &str| match plan.image(split, image) {
            Some(_) => Ok((split.to_owned(), image.to_owned())),
            None => Err(format!("an image `{split}/{image}` that run.json does not plan")),
        };
        match event {
            Event::Started { machine, .. } => {
                self.finished = false;
                if let Some(machine) = machine
                    && self.machines.iter().all(|known| !known.differences(machine).is_empty())
                {
                    self.machines.push(machine.clone());
                }
            }
            Event::RoundsAdded { .. } | Event::Interrupted => self.finished = false,
            Event::Finished => self.finished = true,
            Event::Loaded { submission, loaded } => self.of(submission)?.loaded = Some(loaded.clone()),
            Event::Quality(q) => {
                let key = known_image(&q.split, &q.image)?;
                self.of(&q.submission)?.images.insert(key, q.clone());
            }
            Event::Memory(m) => {
                let key = known_image(&m.split, &m.image)?;
                self.of(&m.submission)?.memory.insert(key, m.clone());
            }
            Event::Graph(graph) => self.of(&graph.submission)?.graph = Some(graph.clone()),
            Event::Round(times) => {
                if times.round >= plan.rounds || !plan.labels().iter().any(|(label, _)| *label == times.label) {
                    return Err(format!("round {} of `{}`, which is not planned", times.round, times.label));
                }
                for image in &times.images {
                    known_image(&image.split, &image.image)?;
                }
                self.rounds.insert((times.label.clone(), times.round), times.clone());
            }
            Event::Failure { submission, stage, reason } => {
                self.of(submission)?.failures.insert(*stage, reason.clone());
            }
            Event::Retry { submission } => self.of(submission)?.failures.clear(),
        }
        Ok(())
    }

    fn of(&mut self, submission: &str) -> Result<&mut SubmissionResults, String> {
        self.submissions
            .get_mut(submission)
            .ok_or_else(|| format!("a submission `{submission}` that run.json does not plan"))
    }

    /// Submissions with a failure.
    pub fn failed(&self) -> usize {
        self.submissions.values().filter(|s| !s.failures.is_empty()).count()
    }
}

impl SubmissionResults {
    /// The submission's failures in one line.
    pub fn failure(&self) -> Option<String> {
        let reasons: Vec<&str> = self.failures.values().map(String::as_str).collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }
}
