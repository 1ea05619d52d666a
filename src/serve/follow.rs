//! Following a run that another process writes: what is there is read again when it has changed, and not too often.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::error::Result;
use crate::page::{Mode, Pictures, render};
use crate::rank;
use crate::report::{self, Options};
use crate::rules::Rules;
use crate::run::{Run, history};
use crate::serve::progress::{Progress, progress};

/// Reading again rests at least this long, and at least [`REST`] times as long as the last reading took: a page that many
/// look at costs a twentieth of one core at most.
const LEAST: Duration = Duration::from_millis(1500);
const REST: u32 = 20;

/// What a run's directory looked like: its log's size, time and file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Print {
    size: u64,
    changed: Option<SystemTime>,
    file: u64,
}

/// The page of a run as it was read last.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// Changes with the page.
    pub(super) number: u64,
    /// The document.
    pub(super) html: Arc<String>,
    /// How far the run is.
    pub(super) progress: Progress,
    /// Why the run could not be read since, if it could not.
    pub(super) problem: Option<String>,
}

/// One run that is followed.
#[derive(Debug)]
pub(super) struct Follower {
    dir: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    print: Option<Print>,
    seen: Option<Seen>,
    /// Not before.
    next: Option<Instant>,
    readings: u64,
}

impl Follower {
    pub(super) fn new(dir: PathBuf) -> Follower {
        Follower { dir, state: Mutex::default() }
    }

    /// The run as it is, or as it was a moment ago.
    ///
    /// # Errors
    /// The run cannot be read, and never could.
    pub(super) fn look(&self, rules: &Rules) -> Result<Seen> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let print = print_of(&self.dir);
        let rests = state.next.is_some_and(|next| now < next);
        if let Some(seen) = &state.seen
            && (rests || (print.is_some() && print == state.print && seen.problem.is_none()))
        {
            return Ok(seen.clone());
        }
        let read = read(&self.dir, rules);
        state.next = Some(Instant::now() + LEAST.max(now.elapsed() * REST));
        match (read, &mut state.seen) {
            (Ok((html, progress)), _) => {
                state.readings += 1;
                state.print = print;
                let seen = Seen { number: state.readings, html: Arc::new(html), progress, problem: None };
                state.seen = Some(seen.clone());
                Ok(seen)
            }
            // A line that is being written, a file that is being replaced: what was seen last stays until it can be read.
            (Err(error), Some(seen)) => {
                seen.problem = Some(error.to_string());
                Ok(seen.clone())
            }
            (Err(error), None) => Err(error),
        }
    }
}

fn read(dir: &Path, rules: &Rules) -> Result<(String, Progress)> {
    let run = Run::open(dir)?;
    let entries = run.entries(rules)?;
    let boards = rank::every_track(&entries, rules, &[run.timed(rules)], &rank::Options::default())?;
    let mut page = report::page(&rules.title, &boards, &Options::default(), &entries);
    page.add_run(&run, 0, rules)?;
    page.add_pictures(&run, 0, &Pictures::default())?;
    Ok((render(&page, Mode::Live)?, progress(&run, &history(dir)?)))
}

fn print_of(dir: &Path) -> Option<Print> {
    let found = crate::run::log_metadata(dir)?;
    Some(Print { size: found.len(), changed: found.modified().ok(), file: file_number(&found) })
}

#[cfg(unix)]
fn file_number(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn file_number(_: &Metadata) -> u64 {
    0
}
