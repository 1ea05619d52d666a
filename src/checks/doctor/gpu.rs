//! The state of NVIDIA's GPUs: what changes their clocks, and other processes on them.

use crate::checks::doctor::diagnosis::{Diagnosis, Level, counted, gib};
use crate::machine::{Gpu, Nvidia};

/// Above this a device is near the point at which it slows down.
const HOT_C: u32 = 80;

/// More memory than an idle driver uses: another process uses the device, even if the driver does not show it.
const IDLE_BYTES: u64 = 1 << 30;

pub(super) fn examine(nvidia: &Nvidia) -> Vec<Diagnosis> {
    if let Some(problem) = &nvidia.problem {
        return vec![
            Diagnosis::new("gpu", Level::Note, format!("the state of the GPUs is not known: {problem}"))
                .remedy("if the machine has an NVIDIA GPU, install NVIDIA's driver; otherwise nothing is missing"),
        ];
    }
    let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "unknown".into());
    let driver = format!("driver {}, up to CUDA {}", version(&nvidia.driver), version(&nvidia.cuda));
    let first = Diagnosis::new("gpu", Level::Good, format!("{driver}, {}", counted(nvidia.gpus.len(), "GPU")));
    std::iter::once(first).chain(nvidia.gpus.iter().flat_map(one)).collect()
}

fn one(gpu: &Gpu) -> Vec<Diagnosis> {
    let area = format!("gpu {}", gpu.index);
    let index = gpu.index;
    let finding = |level, what: String| Diagnosis::new(area.clone(), level, what);
    let mut findings = vec![finding(Level::Good, identity(gpu))];
    if !gpu.throttled.is_empty() {
        findings.push(
            finding(Level::Warning, format!("the driver limits the clocks because of: {}", gpu.throttled.join(", ")))
                .remedy("let the GPU cool, raise its power limit, or lock lower clocks that it can sustain"),
        );
    }
    if let (Some(now), Some(most)) = (gpu.graphics_mhz, gpu.max_graphics_mhz) {
        let what = match gpu.application_mhz {
            Some(set) => format!("graphics clock {now} MHz now, {most} at most, {set} set for applications"),
            None => format!("graphics clock {now} MHz now, {most} at most"),
        };
        findings.push(finding(Level::Note, what).remedy(format!(
            "for repeatable figures, lock the clock: `sudo nvidia-smi -i {index} -lgc MHZ`, and afterwards `-rgc`"
        )));
    }
    if gpu.persistence == Some(false) {
        findings.push(
            finding(
                Level::Note,
                "persistence mode is off: each worker waits until the driver has initialised the device".into(),
            )
            .remedy(format!("`sudo nvidia-smi -i {index} -pm 1`")),
        );
    }
    if let Some(celsius) = gpu.temperature_c.filter(|&celsius| celsius >= HOT_C) {
        findings.push(
            finding(Level::Warning, format!("{celsius} degrees Celsius: the GPU may reduce its clocks"))
                .remedy("let the GPU cool before a run, and check the fans"),
        );
    }
    findings.extend(company(gpu).map(|what| {
        finding(Level::Warning, what).remedy(format!(
            "stop that process (`nvidia-smi -i {index}` shows it), or measure on another device with `--device cuda:N`"
        ))
    }));
    if gpu.divided == Some(true) {
        findings.push(
            finding(Level::Warning, "the device is divided (MIG): a run would measure one slice of it".into())
                .remedy("measure on an undivided device"),
        );
    }
    findings
}

fn identity(gpu: &Gpu) -> String {
    let mut text = gpu.name.clone().unwrap_or_else(|| "a GPU without a name".into());
    if let Some(bytes) = gpu.memory_bytes {
        text += &format!(", {}", gib(bytes));
    }
    if let Some(capability) = &gpu.compute_capability {
        text += &format!(", compute capability {capability}");
    }
    if let (Some(now), Some(limit)) = (gpu.power_w, gpu.power_limit_w) {
        text += &format!(", {now:.0} of {limit:.0} W");
    }
    text
}

/// Who else uses the device.
fn company(gpu: &Gpu) -> Option<String> {
    let used = gpu.used_bytes.map(|bytes| format!(", {} in use", gib(bytes))).unwrap_or_default();
    match gpu.processes {
        Some(1) => Some(format!("another process computes on it{used}")),
        Some(n) if n > 1 => Some(format!("{n} processes compute on it{used}")),
        _ if gpu.used_bytes.is_some_and(|bytes| bytes > IDLE_BYTES) => {
            Some(format!("no process is shown, but memory is in use{used}"))
        }
        _ => None,
    }
}
