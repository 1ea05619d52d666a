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
    /// The pickle asks for a call that rebuilds no tensor. The call was not made.
    #[error(
        "{}: refused: the file asks to call `{global}`, and this reader makes no calls; nothing was executed. If you trust \
         the file, load it in Python and save `model.state_dict()`",
        file.display()
    )]
    Call {
        /// The file.
        file: PathBuf,
        /// Module and name.
        global: String,
    },
    /// The file is an exported program.
    #[error("{}: expected a state dict, found {what}, which is a program with its weights; submit it as a program", file.display())]
    Program {
        /// The file.
        file: PathBuf,
        /// Which kind.
        what: &'static str,
    },
}

/// An error whose file is not known yet.
#[derive(Debug)]
pub(super) enum Fault {
    Bad { at: String, expected: String, found: String },
    Call(String),
    Program(&'static str),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fault::Bad { at, expected, found } if at.is_empty() => write!(f, "expected {expected}, found {found}"),
            Fault::Bad { at, expected, found } => write!(f, "{at}: expected {expected}, found {found}"),
            Fault::Call(global) => write!(f, "a call of `{global}`"),
            Fault::Program(what) => f.write_str(what),
        }
    }
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
