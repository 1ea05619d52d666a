//! The limits on files, TCP and signals, by Landlock.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, Scope,
};

use crate::error::{Error, Result};
use crate::worker_process::sandbox::access::Access;
use crate::worker_process::sandbox::paths;
use crate::worker_process::sandbox::paths::Right;

/// The newest interface whose rights are asked for; an older kernel gives those that it has.
const NEWEST: ABI = ABI::V6;

/// The version of Landlock's interface in this kernel; 0 where there is none.
pub(super) fn version() -> u32 {
    /// The flag that asks for the version (linux/landlock.h).
    const VERSION: libc::c_ulong = 1;
    let (no_rules, no_size) = (std::ptr::null::<libc::c_void>(), 0_usize);
    // SAFETY: with this flag the kernel reads no memory and makes nothing.
    let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, no_rules, no_size, VERSION) };
    u32::try_from(version).unwrap_or(0)
}

/// Makes the rules, and has the process of `command` take them on before it becomes the worker.
pub(super) fn limit(command: &mut Command, access: &Access, libraries: &[PathBuf], program: &Path) -> Result<()> {
    let failed = |error: &dyn std::fmt::Display| Error::Worker(format!("the sandbox cannot be made: {error}"));
    let created = (|| {
        let rules = Ruleset::default()
            .handle_access(AccessFs::from_all(NEWEST))?
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?;
        rules.create()
    })();
    let mut rules = created.map_err(|error| failed(&error))?;
    for (path, right) in paths::system() {
        rules = add(rules, &path, rights(right)).map_err(|error| failed(&error))?;
    }
    let program = paths::program(program);
    for path in libraries.iter().chain([&program]) {
        rules = add(rules, path, rights(Right::Run)).map_err(|error| failed(&error))?;
    }
    for path in &access.read {
        rules = add(rules, path, rights(Right::Read)).map_err(|error| failed(&error))?;
    }
    for path in &access.write {
        let write = rights(Right::Read) | AccessFs::WriteFile | AccessFs::Truncate;
        rules = add(rules, path, write).map_err(|error| failed(&error))?;
    }
    if let Some(path) = &access.scratch {
        rules = add(rules, path, temporary()).map_err(|error| failed(&error))?;
    }
    let mut rules = Some(rules);
    // SAFETY: between fork and exec the closure opens one file and makes system calls. What it allocates is safe on glibc and
    // musl, whose allocators hold no lock in the child of a fork.
    unsafe {
        command.pre_exec(move || {
            let Some(rules) = rules.take() else { return Err(io::Error::other("the sandbox was used up")) };
            // Its own entry of /proc, not those of other processes: only the child knows its number.
            let rules = add(rules, Path::new("/proc/self"), rights(Right::Read)).map_err(io::Error::other)?;
            // Writing to it resets the kernel's record of the process's own peak memory.
            let reset = rights(Right::Read) | AccessFs::WriteFile | AccessFs::Truncate;
            let rules = add(rules, Path::new("/proc/self/clear_refs"), reset).map_err(io::Error::other)?;
            rules.restrict_self().map_err(io::Error::other)?;
            Ok(())
        });
    }
    Ok(())
}

/// Files and folders can be made, changed and removed; nothing can be started, and no pipe, device or link is made.
fn temporary() -> BitFlags<AccessFs> {
    rights(Right::Read)
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
}

fn rights(right: Right) -> BitFlags<AccessFs> {
    match right {
        Right::Run => AccessFs::ReadFile | AccessFs::ReadDir | AccessFs::Execute,
        Right::Read => AccessFs::ReadFile | AccessFs::ReadDir,
        Right::Device => {
            AccessFs::ReadFile | AccessFs::ReadDir | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::IoctlDev
        }
    }
}

/// Adds the rights below `path`; a path that does not exist needs none, and rights that only folders can have are left away
/// for a file.
fn add(
    rules: RulesetCreated,
    path: &Path,
    rights: BitFlags<AccessFs>,
) -> std::result::Result<RulesetCreated, landlock::RulesetError> {
    let Ok(file) = PathFd::new(path) else { return Ok(rules) };
    let rights = if path.is_dir() { rights } else { rights & AccessFs::from_file(NEWEST) };
    rules.add_rule(PathBeneath::new(file, rights))
}
