//! What a run must tell before it can be merged with others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::error::{Error, Place, Result};
use crate::machine::Identity;
use crate::merge::log::Log;
use crate::run::{Event, Logged, MANIFEST, Manifest, Origin, Plan};
use crate::util::input::Kind;
use crate::util::{input, sha256};

/// A run, without its samples.
pub(super) struct Survey {
    /// Its directory.
    pub(super) dir: PathBuf,
    /// The bytes of its `run.json`.
    pub(super) text: Vec<u8>,
    pub(super) manifest: Manifest,
    /// The plan, with the rounds that were added since.
    pub(super) plan: Plan,
    /// The baseline's name.
    pub(super) baseline: String,
    /// The settings in effect when the baseline was loaded.
    pub(super) settings: Map<String, Value>,
    /// The hash of the baseline's SR, by image.
    pub(super) sr: BTreeMap<String, String>,
    /// The hash of each recorded graph, by submission.
    pub(super) graphs: BTreeMap<String, String>,
    /// Every machine that it was measured on.
    pub(super) machines: Vec<Identity>,
    pub(super) events: usize,
    pub(super) head: Option<String>,
}

impl Survey {
    /// Reads a run.
    ///
    /// # Errors
    /// It is not finished, is itself merged, was edited, has no baseline, or its baseline failed.
    pub(super) fn of(dir: &Path) -> Result<Survey> {
        let path = dir.join(MANIFEST);
        let text = input::read(&path, Kind::Manifest)?;
        let manifest = Manifest::parse(&path, &text)?;
        if manifest.merged.is_some() {
            let found = "one that was merged itself: name the runs that it was made of";
            return Err(Error::input(&path, Place::Key("merged".into()), "a run that `measure` wrote", found));
        }
        let Some(baseline) = manifest.plan.baseline.clone() else {
            let expected = "a baseline, by which runs are put on one scale";
            return Err(Error::input(&path, Place::Key("plan.baseline".into()), expected, "none"));
        };
        let mut survey = Survey {
            dir: dir.to_path_buf(),
            machines: vec![manifest.machine.identity()],
            plan: manifest.plan.clone(),
            baseline,
            settings: Map::new(),
            sr: BTreeMap::new(),
            graphs: BTreeMap::new(),
            events: 0,
            head: None,
            manifest,
            text,
        };
        survey.read_log()?;
        Ok(survey)
    }

    fn read_log(&mut self) -> Result<()> {
        let mut log = Log::open(&self.dir, &self.text)?;
        let (mut finished, mut failure) = (false, None);
        while let Some(line) = log.next()? {
            let event = match serde_json::from_slice::<Logged>(line) {
                Ok(logged) => logged.event,
                Err(error) => return Err(log.wrong("an event of a run", error.to_string())),
            };
            finished = matches!(event, Event::Finished);
            match event {
                Event::Started { machine: Some(machine), .. }
                    if self.machines.iter().all(|known| !known.differences(&machine).is_empty()) =>
                {
                    self.machines.push(machine);
                }
                Event::RoundsAdded { rounds } => self.plan.rounds = rounds,
                Event::Loaded { submission, loaded } if submission == self.baseline => self.settings = loaded.settings,
                Event::Quality(q) if q.submission == self.baseline => {
                    self.sr.insert(format!("{}/{}", q.split, q.image), q.sr_sha256);
                }
                Event::Graph(graph) => {
                    self.graphs.insert(graph.submission, graph.sha256);
                }
                Event::Failure { submission, reason, .. } if submission == self.baseline => failure = Some(reason),
                Event::Retry { submission } if submission == self.baseline => failure = None,
                _ => {}
            }
        }
        let resume =
            |with: &str| format!("`esr-bench measure --resume{with} --run {}` completes it", self.dir.display());
        if !finished {
            return Err(log.wrong("a finished run", format!("one with work left: {}", resume(""))));
        }
        if let Some(reason) = failure {
            let found = format!("`{}` failed ({reason}): {}", self.baseline, resume(" --retry-failed"));
            return Err(log.wrong("a run whose baseline was measured", found));
        }
        (self.events, self.head) = (log.lines(), log.head().map(ToOwned::to_owned));
        Ok(())
    }

    /// Its entry in the merged run's list.
    pub(super) fn origin(&self) -> Origin {
        Origin {
            run: self.dir.display().to_string(),
            created: self.manifest.created,
            command: self.manifest.command.clone(),
            machine: self.manifest.machine.clone(),
            machines: self.machines.clone(),
            events: self.events as u64,
            head: self.head.clone(),
            manifest_sha256: sha256(&self.text),
            submissions: self.plan.submissions.iter().map(|p| p.submission.name.clone()).collect(),
        }
    }

    /// An error about its `run.json`.
    pub(super) fn wrong(&self, key: &str, expected: impl Into<String>, found: impl Into<String>) -> Error {
        Error::input(self.dir.join(MANIFEST), Place::Key(key.to_owned()), expected, found)
    }
}
