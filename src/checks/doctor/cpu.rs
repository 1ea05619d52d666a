//! Processors and threads: what disturbs a timing on the CPU.

use crate::checks::doctor::diagnosis::{Diagnosis, Level, counted};
use crate::machine::Cpu;
use crate::machine::Machine;

/// Sources of time that cost some tens of nanoseconds a reading.
const FAST_CLOCKS: &[&str] = &["tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page"];

pub(super) fn examine(machine: &Machine) -> Vec<Diagnosis> {
    let cpu = &machine.cpu;
    let mut findings = vec![Diagnosis::new("cpu", Level::Good, identity(cpu))];
    let mut find = |level, what: String, remedy: &str| {
        let finding = Diagnosis::new("cpu", level, what);
        findings.push(if remedy.is_empty() { finding } else { finding.remedy(remedy) });
    };
    if machine.arch == "x86_64" && !cpu.vector.is_empty() && !cpu.vector.iter().any(|flag| flag == "avx2") {
        find(
            Level::Warning,
            "no AVX2: libtorch falls back to its slowest kernels".into(),
            "measure on a newer processor",
        );
    }
    let slow: Vec<&str> = cpu.governors.iter().map(String::as_str).filter(|&name| name != "performance").collect();
    if !slow.is_empty() {
        find(
            Level::Warning,
            format!("the frequency governor is {}: clocks follow the load", slow.join(", ")),
            "`sudo cpupower frequency-set -g performance`",
        );
    } else if cpu.governors.is_empty() && cpu.virtual_machine == Some(true) {
        find(
            Level::Note,
            "a virtual machine: the host decides about clocks and about other load".into(),
            "measure several rounds: their spread and the A/A control show how much this disturbs",
        );
    }
    if cpu.turbo == Some(true) {
        find(
            Level::Note,
            "turbo is on: clocks depend on temperature and on how many cores work".into(),
            "for repeatable figures: `echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo`, or `echo 0` into \
             cpufreq/boost",
        );
    }
    if let (Some(load), Some(usable)) = (cpu.load, cpu.usable)
        && load[0] > 0.1 * usable as f64
    {
        let what = format!(
            "{:.1} processes were ready to run on average over the last minute, on {}",
            load[0],
            counted(usable, "thread")
        );
        find(Level::Warning, what, "stop other programs: on busy processors a forward can take many times longer");
    }
    if let Some(source) = machine.clock_source.as_deref().filter(|source| !FAST_CLOCKS.contains(source)) {
        findings.push(
            Diagnosis::new("clock", Level::Warning, format!("the kernel reads time from {source}, which is slow"))
                .remedy("boot with a stable time-stamp counter (`clocksource=tsc`)"),
        );
    }
    findings
}

fn identity(cpu: &Cpu) -> String {
    let mut text = cpu.model.clone().unwrap_or_else(|| "a processor without a name".into());
    if let Some(cores) = cpu.cores {
        text += &format!(", {}", counted(cores, "core"));
    }
    if let Some(threads) = cpu.threads {
        text += &format!(", {}", counted(threads, "thread"));
    }
    if let Some(mhz) = cpu.max_mhz {
        text += &format!(", up to {mhz:.0} MHz");
    }
    text
}

/// Threads that may be used, and variables that change how they are.
pub(super) fn threads(machine: &Machine) -> Vec<Diagnosis> {
    let cpu = &machine.cpu;
    let mut findings = Vec::new();
    let mut find = |level, what: String, remedy: String| {
        findings.push(Diagnosis::new("threads", level, what).remedy(remedy));
    };
    if let (Some(usable), Some(threads)) = (cpu.usable, cpu.threads)
        && usable < threads
    {
        let what = format!("{usable} of {} may be used (affinity or quota)", counted(threads, "thread"));
        find(Level::Note, what, format!("measure with `--threads {usable}` at most"));
    }
    if let Some(quota) = cpu.quota.filter(|&quota| cpu.threads.is_none_or(|threads| quota < threads as f64)) {
        find(
            Level::Warning,
            format!("the container may use {quota} processors, and is paused when it exceeds them"),
            format!("raise its limit, or measure with `--threads {}`", (quota.floor() as usize).max(1)),
        );
    }
    if cpu.smt == Some(true)
        && let Some(cores) = cpu.cores
    {
        find(
            Level::Note,
            "each core runs two hardware threads".into(),
            format!(
                "measure with `--threads {cores}` at most, or switch hardware threads off: `echo off | sudo tee /sys/devices/system/cpu/smt/control`"
            ),
        );
    }
    for (name, value) in &machine.environment {
        match (name.as_str(), value.as_str()) {
            ("OMP_NUM_THREADS" | "MKL_NUM_THREADS", _) => find(
                Level::Note,
                format!("{name}={value} applies to runs without `--threads`"),
                "give `--threads`: the number is then part of the run's plan".into(),
            ),
            ("OMP_WAIT_POLICY" | "KMP_BLOCKTIME" | "GOMP_SPINCOUNT", _) => find(
                Level::Note,
                format!("{name}={value} changes how idle threads wait"),
                "use the same setting for all runs that are compared".into(),
            ),
            ("NVIDIA_TF32_OVERRIDE", _) => find(
                Level::Warning,
                format!("{name}={value} overrides the precision settings of a run"),
                format!("unset {name}"),
            ),
            ("CUDA_LAUNCH_BLOCKING", value) if value != "0" => find(
                Level::Warning,
                format!("{name}={value} makes libtorch wait for every kernel, so that runtimes grow"),
                format!("unset {name}"),
            ),
            ("PYTORCH_CUDA_ALLOC_CONF" | "PYTORCH_ALLOC_CONF" | "PYTORCH_NO_CUDA_MEMORY_CACHING", _) => {
                find(Level::Warning, format!("{name}={value} changes what peak memory means"), format!("unset {name}"))
            }
            _ => {}
        }
    }
    findings
}
