//! The machine that a run was measured on, as `run.json` stores it and `doctor` judges it.
//!
//! Probing never fails: facts that a system does not give are absent. Facts are read from `/proc` and `/sys` below a root that
//! tests replace; formats that differ between systems are parsed by pure functions. It uses no other room.

pub mod activity;
mod cpu;
mod files;
mod identity;
mod memory;
mod nvidia;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use self::cpu::Cpu;
pub use self::identity::Identity;
pub use self::memory::{Disk, SystemMemory};
pub use self::nvidia::{Gpu, Nvidia};

/// What this machine is, and the state it is in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Machine {
    /// The host's name.
    pub host: Option<String>,
    /// The distribution: `Debian GNU/Linux 12 (bookworm)`.
    pub system: Option<String>,
    /// The kernel's release.
    pub kernel: Option<String>,
    /// `x86_64`, `aarch64`.
    pub arch: String,
    /// What the kernel reads time from (`tsc`); some sources cost microseconds a reading.
    pub clock_source: Option<String>,
    /// Processors.
    pub cpu: Cpu,
    /// Main memory.
    pub memory: SystemMemory,
    /// Room for results.
    pub disk: Option<Disk>,
    /// NVIDIA's driver and GPUs.
    pub nvidia: Nvidia,
    /// Variables that change how libtorch, OpenMP, MKL or CUDA run, as the harness was started with them.
    pub environment: BTreeMap<String, String>,
}

/// Beginnings of the names of variables that are recorded. Others are nobody's business.
const VARIABLES: &[&str] = &[
    "ATEN_",
    "CUBLAS_",
    "CUDA_",
    "CUDNN_",
    "DNNL_",
    "GOMP_",
    "KMP_",
    "LIBTORCH",
    "MALLOC_",
    "MKL_",
    "NVIDIA_TF32",
    "OMP_",
    "ONEDNN_",
    "OPENBLAS_",
    "PYTORCH_",
    "TORCH_",
];

/// Looks at this machine. Reads a few small files and asks the driver where there is one: some milliseconds, up to a second
/// where a GPU has to be woken.
pub fn probe() -> Machine {
    Machine { nvidia: nvidia::probe(), ..probe_at(Path::new("/"), Path::new("."), std::env::vars_os()) }
}

/// The part of the machine's state that changes from minute to minute and is cheap to read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Load {
    /// Runnable processes, averaged over the last minute.
    pub load_1min: Option<f64>,
    /// Different frequency governors in use.
    pub governors: Vec<String>,
}

/// Looks at the load alone: no driver is asked.
pub fn probe_load() -> Load {
    let cpu = cpu::probe(Path::new("/"));
    Load { load_1min: cpu.load.map(|[one, ..]| one), governors: cpu.governors }
}

/// Everything but the GPUs, with `/proc`, `/sys` and `/etc` below `root`, and free space in `folder`.
fn probe_at(
    root: &Path,
    folder: &Path,
    variables: impl IntoIterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
) -> Machine {
    let line = |path: &str| files::line(root, path);
    Machine {
        host: line("proc/sys/kernel/hostname"),
        system: files::text(root, "etc/os-release").as_deref().and_then(pretty_name),
        kernel: line("proc/sys/kernel/osrelease"),
        arch: std::env::consts::ARCH.to_owned(),
        clock_source: line("sys/devices/system/clocksource/clocksource0/current_clocksource"),
        cpu: cpu::probe(root),
        memory: memory::probe(root),
        disk: memory::disk(folder),
        nvidia: Nvidia::default(),
        environment: chosen(variables),
    }
}

/// The name in an `os-release` file.
fn pretty_name(os_release: &str) -> Option<String> {
    let value = os_release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(value.trim_matches('"').to_owned())
}

fn chosen(variables: impl IntoIterator<Item = (std::ffi::OsString, std::ffi::OsString)>) -> BTreeMap<String, String> {
    variables
        .into_iter()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .filter(|(name, _)| VARIABLES.iter().any(|beginning| name.starts_with(beginning)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, files: &[(&str, &str)]) {
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }

    #[test]
    fn a_workstation() {
        let root = tempfile::tempdir().unwrap();
        let core = |id: u32, core: u32| {
            format!(
                "processor\t: {id}\nmodel name\t: Fast  CPU @ 3.00GHz\nphysical id\t: 0\ncore id\t\t: {core}\nflags\t\t: fpu avx2 fma\n\n"
            )
        };
        let cpuinfo: String = [(0, 0), (1, 1), (2, 0), (3, 1)].map(|(id, c)| core(id, c)).concat();
        let cpu = "sys/devices/system/cpu";
        write(
            root.path(),
            &[
                ("proc/cpuinfo", &cpuinfo),
                ("proc/loadavg", "0.42 0.30 0.10 1/200 4242\n"),
                (
                    "proc/meminfo",
                    "MemTotal:       16384 kB\nMemFree:  1 kB\nMemAvailable:    8192 kB\nSwapTotal:  0 kB\n",
                ),
                ("proc/sys/kernel/hostname", "bench\n"),
                ("proc/sys/kernel/osrelease", "6.1.0\n"),
                ("etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n"),
                (&format!("{cpu}/cpu0/cpufreq/scaling_governor"), "powersave\n"),
                (&format!("{cpu}/cpu1/cpufreq/scaling_governor"), "performance\n"),
                (&format!("{cpu}/cpu0/cpufreq/cpuinfo_max_freq"), "4200000\n"),
                (&format!("{cpu}/cpufreq/unrelated"), "x\n"),
                (&format!("{cpu}/intel_pstate/no_turbo"), "0\n"),
                (&format!("{cpu}/smt/active"), "1\n"),
                ("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n"),
                ("sys/fs/cgroup/cpu.max", "150000 100000\n"),
                ("sys/fs/cgroup/memory.max", "max\n"),
            ],
        );
        let variables = [("OMP_NUM_THREADS", "2"), ("SECRET", "x"), ("LIBTORCH", "/opt/libtorch")];
        let machine = probe_at(root.path(), root.path(), variables.map(|(k, v)| (k.into(), v.into())));
        assert!(machine.disk.as_ref().is_some_and(|disk| disk.free_bytes > 0 && disk.total_bytes >= disk.free_bytes));
        let shown = Machine {
            disk: None,
            arch: "x86_64".into(),
            cpu: Cpu { usable: Some(4), ..machine.cpu.clone() },
            ..machine.clone()
        };
        insta::assert_snapshot!(serde_json::to_string_pretty(&shown).unwrap());
        let read: Machine = serde_json::from_str(&serde_json::to_string(&machine).unwrap()).unwrap();
        assert_eq!(read, machine);
    }

    #[test]
    fn a_system_that_tells_nothing() {
        let root = tempfile::tempdir().unwrap();
        let machine = probe_at(root.path(), root.path(), []);
        assert_eq!((machine.cpu.model, machine.cpu.threads, machine.memory.total_bytes), (None, None, None));
    }

    #[test]
    fn this_machine() {
        let machine = probe();
        assert!(machine.cpu.usable.is_some_and(|n| n > 0));
        if cfg!(target_os = "linux") {
            assert!(machine.memory.total_bytes.is_some_and(|n| n > 1 << 20), "{machine:?}");
            assert!(machine.cpu.load.is_some());
        }
        // A library that is not there is told, and is no failure.
        assert!(machine.nvidia.problem.is_some() || machine.nvidia.driver.is_some());
    }
}
