//! What happened in a run, in order, with the times: failures that were retried since are still in it.

use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::run::event::Stage;
use crate::run::format;

/// One line of the log, without its figures.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Moment {
    /// When it was over.
    pub at: jiff::Timestamp,
    /// The event's name: `round`, `failure`, ...
    pub event: String,
    /// The submission that it is about.
    #[serde(default)]
    pub submission: Option<String>,
    /// The label that a round was timed under.
    #[serde(default)]
    pub label: Option<String>,
    /// The round.
    #[serde(default)]
    pub round: Option<u32>,
    /// The stage that failed.
    #[serde(default)]
    pub stage: Option<Stage>,
    /// Why it failed.
    #[serde(default)]
    pub reason: Option<String>,
}

/// The state of the log's file: a reader sees by it whether anything was added.
pub fn log_metadata(dir: &Path) -> Option<std::fs::Metadata> {
    std::fs::metadata(dir.join(format::EVENTS)).ok()
}

/// Reads the log of the run directory `dir`. Lines that are no events, such as the last one while it is being written, are
/// left out.
pub fn history(dir: &Path) -> Result<Vec<Moment>> {
    read(dir, |_| true)
}

/// As [`history`], failures and retries alone: the lines of timings, which are nearly all of a log, are not parsed.
pub fn failures(dir: &Path) -> Result<Vec<Moment>> {
    let about = |line: &[u8]| {
        let start = &line[..line.len().min(300)];
        let has = |word: &[u8]| start.windows(word.len()).any(|w| w == word);
        has(b"\"failure\"") || has(b"\"retry\"")
    };
    Ok(read(dir, about)?.into_iter().filter(|m| matches!(m.event.as_str(), "failure" | "retry")).collect())
}

fn read(dir: &Path, wanted: impl Fn(&[u8]) -> bool) -> Result<Vec<Moment>> {
    let path = dir.join(format::EVENTS);
    let log = match std::fs::read(&path) {
        Ok(log) => log,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Error::io("read", &path)(error)),
    };
    let lines = log.split(|&b| b == b'\n').filter(|line| wanted(line));
    Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_stay_in_the_history_and_a_half_written_line_does_not_matter() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(history(folder.path()).unwrap(), []);
        let log = concat!(
            r#"{"at":"2026-01-01T00:00:00Z","event":"started","torn_bytes":0,"worker":"w"}"#,
            "\n",
            r#"{"at":"2026-01-01T00:00:01Z","event":"failure","submission":"a","stage":"rounds","reason":"killed"}"#,
            "\n",
            r#"{"at":"2026-01-01T00:00:02Z","event":"retry","submission":"a"}"#,
            "\n",
            r#"{"at":"2026-01-01T00:00:03Z","event":"round","round":0,"lab"#,
        );
        std::fs::write(folder.path().join(format::EVENTS), log).unwrap();
        let history = history(folder.path()).unwrap();
        let events: Vec<&str> = history.iter().map(|m| m.event.as_str()).collect();
        assert_eq!(events, ["started", "failure", "retry"]);
        assert_eq!(failures(folder.path()).unwrap(), history[1..]);
        assert_eq!(history[1].reason.as_deref(), Some("killed"));
        assert_eq!(history[1].stage, Some(Stage::Rounds));
    }
}
