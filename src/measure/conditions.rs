//! What the machine is, and what state it is in: provenance for every figure.

use nvml_wrapper::Nvml;
use nvml_wrapper::enum_wrappers::device::{Clock, TemperatureSensor};
use serde_json::{Map, Value, json};

/// The machine, for the manifest: what can be told, and no more. GPUs are those of the driver, in its order.
pub fn machine() -> Map<String, Value> {
    let mut facts = Map::new();
    facts.insert("os".into(), std::env::consts::OS.into());
    facts.insert("arch".into(), std::env::consts::ARCH.into());
    if let Ok(kernel) = std::fs::read_to_string("/proc/sys/kernel/osrelease") {
        facts.insert("kernel".into(), kernel.trim().into());
    }
    if let Some(model) = field("/proc/cpuinfo", "model name") {
        facts.insert("cpu".into(), model.into());
    }
    if let Ok(threads) = std::thread::available_parallelism() {
        facts.insert("cpu_threads".into(), threads.get().into());
    }
    if let Some(memory) = field("/proc/meminfo", "MemTotal") {
        facts.insert("memory".into(), memory.into());
    }
    if let Ok(nvml) = Nvml::init() {
        if let Ok(driver) = nvml.sys_driver_version() {
            facts.insert("gpu_driver".into(), driver.into());
        }
        let gpus: Vec<Value> = (0..nvml.device_count().unwrap_or(0))
            .filter_map(|i| nvml.device_by_index(i).ok())
            .map(|gpu| {
                json!({
                    "name": gpu.name().ok(),
                    "memory_bytes": gpu.memory_info().ok().map(|m| m.total),
                    "max_sm_mhz": gpu.max_clock_info(Clock::SM).ok(),
                    "max_memory_mhz": gpu.max_clock_info(Clock::Memory).ok(),
                    "power_limit_mw": gpu.enforced_power_limit().ok(),
                })
            })
            .collect();
        facts.insert("gpus".into(), gpus.into());
    }
    facts
}

/// The machine's state now: load, and for a GPU run each GPU's clocks and temperature.
pub fn conditions(device: &str) -> Map<String, Value> {
    let mut state = Map::new();
    if let Ok(load) = std::fs::read_to_string("/proc/loadavg")
        && let Some(load) = load.split(' ').next().and_then(|l| l.parse::<f64>().ok())
    {
        state.insert("load_1min".into(), load.into());
    }
    if device.starts_with("cuda")
        && let Ok(nvml) = Nvml::init()
    {
        let gpus: Vec<Value> = (0..nvml.device_count().unwrap_or(0))
            .filter_map(|i| nvml.device_by_index(i).ok())
            .map(|gpu| {
                json!({
                    "sm_mhz": gpu.clock_info(Clock::SM).ok(),
                    "memory_mhz": gpu.clock_info(Clock::Memory).ok(),
                    "celsius": gpu.temperature(TemperatureSensor::Gpu).ok(),
                    "power_mw": gpu.power_usage().ok(),
                })
            })
            .collect();
        state.insert("gpus".into(), gpus.into());
    }
    state
}

/// The first `key : value` of a file of such lines.
fn field(path: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|l| l.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
