//! Which program a worker is, and how it is started.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, getppid, set_parent_process_death_signal, setrlimit};

use crate::error::{Error, Result};
use crate::worker_process::sandbox;
use crate::worker_process::sandbox::{Access, Mode};
use crate::worker_process::scratch::Scratch;

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

/// How to start a worker. The only place that makes its command.
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
    /// Whether processes that run a submission are confined.
    sandbox: Mode,
    /// Folders that the worker itself needs besides its libraries: Python's modules.
    pub folders: Vec<PathBuf>,
    /// What a confined process may reach; `None` where it runs nothing of a submission.
    access: Option<Access>,
    /// The folders of the worker's libraries, learnt from its first process and shared by all copies.
    libraries: Arc<OnceLock<Vec<PathBuf>>>,
}

impl Launch {
    /// The worker `program` without arguments.
    pub fn new(program: PathBuf, limits: Limits) -> Launch {
        Launch {
            program,
            args: Vec::new(),
            env: Vec::new(),
            limits,
            sandbox: Mode::default(),
            folders: Vec::new(),
            access: None,
            libraries: Arc::default(),
        }
    }

    /// The same worker, whose processes that run a submission are confined as `mode` says.
    #[must_use]
    pub fn with_sandbox(self, mode: Mode) -> Launch {
        Launch { sandbox: mode, ..self }
    }

    /// The same worker for a submission: confined to `access`, unless the sandbox is off.
    pub fn within(&self, access: Access) -> Launch {
        let access = (self.sandbox != Mode::Off).then_some(access);
        Launch { access, ..self.clone() }
    }

    /// The same worker without a submission, where its libraries have to be learnt first.
    pub(super) fn to_learn_from(&self) -> Option<Launch> {
        let needed = self.access.is_some() && self.libraries.get().is_none();
        needed.then(|| Launch { access: None, ..self.clone() })
    }

    /// Remembers the folders of the libraries that the process `id` has loaded.
    pub(super) fn learn(&self, id: u32) {
        self.libraries.get_or_init(|| libraries(id));
    }

    /// A command whose process leads its own process group (Ctrl-C reaches the harness alone, and the worker dies with all
    /// its children), leaves no core dump, and is killed by the kernel if the harness ends in whatever way. A confined one
    /// has a folder for temporary files, which must live as long as the process.
    ///
    /// # Errors
    /// The sandbox or the folder cannot be made.
    pub(super) fn command(&self) -> Result<(Command, Option<Scratch>)> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        // The last words of a panic should be its message.
        command.env("RUST_BACKTRACE", "0").envs(self.env.iter().cloned());
        let parent = rustix::process::getpid();
        // SAFETY: between fork and exec only async-signal-safe system calls are made: prctl, getppid, setrlimit, fcntl.
        unsafe {
            command.pre_exec(move || {
                set_parent_process_death_signal(Some(Signal::KILL))?;
                // The harness may have died before the call above took effect.
                if getppid() != Some(parent) {
                    return Err(rustix::io::Errno::SRCH.into());
                }
                setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
                close_inherited_on_exec();
                Ok(())
            });
        }
        let mut scratch = None;
        if let Some(access) = &self.access {
            let made =
                Scratch::make().map_err(Error::io("create a folder for temporary files in", std::env::temp_dir()))?;
            command.env("TMPDIR", made.path());
            let access = Access { scratch: Some(made.path().to_path_buf()), ..access.clone() };
            scratch = Some(made);
            let folders: Vec<PathBuf> =
                self.libraries.get().into_iter().flatten().chain(&self.folders).cloned().collect();
            sandbox::confine(&mut command, self.sandbox, &access, &folders)?;
        }
        Ok((command, scratch))
    }
}

/// Files that the harness itself inherited do not reach the worker: its standard streams alone do.
fn close_inherited_on_exec() {
    // SAFETY: the call marks numbers of open files; it reads and writes no memory.
    if unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) } == 0 {
        return;
    }
    // Before Linux 5.11.
    for number in 3..1024 {
        // SAFETY: the number is not kept; one that is no open file is refused by the kernel without effect.
        let file = unsafe { rustix::fd::BorrowedFd::borrow_raw(number) };
        let _ = rustix::io::fcntl_setfd(file, rustix::io::FdFlags::CLOEXEC);
    }
}

/// The folders of the shared libraries that a process has loaded, as the kernel lists them.
fn libraries(id: u32) -> Vec<PathBuf> {
    let maps = std::fs::read_to_string(format!("/proc/{id}/maps")).unwrap_or_default();
    let files = maps.lines().filter_map(|line| line.find('/').map(|at| Path::new(&line[at..])));
    let libraries = files.filter(|file| file.file_name().is_some_and(|name| name.to_string_lossy().contains(".so")));
    let mut folders: Vec<PathBuf> = libraries.filter_map(Path::parent).map(Path::to_path_buf).collect();
    folders.sort_unstable();
    folders.dedup();
    folders
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
