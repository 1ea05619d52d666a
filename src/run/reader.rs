//! Reading a run directory.

use std::path::{Path, PathBuf};

use crate::error::{Error, Place, Result};
use crate::graph::OpGraph;
use crate::graph::file;
use crate::run::chain::{Chain, Link};
use crate::run::contents::Results;
use crate::run::event::{Event, Logged};
use crate::run::format;
use crate::run::manifest::Manifest;
use crate::run::plan::Plan;
use crate::util::input;
use crate::util::input::Kind;
use crate::util::sha256;

/// A run directory, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    dir: PathBuf,
    manifest: Manifest,
    plan: Plan,
    results: Results,
    /// The first line that does not follow from the one before.
    edited: Option<usize>,
}

/// More rounds than anybody measures: a larger number comes from a damaged file.
const MOST_ROUNDS: u32 = 1_000_000;

/// How much of the log is whole.
#[derive(Debug, Clone)]
pub(super) struct Whole {
    /// Up to here.
    pub(super) bytes: u64,
    /// The last line is complete but for its end.
    pub(super) lacks_newline: bool,
    /// What the next line must follow from.
    pub(super) chain: Chain,
}

impl Run {
    /// Reads a run directory, finished or not.
    pub fn open(dir: &Path) -> Result<Run> {
        Ok(Run::read(dir)?.0)
    }

    /// Whether a run was begun in `dir`.
    pub fn is_at(dir: &Path) -> bool {
        dir.join(crate::run::format::MANIFEST).exists()
    }

    pub(crate) fn empty(dir: &Path, manifest: Manifest) -> Run {
        let plan = manifest.plan.clone();
        let results = Results::new(&plan, manifest.machine.identity());
        Run { dir: dir.to_path_buf(), manifest, plan, results, edited: None }
    }

    pub(super) fn read(dir: &Path) -> Result<(Run, Whole)> {
        let manifest = input::read(&dir.join(format::MANIFEST), Kind::Manifest)?;
        let path = dir.join(format::EVENTS);
        let log = match input::read(&path, Kind::Events) {
            // Killed between the manifest and the first event.
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            other => other?,
        };
        Run::parse_whole(dir, &manifest, &log)
    }

    /// The run that the texts of `run.json` and `events.jsonl` make; `dir` is for messages.
    pub fn parse(dir: &Path, manifest: &[u8], log: &[u8]) -> Result<Run> {
        Ok(Run::parse_whole(dir, manifest, log)?.0)
    }

    fn parse_whole(dir: &Path, manifest: &[u8], log: &[u8]) -> Result<(Run, Whole)> {
        let path = dir.join(format::EVENTS);
        let mut run = Run::empty(dir, Manifest::parse(&dir.join(format::MANIFEST), manifest)?);
        let mut whole = Whole { bytes: 0, lacks_newline: false, chain: Chain::begin(manifest) };
        for (index, line) in log.split_inclusive(|&b| b == b'\n').enumerate() {
            let complete = line.ends_with(b"\n");
            let logged = match serde_json::from_slice::<Logged>(line) {
                Ok(logged) => logged,
                // The last line of a killed run.
                Err(_) if !complete => break,
                Err(error) => {
                    let at = Place::Line(index + 1);
                    return Err(Error::input(&path, at, "an event of a run", error.to_string()));
                }
            };
            run.add(logged)
                .map_err(|found| Error::input(&path, Place::Line(index + 1), "an event of this run", found))?;
            if matches!(whole.chain.take(line), Link::Wrong | Link::Missing) {
                run.edited.get_or_insert(index + 1);
            }
            whole.bytes += line.len() as u64;
            whole.lacks_newline = !complete;
        }
        Ok((run, whole))
    }

    pub(crate) fn add(&mut self, logged: Logged) -> Result<(), String> {
        if let Event::RoundsAdded { rounds } = &logged.event {
            if *rounds < self.plan.rounds || *rounds > MOST_ROUNDS {
                let least = self.plan.rounds;
                return Err(format!("{rounds} rounds, expected {least} to {MOST_ROUNDS}: rounds are only added"));
            }
            self.plan.rounds = *rounds;
        }
        self.results.add(&self.plan, logged)
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What was to be done, by what, on which machine, as it stood when the run began.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The first line of the log that does not follow from the one before: events were edited, cut out or moved.
    pub fn edited(&self) -> Option<usize> {
        self.edited
    }

    /// What is to be done: the plan of the manifest, with the rounds that were added since.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What was measured.
    pub fn results(&self) -> &Results {
        &self.results
    }

    /// Where the SR of an image lies, if it was kept.
    pub fn sr_path(&self, submission: &str, split: &str, image: &str) -> PathBuf {
        let folder = self.dir.join(format::SR).join(format::file_name(submission)).join(format::file_name(split));
        folder.join(format!("{}.png", format::file_name(image)))
    }

    /// A submission's recorded operations; `None` if they were not recorded.
    ///
    /// # Errors
    /// The file is missing, is not whole, or is not the one that the log names.
    pub fn graph(&self, submission: &str) -> Result<Option<OpGraph>> {
        let results = self.results.submissions.get(submission);
        let Some(recorded) = results.and_then(|r| r.graph.as_ref()) else { return Ok(None) };
        let path = self.graph_path(submission);
        let bytes = input::read(&path, Kind::Graph)?;
        let found = sha256(&bytes);
        if found != recorded.sha256 {
            let expected = format!("the graph that the run recorded (SHA-256 {})", recorded.sha256);
            return Err(Error::input(&path, Place::Whole, expected, format!("another file ({found})")));
        }
        file::parse(&path, &bytes).map(Some)
    }

    /// Where a submission's graph lies.
    pub fn graph_path(&self, submission: &str) -> PathBuf {
        self.dir.join(format::GRAPHS).join(format!("{submission}.json"))
    }
}
