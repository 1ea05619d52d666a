//! A log, line by line.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use crate::error::{Error, Place, Result};
use crate::run::EVENTS;
use crate::run::chain::{Chain, Link};
use crate::util::input;
use crate::util::input::Kind;

/// A log that is being read. Each line is checked to follow from the one before.
pub(super) struct Log {
    path: PathBuf,
    lines: BufReader<File>,
    chain: Chain,
    line: usize,
    buffer: Vec<u8>,
}

impl Log {
    /// The log of the run in `dir`, whose `run.json` holds `manifest`.
    pub(super) fn open(dir: &Path, manifest: &[u8]) -> Result<Log> {
        let path = dir.join(EVENTS);
        let lines = BufReader::with_capacity(1 << 20, input::open(&path, Kind::Events)?);
        Ok(Log { path, lines, chain: Chain::begin(manifest), line: 0, buffer: Vec::new() })
    }

    /// The next line, without its newline.
    ///
    /// # Errors
    /// It does not follow from the one before, or has no end: the run is not finished.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>> {
        self.buffer.clear();
        let read = self.lines.read_until(b'\n', &mut self.buffer).map_err(Error::io("read", &self.path))?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        if self.buffer.pop() != Some(b'\n') {
            return Err(self.wrong("a whole line", "an unfinished one: resume the run before it is merged"));
        }
        if matches!(self.chain.take(&self.buffer), Link::Wrong | Link::Missing) {
            let found = "one that was edited or moved: `esr-bench verify` says more";
            return Err(self.wrong("a line that follows from the one before it", found));
        }
        Ok(Some(&self.buffer))
    }

    /// Lines so far.
    pub(super) fn lines(&self) -> usize {
        self.line
    }

    /// The hash of the last line that has one.
    pub(super) fn head(&self) -> Option<&str> {
        self.chain.head()
    }

    /// An error at the present line.
    pub(super) fn wrong(&self, expected: &str, found: impl Into<String>) -> Error {
        Error::input(&self.path, Place::Line(self.line), expected, found)
    }
}
