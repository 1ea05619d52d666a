//! Devices by their names in PyTorch: `cpu`, `cuda:0`.

use esr_bench::protocol::Failed;
use tch::Device;

use crate::cuda;
use crate::failure;
use crate::failure::Result;

/// The name of a device.
pub(crate) fn name(device: Device) -> String {
    match device {
        Device::Cuda(index) => format!("cuda:{index}"),
        _ => "cpu".to_owned(),
    }
}

/// The device of that name, if this machine has it.
pub(crate) fn parse(name: &str) -> Result<Device> {
    let index = match name.split_once(':') {
        None if name == "cpu" => return Ok(Device::Cpu),
        None if name == "cuda" => 0,
        Some(("cuda", index)) => index.parse().map_err(|_| unknown(name))?,
        _ => return Err(unknown(name)),
    };
    if index >= cuda::device_count() {
        return Err(failure::request(format!("device `{name}` is not available: {}", cuda::state())));
    }
    Ok(Device::Cuda(index))
}

fn unknown(name: &str) -> Failed {
    failure::request(format!("device `{name}`: expected `cpu` or `cuda:N`"))
}
