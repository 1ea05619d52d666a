//! The harness's one error type. A message names the file, the place in it, what was expected and what was found.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::exit;

/// Shorthand for the harness's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong in the harness, by area.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused something with a file.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The action: "read", "write", "create", "rename", "map".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's own reason.
        source: io::Error,
    },
    /// A file that the user gave does not hold what it should.
    #[error("{}{at}: expected {expected}, found {found}", file.display())]
    Input {
        /// The file.
        file: PathBuf,
        /// The line, the key or the column.
        at: Place,
        /// The expected content.
        expected: String,
        /// The actual content.
        found: String,
    },
    /// A weights file that a worker refused, or that belongs to no registered network. The message names the file.
    #[error("{0}")]
    Refused(String),
    /// An image has another size than it should have.
    #[error("{what}: expected {expected}, found {found}")]
    Shape {
        /// The image.
        what: String,
        /// The size that it should have.
        expected: String,
        /// The size that it has.
        found: String,
    },
    /// A value on the command line is well formed but does not apply.
    #[error("{0}")]
    Usage(String),
    /// The worker could not be found or started, or speaks another protocol.
    #[error("{0}")]
    Worker(String),
    /// A submission failed: the reason becomes its row.
    #[error("{submission}: {reason}")]
    Submission {
        /// The submission's name.
        submission: String,
        /// Why, in one line.
        reason: String,
    },
    /// A graph holds operations that the table of operations does not know.
    #[error("{what}: operations that the {counter} counter does not know: {}", ops.join(", "))]
    UnknownOps {
        /// The model, the submission or the graph's file.
        what: String,
        /// The convention.
        counter: String,
        /// The operations' names with overload.
        ops: Vec<String>,
    },
}

/// Where in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    #[default]
    Whole,
    /// A line, counted from 1.
    Line(usize),
    /// A key of a TOML or JSON file, or a tensor's name.
    Key(String),
    /// A cell of a table: its line, counted from 1, and its column's name.
    Cell(usize, String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Whole => Ok(()),
            Place::Line(line) => write!(f, ":{line}"),
            Place::Key(key) => write!(f, ": `{key}`"),
            Place::Cell(line, column) => write!(f, ":{line}: column `{column}`"),
        }
    }
}

impl Error {
    /// An [`Error::Io`], for `map_err`: `fs::read(p).map_err(Error::io("read", p))`.
    pub fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Error {
        let path = path.as_ref().to_path_buf();
        move |source| Error::Io { action, path, source }
    }

    /// An [`Error::Input`].
    pub fn input(file: impl AsRef<Path>, at: Place, expected: impl Into<String>, found: impl Into<String>) -> Error {
        Error::Input { file: file.as_ref().to_path_buf(), at, expected: expected.into(), found: found.into() }
    }

    /// The exit code that a script sees (see [`crate::exit`]).
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => exit::BAD_INPUT,
            Error::Io { .. } => exit::FAILED,
            Error::Input { .. } | Error::Refused(_) | Error::Shape { .. } => exit::BAD_INPUT,
            Error::Usage(_) => exit::USAGE,
            Error::Worker(_) => exit::NO_WORKER,
            Error::Submission { .. } => exit::SOME_FAILED,
            Error::UnknownOps { .. } => exit::UNKNOWN_OPS,
        }
    }
}
