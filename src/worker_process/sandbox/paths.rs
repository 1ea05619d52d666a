//! What every worker may reach: one table of paths, and one of environment variables.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What may be done below a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// Reading, listing, and starting programs: the second filter ends the latter before a submission is read.
    Run,
    /// Reading and listing.
    Read,
    /// Reading and writing a device, with its control calls.
    Device,
}

/// The system's part of the sandbox. Paths that do not exist are left out. The devices of NVIDIA are those that its driver's
/// documentation names.
const SYSTEM: &[(&str, Right)] = &[
    ("/usr", Right::Run),
    ("/lib", Right::Run),
    ("/lib64", Right::Run),
    ("/bin", Right::Run),
    ("/nix/store", Right::Run),
    ("/etc/ld.so.cache", Right::Read),
    ("/etc/ld.so.conf", Right::Read),
    ("/etc/ld.so.conf.d", Right::Read),
    ("/etc/localtime", Right::Read),
    ("/etc/passwd", Right::Read),
    ("/etc/nsswitch.conf", Right::Read),
    ("/etc/OpenCL", Right::Read),
    ("/proc/cpuinfo", Right::Read),
    ("/proc/meminfo", Right::Read),
    ("/proc/stat", Right::Read),
    ("/proc/version", Right::Read),
    ("/proc/filesystems", Right::Read),
    ("/proc/devices", Right::Read),
    ("/proc/modules", Right::Read),
    ("/proc/sys/kernel", Right::Read),
    ("/proc/sys/vm", Right::Read),
    ("/proc/driver/nvidia", Right::Read),
    ("/sys/devices", Right::Read),
    ("/sys/bus", Right::Read),
    ("/sys/class", Right::Read),
    ("/sys/module", Right::Read),
    ("/sys/fs/cgroup", Right::Read),
    ("/sys/kernel/mm", Right::Read),
    ("/dev/null", Right::Device),
    ("/dev/zero", Right::Device),
    ("/dev/full", Right::Device),
    ("/dev/random", Right::Read),
    ("/dev/urandom", Right::Read),
    ("/dev/nvidiactl", Right::Device),
    ("/dev/nvidia-uvm", Right::Device),
    ("/dev/nvidia-uvm-tools", Right::Device),
    ("/dev/nvidia-modeset", Right::Device),
    ("/dev/nvidia-caps", Right::Device),
    ("/dev/nvidia-nvswitchctl", Right::Device),
    ("/dev/nvidia-caps-imex-channels", Right::Device),
];

/// The paths of the table, and the device of each GPU.
pub(super) fn system() -> Vec<(PathBuf, Right)> {
    let gpus = (0..64).map(|gpu| (PathBuf::from(format!("/dev/nvidia{gpu}")), Right::Device));
    let table = SYSTEM.iter().map(|&(path, right)| (PathBuf::from(path), right));
    table.chain(gpus).filter(|(path, _)| path.exists()).collect()
}

/// The variables that a worker inherits; a name that ends with `*` stands for all that begin so.
const VARIABLES: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_*",
    "TZ",
    "LD_LIBRARY_PATH",
    "LIBTORCH*",
    "OMP_*",
    "MKL_*",
    "KMP_*",
    "GOMP_*",
    "OPENBLAS_*",
    "CUDA_*",
    "NVIDIA_*",
    "CUBLAS_*",
    "CUDNN_*",
    "PYTORCH_*",
    "TORCH_*",
    "PYTHON*",
    "VIRTUAL_ENV",
    "MALLOC_*",
];

/// Leaves the variables of the table, and those that were set for this worker.
pub(super) fn environment(command: &mut Command) {
    let own: Vec<_> =
        command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    let kept = std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(inherited)).collect::<Vec<_>>();
    command.env_clear().envs(kept).envs(own);
}

fn inherited(name: &str) -> bool {
    VARIABLES.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == *pattern,
    })
}

/// The file that `program` names: a path as it is, a bare name as the shell finds it.
pub(in crate::worker_process) fn program(program: &Path) -> PathBuf {
    if program.components().count() > 1 {
        return program.to_path_buf();
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|file| file.is_file());
    found.unwrap_or_else(|| program.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_the_environment_are_not_inherited() {
        assert!(inherited("PATH") && inherited("OMP_NUM_THREADS") && inherited("CUDA_VISIBLE_DEVICES"));
        assert!(!inherited("AWS_SECRET_ACCESS_KEY") && !inherited("SSH_AUTH_SOCK") && !inherited("LD_PRELOAD"));
    }

    #[test]
    fn a_bare_name_is_looked_up_as_the_shell_does() {
        assert!(program(Path::new("sh")).is_absolute());
        assert_eq!(program(Path::new("./sh")), Path::new("./sh"));
    }
}
