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
        /// The action: "read", "write", "create", "rename".
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
    /// The user interrupted.
    #[error("interrupted")]
    Interrupted,
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
            Error::Io { action, source, .. } if is_bad_path(action, source) => exit::BAD_INPUT,
            Error::Io { .. } => exit::FAILED,
            Error::Input { .. } | Error::Refused(_) | Error::Shape { .. } => exit::BAD_INPUT,
            Error::Usage(_) => exit::USAGE,
            Error::Worker(_) => exit::NO_WORKER,
            Error::Interrupted => exit::INTERRUPTED,
            Error::Submission { .. } => exit::SOME_FAILED,
            Error::UnknownOps { .. } => exit::UNKNOWN_OPS,
        }
    }
}

/// Whether the path that was given is at fault, or what lies there, and not the machine: no such file, a file where a folder
/// is expected, a loop of links, a name that is too long, text that is not UTF-8.
fn is_bad_path(action: &str, error: &io::Error) -> bool {
    use io::ErrorKind;
    // The kind of a loop of links has no stable name yet.
    let is_loop = error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    let is_path = matches!(
        error.kind(),
        ErrorKind::NotFound
            | ErrorKind::IsADirectory
            | ErrorKind::NotADirectory
            | ErrorKind::AlreadyExists
            | ErrorKind::InvalidFilename
            | ErrorKind::InvalidData
    );
    is_loop || is_path || (action == "read" && error.kind() == ErrorKind::PermissionDenied)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of_reading(path: &Path) -> u8 {
        let error = std::fs::read_to_string(path).map_err(Error::io("read", path)).unwrap_err();
        error.exit_code()
    }

    #[test]
    fn what_is_wrong_with_a_given_path_is_bad_input() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("latin1.toml"), b"team = \"Universit\xe4t\"").unwrap();
        std::os::unix::fs::symlink(at("b"), at("a")).unwrap();
        std::os::unix::fs::symlink(at("a"), at("b")).unwrap();
        for bad in [
            at("latin1.toml"),
            at("latin1.toml/inside"),
            at("a"),
            at(&"x".repeat(300)),
            folder.path().to_path_buf(),
            at("absent"),
        ] {
            assert_eq!(code_of_reading(&bad), exit::BAD_INPUT, "{}", bad.display());
        }
        let file = at("latin1.toml");
        let error = std::fs::create_dir_all(&file).map_err(Error::io("create", &file)).unwrap_err();
        assert_eq!(error.exit_code(), exit::BAD_INPUT, "a file where a folder is expected: {error}");
    }

    #[test]
    fn what_the_machine_lacks_is_its_failure() {
        use io::ErrorKind::{FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        for kind in [StorageFull, QuotaExceeded, ReadOnlyFilesystem, PermissionDenied, FileTooLarge] {
            let error = Error::io("write", "run/events.jsonl")(io::Error::from(kind));
            assert_eq!(error.exit_code(), exit::FAILED, "{error}");
        }
    }
}
