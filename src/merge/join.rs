//! The merged run: one plan, one new chain of all events with their origins, and the graphs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, Place, Result};
use crate::merge::agree;
use crate::merge::log::Log;
use crate::merge::survey::Survey;
use crate::run::chain::{Chain, unsealed};
use crate::run::{EVENTS, Event, FORMAT, GRAPHS, Logged, MANIFEST, Manifest, Merged, Plan, Planned, SR};
use crate::util::files::TEMPORARY;
use crate::util::input::Kind;
use crate::util::{files, input, sha256};

/// How runs are merged.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The command line, for `run.json`.
    pub command: Vec<String>,
    /// Merge runs of different types of machines, and say so wherever the merged run is shown.
    pub allow_machine_change: bool,
}

/// What was merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// Runs.
    pub runs: usize,
    /// Submissions of the merged run.
    pub submissions: usize,
    /// Rounds of each.
    pub rounds: u32,
    /// Events of the merged log.
    pub events: usize,
    /// Differences that were let pass.
    pub differences: Vec<String>,
}

/// The fields of an event that decide whether it is copied.
#[derive(Deserialize)]
struct About<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow, default)]
    submission: Option<Cow<'a, str>>,
}

/// Merges the runs in `dirs` into the new run `out`. It appears as a whole or not at all.
///
/// # Errors
/// Runs that are not finished or do not agree; a folder that is there already.
pub fn merge(dirs: &[PathBuf], out: &Path, options: &Options) -> Result<Joined> {
    if out.read_dir().is_ok_and(|mut entries| entries.next().is_some()) || out.is_file() {
        return Err(Error::Usage(format!("{} is there already: name a new folder for the merged run", out.display())));
    }
    let mut surveys = dirs.iter().map(|dir| Survey::of(dir)).collect::<Result<Vec<_>>>()?;
    surveys.sort_by_key(|survey| survey.plan.shard.as_ref().map(|shard| shard.number));
    let differences = agree::check(&surveys, options.allow_machine_change)?;
    let Some(first) = surveys.first() else { return Err(Error::Usage("there is nothing to merge".into())) };
    let manifest = Manifest {
        format: FORMAT,
        created: jiff::Timestamp::now(),
        esr_bench: env!("CARGO_PKG_VERSION").to_owned(),
        command: options.command.clone(),
        machine: first.manifest.machine.clone(),
        worker: first.manifest.worker.clone(),
        python: surveys.iter().find_map(|s| s.manifest.python.clone()),
        merged: Some(Merged {
            origins: surveys.iter().map(Survey::origin).collect(),
            differences: differences.clone(),
        }),
        plan: plan(&surveys, first),
    };
    let parent = out.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
    let part = tempfile::Builder::new().prefix(TEMPORARY).tempdir_in(parent).map_err(Error::io("create", parent))?;
    // A folder inside: the temporary one is its owner's alone, and is removed whatever happens.
    let run = part.path().join("run");
    std::fs::create_dir(&run).map_err(Error::io("create", &run))?;
    let events = write(&run, &surveys, &manifest)?;
    std::fs::rename(&run, out).map_err(Error::io("rename", out))?;
    File::open(parent).and_then(|f| f.sync_all()).map_err(Error::io("write", parent))?;
    let (submissions, rounds) = (manifest.plan.submissions.len(), manifest.plan.rounds);
    Ok(Joined { runs: surveys.len(), submissions, rounds, events, differences })
}

/// The whole plan: the submissions of all runs, those of shards in the order that they have together.
fn plan(surveys: &[Survey], first: &Survey) -> Plan {
    let mut found: BTreeMap<&str, &Planned> = BTreeMap::new();
    let mut names: Vec<&str> = Vec::new();
    for planned in surveys.iter().flat_map(|s| &s.plan.submissions) {
        let name = planned.submission.name.as_str();
        if let std::collections::btree_map::Entry::Vacant(entry) = found.entry(name) {
            entry.insert(planned);
            names.push(name);
        }
    }
    if let Some(shard) = &first.plan.shard {
        names = shard.submissions.iter().map(String::as_str).collect();
    }
    let submissions = names.into_iter().filter_map(|name| found.get(name).map(|planned| (*planned).clone())).collect();
    Plan { submissions, shard: None, ..first.plan.clone() }
}

