//! What state the machine is in when a round begins: provenance for its figures.

use crate::machine;
use crate::run::Conditions;

/// The machine's state now: its load, and for a run on a GPU the driver's view of it.
pub(super) fn conditions(device: &str) -> Conditions {
    let load = std::fs::read_to_string("/proc/loadavg").ok();
    Conditions {
        load_1min: load.and_then(|l| l.split(' ').next()?.parse().ok()),
        gpus: if device.starts_with("cuda") { machine::probe().nvidia.gpus } else { Vec::new() },
    }
}
