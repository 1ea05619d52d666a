//! Why a file could not be read.

use std::path::{Path, PathBuf};

/// A file that holds no readable state dict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("cannot read {}: {source}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is truncated, damaged, or something else.
    #[error("{}{at}: expected {expected}, found {found}", file.display())]
    Bad {
        /// The file.
        file: PathBuf,
        /// The place in it, after a colon; empty for the file as a whole.
        at: String,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The pickle asks for a call that rebuilds no tensor. It was not made.
    #[error(
        "{}: refused: it asks to call `{global}`, and nothing but tensors is read here; nothing was executed. \
         If you trust the file, load it in Python and save `model.state_dict()`",
        file.display()
    )]
    Call {
        /// The file.
        file: PathBuf,
        /// Module and name.
        global: String,
    },
    /// An exported program where weights were expected.
    #[error("{}: this is {what}: a program with its weights, not a state dict; run it as a program", file.display())]
    Program {
        /// The file.
        file: PathBuf,
        /// Which kind.
        what: &'static str,
    },
}

/// An error that does not know its file yet.
#[derive(Debug)]
pub(super) enum Fault {
    Bad { at: String, expected: String, found: String },
    Call(String),
    Program(&'static str),
}

impl Fault {
    pub(super) fn bad(at: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Fault {
        Fault::Bad { at: at.into(), expected: expected.into(), found: found.into() }
    }

    pub(super) fn of(self, file: &Path) -> Error {
        let file = file.to_path_buf();
        match self {
            Fault::Bad { at, expected, found } => {
                let at = if at.is_empty() { at } else { format!(": {at}") };
                Error::Bad { file, at, expected, found }
            }
            Fault::Call(global) => Error::Call { file, global },
            Fault::Program(what) => Error::Program { file, what },
        }
    }
}
