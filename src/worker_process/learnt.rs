//! What a worker's first process, which runs nothing of a submission, tells about the ones that will be confined.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The variable that tells the dynamic linker where libraries lie.
pub(super) const LIBRARY_PATH: &str = "LD_LIBRARY_PATH";

/// How the processes of a worker are really started, and what they load.
#[derive(Debug)]
pub(super) struct Learnt {
    /// The folders of its libraries.
    pub(super) folders: Vec<PathBuf>,
    /// Where the worker is a script that looks for the program and becomes it: the program.
    pub(super) behind: Option<Behind>,
}

/// What a script became. A confined process is started so: it could not read the script's interpreter.
#[derive(Debug)]
pub(super) struct Behind {
    pub(super) program: PathBuf,
    pub(super) args: Vec<OsString>,
    pub(super) library_path: Option<OsString>,
}

impl Learnt {
    /// Looks at the running process `id`, which `program` started.
    pub(super) fn of(program: &Path, id: u32) -> Learnt {
        let behind = if is_script(program) { behind(id) } else { None };
        Learnt { folders: libraries(id), behind }
    }
}

fn is_script(program: &Path) -> bool {
    let mut start = [0; 2];
    let read = std::fs::File::open(program).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && &start == b"#!"
}

fn behind(id: u32) -> Option<Behind> {
    let line = std::fs::read(format!("/proc/{id}/cmdline")).ok()?;
    let mut words = line.strip_suffix(&[0]).unwrap_or(&line).split(|byte| *byte == 0).map(OsStr::from_bytes);
    // As it was called where that is a path: a Python of a virtual environment is known by it.
    let called = PathBuf::from(words.next()?);
    let program = match called.is_absolute() && called.is_file() {
        true => called,
        false => std::fs::read_link(format!("/proc/{id}/exe")).ok()?,
    };
    let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
    let prefix = format!("{LIBRARY_PATH}=");
    let library_path = environment
        .split(|byte| *byte == 0)
        .find_map(|variable| variable.strip_prefix(prefix.as_bytes()))
        .map(|value| OsStr::from_bytes(value).to_owned());
    Some(Behind { program, args: words.map(OsStr::to_owned).collect(), library_path })
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