/// Writes the run into `dir`; its number of events comes back.
fn write(dir: &Path, surveys: &[Survey], manifest: &Manifest) -> Result<usize> {
    let text = manifest.text(dir)?;
    let graphs = dir.join(GRAPHS);
    std::fs::create_dir(&graphs).map_err(Error::io("create", &graphs))?;
    let path = dir.join(EVENTS);
    let failed = || Error::io("write", &path);
    let mut file = BufWriter::with_capacity(1 << 20, File::create(&path).map_err(failed())?);
    let mut chain = Chain::begin(&text);
    let mut count = 0;
    let mut append = |event: &[u8]| -> Result<()> {
        let (line, next) = chain.seal(event);
        chain = next;
        count += 1;
        file.write_all(&line).map_err(failed())
    };
    for (number, survey) in (1..).zip(surveys) {
        copy_events(survey, number, &mut append)?;
        copy_files(survey, number, dir)?;
    }
    let finished = Logged { at: jiff::Timestamp::now(), origin: None, event: Event::Finished };
    let json = |e: serde_json::Error| Error::input(&path, Place::Whole, "an event that JSON can hold", e.to_string());
    append(&serde_json::to_vec(&finished).map_err(json)?)?;
    file.into_inner().map_err(|e| failed()(e.into_error()))?.sync_all().map_err(failed())?;
    files::write(&dir.join(MANIFEST), &text)?;
    Ok(count)
}

/// Copies a log, each event with its origin. The plan of the merged run has the rounds that were added. Of the baseline the
/// first run's figures count, and the rounds of all.
fn copy_events(survey: &Survey, number: u32, append: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut log = Log::open(&survey.dir, &survey.text)?;
    let origin = format!(",\"origin\":{number}}}");
    while let Some(line) = log.next()? {
        let about: About<'_> = match serde_json::from_slice(line) {
            Ok(about) => about,
            Err(error) => return Err(log.wrong("an event of a run", error.to_string())),
        };
        let again = number > 1 && about.submission.as_deref() == Some(survey.baseline.as_str());
        if about.event == "rounds_added" || again {
            continue;
        }
        let mut event = unsealed(line);
        event.pop();
        event.extend_from_slice(origin.as_bytes());
        append(&event)?;
    }
    if (log.lines(), log.head()) != (survey.events, survey.head.as_deref()) {
        return Err(log.wrong("the log as it was a moment ago", "another one: the run is being written to"));
    }
    Ok(())
}

/// Copies the graphs that the log states, and the SR images that were kept.
fn copy_files(survey: &Survey, number: u32, out: &Path) -> Result<()> {
    let is_copied = |name: &str| number == 1 || name != survey.baseline;
    for (submission, expected) in survey.graphs.iter().filter(|(name, _)| is_copied(name)) {
        let name = format!("{GRAPHS}/{submission}.json");
        let path = survey.dir.join(&name);
        let bytes = input::read(&path, Kind::Graph)?;
        let found = sha256(&bytes);
        if found != *expected {
            let expected = format!("the graph that the run recorded (SHA-256 {expected})");
            return Err(Error::input(&path, Place::Whole, expected, format!("another file ({found})")));
        }
        files::write(&out.join(&name), &bytes)?;
    }
    for planned in survey.plan.submissions.iter().filter(|p| is_copied(&p.submission.name)) {
        let folder = Path::new(SR).join(crate::run::file_name(&planned.submission.name));
        copy_tree(&survey.dir.join(&folder), &out.join(&folder))?;
    }
    Ok(())
}

/// Copies a folder, if it is there.
fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(to).map_err(Error::io("create", to))?;
    for entry in from.read_dir().map_err(Error::io("read", from))? {
        let entry = entry.map_err(Error::io("read", from))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(Error::io("read", &path))?;
        if kind.is_dir() {
            copy_tree(&path, &target)?;
        } else if kind.is_file() {
            std::fs::copy(&path, &target).map_err(Error::io("write", &target))?;
        }
    }
    Ok(())
}
