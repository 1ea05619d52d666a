//! What can be wrong with a run directory.

use std::fmt;

use serde::Serialize;

/// Something that is not as `measure` wrote it. Lines are those of `events.jsonl`, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Discrepancy {
    /// A line that is no event.
    Unreadable {
        /// The line.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// An event that the run does not plan.
    Foreign {
        /// The line.
        line: usize,
        /// What it names.
        why: String,
    },
    /// A line that does not follow from the one before: either was edited, or lines between them were cut out.
    Edited {
        /// The line.
        line: usize,
    },
    /// A line that is there twice.
    Repeated {
        /// The line.
        line: usize,
        /// Where it stands first.
        first: usize,
    },
    /// A line that follows from another one than the one before it.
    Moved {
        /// The line.
        line: usize,
        /// From which it follows; 0 is the beginning.
        after: usize,
    },
    /// A line whose hash was taken away, or that was put in without one.
    Unhashed {
        /// The line.
        line: usize,
    },
    /// A file whose hash is not the one that the run states.
    Exchanged {
        /// The file.
        file: String,
        /// The hash that it should have.
        expected: String,
        /// The hash that it has.
        found: String,
    },
    /// A file that the run states and that is not there.
    Absent {
        /// The file.
        file: String,
    },
    /// The worker loaded another file than the one that was planned.
    LoadedOther {
        /// The line.
        line: usize,
        /// The file.
        file: String,
    },
    /// The signed statement does not fit the run.
    Statement {
        /// In what.
        why: String,
    },
}

impl fmt::Display for Discrepancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Discrepancy::Unreadable { line, why } => write!(f, "line {line}: no event: {why}"),
            Discrepancy::Foreign { line, why } => write!(f, "line {line}: {why}"),
            Discrepancy::Edited { line: 1 } => f.write_str(
                "line 1 does not follow from run.json: one of them was edited, or lines before it were cut out",
            ),
            Discrepancy::Edited { line } => {
                write!(
                    f,
                    "line {line} does not follow from line {}: it was edited, or lines between them were cut out",
                    line - 1
                )
            }
            Discrepancy::Repeated { line, first } => write!(f, "line {line} repeats line {first}"),
            Discrepancy::Moved { line, after: 0 } => write!(f, "line {line} was moved: it follows from the beginning"),
            Discrepancy::Moved { line, after } => write!(f, "line {line} was moved: it follows from line {after}"),
            Discrepancy::Unhashed { line } => write!(f, "line {line} has no hash, though lines before it have one"),
            Discrepancy::Exchanged { file, expected, found } => {
                write!(f, "{file}: expected SHA-256 {expected}, as the run states, found {found}")
            }
            Discrepancy::Absent { file } => write!(f, "{file}: the run states it, and it is not there"),
            Discrepancy::LoadedOther { line, file } => {
                write!(f, "line {line}: the worker loaded a {file} with another hash than run.json plans")
            }
            Discrepancy::Statement { why } => write!(f, "the statement does not fit the run: {why}"),
        }
    }
}
