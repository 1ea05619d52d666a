//! What the events add up to: what is there, and so what is missing.

use std::collections::{BTreeMap, HashMap, HashSet};

use indexmap::IndexMap;

use crate::machine::Identity;
use crate::protocol::Loaded;
use crate::run::event::{Event, ImageQuality, Logged, MeasuredMemory, RecordedGraph, RoundTimes, Stage};
use crate::run::plan::Plan;

/// Timed rounds by label and number.
pub type Rounds = BTreeMap<(String, u32), RoundTimes>;

/// All that was measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Results {
    /// By submission, in the plan's order; each of the plan's has one.
    pub submissions: IndexMap<String, SubmissionResults>,
    /// Timed rounds by label and number. In a merged run those of the baseline are of the first origin.
    pub rounds: Rounds,
    /// In a merged run: the rounds of the baseline's labels in each origin, by its number.
    pub baselines: BTreeMap<u32, Rounds>,
    /// In a merged run: the origin of the rounds of each label, by its number.
    pub origins: HashMap<String, u32>,
    /// Whether the last `measure` came to its end.
    pub finished: bool,
    /// Every machine that was measured on, in order of appearance; the first is that of `run.json`. In a merged run: every type
    /// of machine.
    pub machines: Vec<Identity>,
    /// The plan's images by split: each event names some, and a search through the plan for each would take most of a reader's
    /// time.
    images: HashMap<String, HashSet<String>>,
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
        let mut images: HashMap<String, HashSet<String>> = HashMap::new();
        for image in &plan.images {
            images.entry(image.split.clone()).or_default().insert(image.image.clone());
        }
        Results { submissions, machines: vec![machine], images, ..Results::default() }
    }

    /// Takes one more event in; the message says what in it is not of this plan.
    pub(super) fn add(&mut self, plan: &Plan, logged: Logged) -> Result<(), String> {
        let Logged { origin, event, .. } = logged;
        match event {
            Event::Started { machine, .. } => {
                self.finished = false;
                let is_known = |known: &Identity, machine: &Identity| match origin {
                    Some(_) => known.type_differences(machine).is_empty(),
                    None => known.differences(machine).is_empty(),
                };
                if let Some(machine) = machine
                    && self.machines.iter().all(|known| !is_known(known, &machine))
                {
                    self.machines.push(machine);
                }
            }
            Event::RoundsAdded { .. } | Event::Interrupted => self.finished = false,
            Event::Finished => self.finished = true,
            Event::Loaded { submission, loaded } => self.of(&submission)?.loaded = Some(loaded),
            Event::Quality(q) => {
                let key = self.known_image(&q.split, &q.image)?;
                self.of(&q.submission)?.images.insert(key, q);
            }
            Event::Memory(m) => {
                let key = self.known_image(&m.split, &m.image)?;
                self.of(&m.submission)?.memory.insert(key, m);
            }
            Event::Graph(graph) => {
                let results = self.of(&graph.submission)?;
                results.graph = Some(graph);
            }
            Event::Round(times) => self.round(plan, origin, times)?,
            Event::Failure { submission, stage, reason } => {
                self.of(&submission)?.failures.insert(stage, reason);
            }
            Event::Retry { submission } => self.of(&submission)?.failures.clear(),
        }
        Ok(())
    }

    fn round(&mut self, plan: &Plan, origin: Option<u32>, times: RoundTimes) -> Result<(), String> {
        let is_control = || plan.control().is_some_and(|control| control == times.label);
        let is_planned = self.submissions.contains_key(&times.label) || is_control();
        if times.round >= plan.rounds || !is_planned {
            return Err(format!("round {} of `{}`, which is not planned", times.round, times.label));
        }
        for image in &times.images {
            self.check_image(&image.split, &image.image)?;
        }
        let key = (times.label.clone(), times.round);
        let Some(origin) = origin else {
            self.rounds.insert(key, times);
            return Ok(());
        };
        if plan.baseline.as_ref() == Some(&times.label) || is_control() {
            self.baselines.entry(origin).or_default().insert(key.clone(), times.clone());
        }
        if *self.origins.entry(key.0.clone()).or_insert(origin) == origin {
            self.rounds.insert(key, times);
        }
        Ok(())
    }

    fn check_image(&self, split: &str, image: &str) -> Result<(), String> {
        match self.images.get(split).is_some_and(|images| images.contains(image)) {
            true => Ok(()),
            false => Err(format!("an image `{split}/{image}` that run.json does not plan")),
        }
    }

    fn known_image(&self, split: &str, image: &str) -> Result<(String, String), String> {
        self.check_image(split, image).map(|()| (split.to_owned(), image.to_owned()))
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
