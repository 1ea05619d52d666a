//! NVIDIA's GPUs, through the management library that comes with the driver. It is loaded while running: a machine
//! without it is a machine without a GPU, and nothing fails.

use nvml_wrapper::bitmasks::device::ThrottleReasons;
use nvml_wrapper::enum_wrappers::device::{Clock, TemperatureSensor};
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device, Nvml};
use serde::{Deserialize, Serialize};

/// The driver and its GPUs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Nvidia {
    /// Why nothing is known of any GPU; absent if the driver answered.
    pub problem: Option<String>,
    /// The driver's version.
    pub driver: Option<String>,
    /// The newest CUDA that the driver runs: `12.4`.
    pub cuda: Option<String>,
    /// Every GPU, in the driver's order (`CUDA_VISIBLE_DEVICES` may hide some from programs).
    pub gpus: Vec<Gpu>,
}

/// One GPU and its state when it was looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Gpu {
    /// The driver's number.
    pub index: u32,
    /// `NVIDIA GeForce RTX 3090`.
    pub name: Option<String>,
    /// The device's own number.
    pub uuid: Option<String>,
    /// `8.6`.
    pub compute_capability: Option<String>,
    /// Installed memory.
    pub memory_bytes: Option<u64>,
    /// Memory in use by anyone.
    pub used_bytes: Option<u64>,
    /// Graphics clock now, in MHz.
    pub graphics_mhz: Option<u32>,
    /// The highest graphics clock.
    pub max_graphics_mhz: Option<u32>,
    /// Memory clock now, in MHz.
    pub memory_mhz: Option<u32>,
    /// The highest memory clock.
    pub max_memory_mhz: Option<u32>,
    /// The graphics clock that applications are set to, where the device has such a setting.
    pub application_mhz: Option<u32>,
    /// Degrees Celsius.
    pub temperature_c: Option<u32>,
    /// Power now, in watts.
    pub power_w: Option<f64>,
    /// The power limit in force, in watts.
    pub power_limit_w: Option<f64>,
    /// Whether the driver stays loaded while nobody uses the device.
    pub persistence: Option<bool>,
    /// Whether the device is divided (MIG).
    pub divided: Option<bool>,
    /// Why clocks are lower than they could be.
    pub throttled: Vec<String>,
    /// Processes that compute on it.
    pub processes: Option<u32>,
}

pub(super) fn probe() -> Nvidia {
    // Only the name with the version is sure to be there without development packages.
    let nvml = Nvml::builder().lib_path("libnvidia-ml.so.1".as_ref()).init().or_else(|_| Nvml::init());
    match nvml {
        Ok(nvml) => asked(&nvml),
        Err(error) => Nvidia { problem: Some(explained(&error)), ..Nvidia::default() },
    }
}

fn asked(nvml: &Nvml) -> Nvidia {
    let count = match nvml.device_count() {
        Ok(count) => count,
        Err(error) => return Nvidia { problem: Some(explained(&error)), ..Nvidia::default() },
    };
    Nvidia {
        problem: None,
        driver: nvml.sys_driver_version().ok(),
        cuda: nvml.sys_cuda_driver_version().ok().map(|v| format!("{}.{}", v / 1000, v % 1000 / 10)),
        gpus: (0..count).filter_map(|index| Some(gpu(index, &nvml.device_by_index(index).ok()?))).collect(),
    }
}

fn gpu(index: u32, device: &Device<'_>) -> Gpu {
    let memory = device.memory_info().ok();
    let watts = |milliwatts: Result<u32, NvmlError>| milliwatts.ok().map(|mw| f64::from(mw) / 1000.0);
    Gpu {
        index,
        name: device.name().ok(),
        uuid: device.uuid().ok(),
        compute_capability: device.cuda_compute_capability().ok().map(|c| format!("{}.{}", c.major, c.minor)),
        memory_bytes: memory.as_ref().map(|memory| memory.total),
        used_bytes: memory.as_ref().map(|memory| memory.used),
        graphics_mhz: device.clock_info(Clock::Graphics).ok(),
        max_graphics_mhz: device.max_clock_info(Clock::Graphics).ok(),
        memory_mhz: device.clock_info(Clock::Memory).ok(),
        max_memory_mhz: device.max_clock_info(Clock::Memory).ok(),
        application_mhz: device.applications_clock(Clock::Graphics).ok(),
        temperature_c: device.temperature(TemperatureSensor::Gpu).ok(),
        power_w: watts(device.power_usage()),
        power_limit_w: watts(device.enforced_power_limit()),
        persistence: device.is_in_persistent_mode().ok(),
        divided: device.mig_mode().ok().map(|mode| mode.current == 1),
        throttled: device.current_throttle_reasons().map(reasons).unwrap_or_default(),
        processes: device.running_compute_processes_count().ok(),
    }
}

/// Reasons in words. An idle device's low clocks are no reason to worry and are left out.
fn reasons(reasons: ThrottleReasons) -> Vec<String> {
    [
        (ThrottleReasons::APPLICATIONS_CLOCKS_SETTING, "applications clock setting"),
        (ThrottleReasons::SW_POWER_CAP, "power cap"),
        (ThrottleReasons::HW_SLOWDOWN, "hardware slowdown"),
        (ThrottleReasons::SYNC_BOOST, "sync boost group"),
        (ThrottleReasons::SW_THERMAL_SLOWDOWN, "temperature (software)"),
        (ThrottleReasons::HW_THERMAL_SLOWDOWN, "temperature (hardware)"),
        (ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN, "power brake"),
        (ThrottleReasons::DISPLAY_CLOCK_SETTING, "display clock setting"),
    ]
    .into_iter()
    .filter(|(reason, _)| reasons.contains(*reason))
    .map(|(_, words)| words.to_owned())
    .collect()
}

fn explained(error: &NvmlError) -> String {
    match error {
        NvmlError::LibloadingError(_) | NvmlError::LibraryNotFound => {
            "NVIDIA's management library (libnvidia-ml.so.1) is not installed".to_owned()
        }
        NvmlError::DriverNotLoaded => "NVIDIA's driver is not loaded".to_owned(),
        other => format!("NVIDIA's management library: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idleness_is_no_reason() {
        assert!(reasons(ThrottleReasons::GPU_IDLE).is_empty());
        let hot = ThrottleReasons::GPU_IDLE | ThrottleReasons::SW_POWER_CAP | ThrottleReasons::HW_THERMAL_SLOWDOWN;
        assert_eq!(reasons(hot), ["power cap", "temperature (hardware)"]);
    }
}
