//! Names this worker, its libtorch and the devices of the machine.

use esr_bench::protocol::{Device, Hello, VERSION};
use esr_models::arch::REGISTRY;
use serde_json::Value;

use crate::failure;
use crate::failure::Result;
use crate::{cuda, shim};

/// Answers `hello`.
pub(crate) fn hello(protocol: u32) -> Result<Hello> {
    if protocol != VERSION {
        return Err(failure::request(format!(
            "the harness speaks protocol {protocol} and this worker protocol {VERSION}: build both from the same source"
        )));
    }
    let mut details = shim::settings::build_facts()?;
    let version = details.get("libtorch").and_then(Value::as_str).unwrap_or("unknown").to_owned();
    details.insert("cuda".to_owned(), cuda::state().into());
    details.insert("pid".to_owned(), std::process::id().into());
    let mut devices = vec![Device { id: "cpu".to_owned(), name: cpu_name() }];
    devices.extend((0..cuda::device_count()).map(|i| Device { id: format!("cuda:{i}"), name: cuda::device_name(i) }));
    Ok(Hello {
        protocol: VERSION,
        worker: format!("esr-worker {}", env!("CARGO_PKG_VERSION")),
        backend: format!("libtorch {version}"),
        devices,
        architectures: REGISTRY.iter().map(|arch| arch.name.to_owned()).collect(),
        details,
    })
}

fn cpu_name() -> Option<String> {
    let info = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let (_, name) = info.lines().find(|line| line.starts_with("model name"))?.split_once(':')?;
    Some(name.trim().to_owned())
}
