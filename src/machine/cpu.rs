//! Processors: what they are, who else uses them, and what changes their clocks.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::machine::files;

/// The processors that the system shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Cpu {
    /// `Intel(R) Xeon(R) Gold 6326 CPU @ 2.90GHz`.
    pub model: Option<String>,
    /// Sockets.
    pub sockets: Option<usize>,
    /// Cores of all sockets.
    pub cores: Option<usize>,
    /// Hardware threads of all cores.
    pub threads: Option<usize>,
    /// Threads that this process may use: affinity and the container's quota count.
    pub usable: Option<usize>,
    /// The container's quota, in processors.
    pub quota: Option<f64>,
    /// Whether cores run two threads.
    pub smt: Option<bool>,
    /// Different frequency governors in use; empty where the system offers none, as in most virtual machines.
    pub governors: Vec<String>,
    /// Whether clocks may rise above the nominal one.
    pub turbo: Option<bool>,
    /// The highest clock, in MHz.
    pub max_mhz: Option<f64>,
    /// Whether the system runs in a virtual machine.
    pub virtual_machine: Option<bool>,
    /// Vector instructions that libtorch's kernels choose by.
    pub vector: Vec<String>,
    /// Processes that wanted to run, on average over 1, 5 and 15 minutes.
    pub load: Option<[f64; 3]>,
}

/// Flags worth recording, as `/proc/cpuinfo` spells them.
const VECTOR: &[&str] = &[
    "asimd",
    "avx",
    "avx2",
    "avx512_bf16",
    "avx512_fp16",
    "avx512_vnni",
    "avx512f",
    "amx_bf16",
    "amx_tile",
    "f16c",
    "fma",
    "sve",
    "sve2",
];

pub(super) fn probe(root: &Path) -> Cpu {
    const CPU: &str = "sys/devices/system/cpu";
    let info = files::text(root, "proc/cpuinfo").unwrap_or_default();
    let flags: BTreeSet<&str> =
        field(&info, "flags").or_else(|| field(&info, "Features")).unwrap_or_default().split_whitespace().collect();
    let topology = topology(&info);
    let turbo = files::number::<u8>(root, &format!("{CPU}/intel_pstate/no_turbo"))
        .map(|no| no == 0)
        .or_else(|| files::number::<u8>(root, &format!("{CPU}/cpufreq/boost")).map(|on| on == 1));
    Cpu {
        model: field(&info, "model name").map(|name| name.split_whitespace().collect::<Vec<_>>().join(" ")),
        sockets: topology.as_ref().map(|cores| cores.iter().map(|(socket, _)| socket).collect::<BTreeSet<_>>().len()),
        cores: topology.map(|cores| cores.len()),
        threads: Some(info.lines().filter(|line| key(line) == Some("processor")).count()).filter(|&n| n > 0),
        usable: std::thread::available_parallelism().ok().map(std::num::NonZero::get),
        quota: quota(root),
        smt: files::number::<u8>(root, &format!("{CPU}/smt/active")).map(|active| active == 1),
        governors: governors(root, CPU).into_iter().collect(),
        turbo,
        max_mhz: files::number::<f64>(root, &format!("{CPU}/cpu0/cpufreq/cpuinfo_max_freq")).map(|khz| khz / 1000.0),
        virtual_machine: (!flags.is_empty()).then(|| flags.contains("hypervisor")),
        vector: VECTOR.iter().filter(|flag| flags.contains(*flag)).map(|&flag| flag.to_owned()).collect(),
        load: files::line(root, "proc/loadavg").as_deref().and_then(load),
    }
}

/// A field's value in `/proc/cpuinfo`, of the first processor.
fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find(|line| key(line) == Some(name))?.split_once(':').map(|(_, value)| value.trim())
}

fn key(line: &str) -> Option<&str> {
    line.split_once(':').map(|(key, _)| key.trim())
}

/// Every core as (socket, number).
fn topology(info: &str) -> Option<BTreeSet<(u32, u32)>> {
    let cores: BTreeSet<(u32, u32)> = info
        .split("\n\n")
        .filter_map(|one| Some((field(one, "physical id")?.parse().ok()?, field(one, "core id")?.parse().ok()?)))
        .collect();
    (!cores.is_empty()).then_some(cores)
}

fn governors(root: &Path, cpu: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root.join(cpu)).into_iter().flatten().flatten();
    entries.filter_map(|entry| files::line(&entry.path(), "cpufreq/scaling_governor")).collect()
}

/// A container's limit in processors: cgroup version 2, then 1.
fn quota(root: &Path) -> Option<f64> {
    let (quota, period) = match files::line(root, "sys/fs/cgroup/cpu.max") {
        Some(line) => {
            let (quota, period) = line.split_once(' ')?;
            (quota.parse::<f64>().ok()?, period.parse::<f64>().ok()?)
        }
        None => (
            files::number(root, "sys/fs/cgroup/cpu/cpu.cfs_quota_us")?,
            files::number(root, "sys/fs/cgroup/cpu/cpu.cfs_period_us")?,
        ),
    };
    // -1 means no limit.
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

fn load(line: &str) -> Option<[f64; 3]> {
    let mut values = line.split_whitespace().map(|word| word.parse().ok());
    Some([values.next()??, values.next()??, values.next()??])
}
