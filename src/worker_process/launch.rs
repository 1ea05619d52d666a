//! Which program a worker is, and how it is started.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, getppid, set_parent_process_death_signal, setrlimit};

use crate::error::{Error, Result};

/// The worker's file name.
const NAME: &str = "esr-worker";

/// What one request may cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Time for one forward, and for loading a network.
    pub forward: Duration,
    /// Time for starting and answering `hello`.
    pub start: Duration,
    /// Resident bytes. A watchdog in the harness looks every 20 ms while a request runs and kills a worker that holds more;
    /// what was allocated and given back between two looks goes unseen. The limit is on resident memory because
    /// libtorch reserves far more address space than it uses (with CUDA: all of the GPU's), and it does not
    /// cover device memory.
    pub memory: Option<u64>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { forward: Duration::from_secs(600), start: Duration::from_secs(180), memory: None }
    }
}

/// How to start a worker. The only place that makes its command: a sandbox goes between `program` and the process.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Variables that are set for it, besides those that it inherits.
    pub env: Vec<(OsString, OsString)>,
    /// Its limits.
    pub limits: Limits,
}

impl Launch {
    /// The worker `program` without arguments.
    pub fn new(program: PathBuf, limits: Limits) -> Launch {
        Launch { program, args: Vec::new(), env: Vec::new(), limits }
    }

    /// A command whose process leads its own process group (Ctrl-C reaches the harness alone, and the worker dies with all
    /// its children), leaves no core dump, and is killed by the kernel if the harness ends in whatever way.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        // The last words of a panic should be its message.
        command.env("RUST_BACKTRACE", "0").envs(self.env.iter().cloned());
        let parent = rustix::process::getpid();
        // SAFETY: between fork and exec only async-signal-safe system calls are made: prctl, getppid, setrlimit.
        unsafe {
            command.pre_exec(move || {
                set_parent_process_death_signal(Some(Signal::KILL))?;
                // The harness may have died before the call above took effect.
                if getppid() != Some(parent) {
                    return Err(rustix::io::Errno::SRCH.into());
                }
                setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
                Ok(())
            });
        }
        command
    }
}

/// The worker's program: `given`, or `esr-worker` beside the running executable.
pub fn locate(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = given {
        return if path.is_file() {
            Ok(path.to_path_buf())
        } else {
            Err(Error::Worker(format!("no worker at {}: there is no such file", path.display())))
        };
    }
    let own = std::env::current_exe().map_err(Error::io("find", "the running executable"))?;
    let beside = own.with_file_name(NAME);
    if beside.is_file() {
        return Ok(beside);
    }
    Err(Error::Worker(format!(
        "no worker at {}: `cargo build -p {NAME}` (or `make setup`) builds it, `--worker FILE` names another",
        beside.display()
    )))
}
