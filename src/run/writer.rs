//! Writing a run directory: one event at a time, each on the disk before the next measurement begins.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use crate::error::{Error, Place, Result};
use crate::graph::OpGraph;
use crate::run::chain::Chain;
use crate::run::checked::Checked;
use crate::run::event::{Event, Logged, RecordedGraph};
use crate::run::format;
use crate::run::manifest::Manifest;
use crate::run::reader::Run;
use crate::util::input::Kind;
use crate::util::{files, input, sha256};

/// The folder of a run directory that holds the submissions that were imported for it.
pub const SUBMISSIONS: &str = "submissions";

/// A run directory that is being written to. No other process can write to it meanwhile.
#[derive(Debug)]
pub struct RunWriter {
    run: Run,
    events: File,
    /// What the next event's line follows from.
    chain: Chain,
}

impl RunWriter {
    /// Makes a new run directory. It may exist, but not hold a run or anything else.
    pub fn create(dir: &Path, manifest: Manifest) -> Result<RunWriter> {
        std::fs::create_dir_all(dir).map_err(Error::io("create", dir))?;
        if let Some(found) = first_foreign(dir)? {
            return Err(Error::Usage(format!(
                "{} is not empty (it holds {}): `--resume` resumes a run, `--run DIR` names another folder",
                dir.display(),
                found.display()
            )));
        }
        let events = open(dir, true)?;
        let graphs = dir.join(format::GRAPHS);
        std::fs::create_dir_all(&graphs).map_err(Error::io("create", &graphs))?;
        manifest.write(dir)?;
        let chain = Chain::begin(&input::read(&dir.join(format::MANIFEST), Kind::Manifest)?);
        Ok(RunWriter { run: Run::empty(dir, manifest), events, chain })
    }

    /// Opens a run to resume it. A last line that was cut off by a kill or a full disk is removed; its bytes are
    /// counted in the result.
    pub fn resume(dir: &Path) -> Result<(RunWriter, u64)> {
        // The manifest first: a directory of another format is not even locked.
        if Manifest::read(dir)?.merged.is_some() {
            return Err(Error::Usage(format!(
                "the run in {} was merged from others: resume those, and merge them again",
                dir.display()
            )));
        }
        let mut events = open(dir, true)?;
        let (run, whole) = Run::read(dir)?;
        let path = dir.join(format::EVENTS);
        if let Some(line) = run.edited() {
            let expected = "a line that follows from the one before it";
            let found = "one that was edited or moved: `esr-bench verify` says more, `--salvage` of it makes a copy that can go on";
            return Err(Error::input(&path, Place::Line(line), expected, found));
        }
        let size = events.metadata().map_err(Error::io("read", &path))?.len();
        events.set_len(whole.bytes).map_err(Error::io("write", &path))?;
        if whole.lacks_newline {
            events.write_all(b"\n").map_err(Error::io("write", &path))?;
        }
        events.sync_all().map_err(Error::io("write", &path))?;
        Ok((RunWriter { run, events, chain: whole.chain }, size.saturating_sub(whole.bytes)))
    }

    /// What is recorded so far.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Records an event. When this returns, it is on the disk.
    pub fn append(&mut self, event: Event) -> Result<()> {
        let path = self.run.dir().join(format::EVENTS);
        let logged = Logged { at: jiff::Timestamp::now(), origin: None, event };
        let event = serde_json::to_vec(&logged)
            .map_err(|error| Error::input(&path, Place::Whole, "an event that JSON can hold", error.to_string()))?;
        self.run.add(logged).map_err(|found| Error::input(&path, Place::Whole, "events of this run", found))?;
        let (line, chain) = self.chain.seal(&event);
        self.events.write_all(&line).and_then(|()| self.events.sync_data()).map_err(Error::io("write", &path))?;
        self.chain = chain;
        Ok(())
    }

    /// Stores a graph, then records that it is there, and what was checked of it.
    pub fn append_graph(&mut self, submission: &str, graph: &OpGraph, checks: Vec<Checked>) -> Result<()> {
        let path = self.run.graph_path(submission);
        let bytes = serde_json::to_vec(graph)
            .map_err(|error| Error::input(&path, Place::Whole, "a graph that JSON can hold", error.to_string()))?;
        files::write(&path, &bytes)?;
        self.append(Event::Graph(RecordedGraph {
            submission: submission.to_owned(),
            sha256: sha256(&bytes),
            ops: graph.ops.len(),
            checks,
        }))
    }
}

/// The first thing in `dir` that a run killed before its beginning does not leave there.
fn first_foreign(dir: &Path) -> Result<Option<PathBuf>> {
    for entry in std::fs::read_dir(dir).map_err(Error::io("read", dir))? {
        let entry = entry.map_err(Error::io("read", dir))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let empty = |e: &std::fs::DirEntry| e.metadata().is_ok_and(|m| m.is_file() && m.len() == 0);
        let leftover = name.starts_with(files::TEMPORARY)
            // What `measure CLONE` imported before the run began.
            || (name == SUBMISSIONS && entry.path().is_dir())
            || (name == format::EVENTS && empty(&entry))
            || (name == format::GRAPHS && std::fs::read_dir(entry.path()).is_ok_and(|mut d| d.next().is_none()));
        if name == format::MANIFEST || !leftover {
            return Ok(Some(name.into_owned().into()));
        }
    }
    Ok(None)
}

/// How long a lock is waited for. A writer that was killed while it started a worker leaves the lock behind until that child,
/// which shares its files, has seen its death.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
const LOCK_INTERVAL: Duration = Duration::from_millis(20);

/// Opens the log for appending, and holds it against other writers as long as the file is open.
fn open(dir: &Path, create: bool) -> Result<File> {
    let path = dir.join(format::EVENTS);
    // Without waiting: a named pipe in the log's place would wait for its reader for ever.
    let mut options = OpenOptions::new();
    options.append(true).create(create).custom_flags(OFlags::NONBLOCK.bits() as i32);
    let file = options.open(&path).map_err(Error::io("write", &path))?;
    if !file.metadata().map_err(Error::io("read", &path))?.is_file() {
        return Err(Error::input(&path, Place::Whole, "the log of a run", "another kind of file"));
    }
    let begin = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if begin.elapsed() < LOCK_PATIENCE => std::thread::sleep(LOCK_INTERVAL),
            Err(TryLockError::WouldBlock) => {
                let dir = dir.display();
                return Err(Error::Usage(format!("{dir}: another `esr-bench measure` is writing to this run")));
            }
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_about_to_go_is_waited_for_and_one_that_stays_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let holder = open(dir.path(), true).unwrap();
        let refused = open(dir.path(), false).unwrap_err().to_string();
        assert!(refused.contains("another `esr-bench measure` is writing to this run"), "{refused}");
        let leaving = std::thread::spawn(move || {
            std::thread::sleep(LOCK_PATIENCE / 8);
            drop(holder);
        });
        assert!(open(dir.path(), false).is_ok());
        leaving.join().unwrap();
    }
}
