//! The sandbox of a worker: which files its process may reach, and which system calls it may make.
//!
//! It needs Linux and no rights: Landlock limits files, TCP and signals, seccomp limits system calls. Both are set between
//! fork and exec, so that they hold for the whole life of the process. A second filter follows inside the worker, before it
//! reads anything of a submission: from then on the process can start no other. It may use [`crate::error`].

mod access;
mod closing;
mod filters;
mod paths;
mod rights;

use std::fmt;
use std::path::PathBuf;
use std::process::Command;

use serde::{Deserialize, Serialize};

pub use access::Access;
pub use closing::close;
pub(super) use paths::program as file_of;

use crate::error::{Error, Result};

/// Whether workers run in a sandbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Refuse to start a worker where the kernel lacks a part of the sandbox
    Required,
    /// Use what the kernel offers, and say in the run what it lacks
    #[default]
    Auto,
    /// No sandbox
    Off,
}

/// What the kernel offers for a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Support {
    /// The version of Landlock's interface; 0 where there is none.
    pub landlock: u32,
    /// Whether system calls can be filtered on this processor.
    pub seccomp: bool,
}

/// The version of Landlock that knows every right of the rules: from 3 on files cannot be cut short without the right to write
/// them, from 6 on no signal reaches a process outside.
const LANDLOCK_WANTED: u32 = 6;

impl Support {
    /// Asks the kernel.
    pub fn probe() -> Support {
        Support { landlock: rights::version(), seccomp: filters::supported() }
    }

    /// Whether nothing is lacking.
    pub const fn is_whole(&self) -> bool {
        self.landlock >= LANDLOCK_WANTED && self.seccomp
    }
}

impl fmt::Display for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.landlock {
            0 => f.write_str("files are not limited (the kernel has no Landlock)")?,
            old if old < LANDLOCK_WANTED => write!(f, "files are limited in part, signals are not (Landlock {old})")?,
            version => write!(f, "files are limited (Landlock {version})")?,
        }
        f.write_str(match self.seccomp {
            true => ", system calls are filtered (seccomp)",
            false => ", system calls are not filtered (the kernel has no seccomp)",
        })
    }
}

/// How workers are confined, in words, for the log of a run.
pub fn state(mode: Mode) -> String {
    match mode {
        Mode::Off => "off: workers are not confined".to_owned(),
        Mode::Auto | Mode::Required => Support::probe().to_string(),
    }
}

/// Puts the process that `command` will start into the sandbox.
///
/// `libraries` are the folders of the worker's own libraries.
///
/// # Errors
/// `mode` requires what the kernel does not offer, or a rule cannot be made.
pub(super) fn confine(command: &mut Command, mode: Mode, access: &Access, libraries: &[PathBuf]) -> Result<()> {
    let support = Support::probe();
    if mode == Mode::Required && !support.is_whole() {
        return Err(Error::Worker(format!(
            "--sandbox required: {support}; `--sandbox auto` uses what there is, on your own responsibility"
        )));
    }
    paths::environment(command);
    let program = PathBuf::from(command.get_program());
    if support.landlock > 0 {
        rights::limit(command, access, libraries, &program)?;
    }
    if support.seccomp {
        filters::limit(command)?;
    }
    Ok(())
}
