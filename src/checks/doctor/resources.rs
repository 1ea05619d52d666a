//! Memory and disk space.

use crate::checks::doctor::diagnosis::{Diagnosis, Level, gib};
use crate::machine::Machine;

/// Below this, libtorch with a large network and a full image becomes tight.
const MEMORY: u64 = 4 << 30;

/// Set-up needs 1 GiB while it unpacks libtorch, and build folders grow.
const DISK: u64 = 4 << 30;

pub(super) fn examine(machine: &Machine) -> Vec<Diagnosis> {
    let memory = &machine.memory;
    let mut findings = Vec::new();
    if let (Some(total), Some(available)) = (memory.total_bytes, memory.available_bytes) {
        let available = memory.limit_bytes.map_or(available, |limit| limit.min(available));
        let limit =
            memory.limit_bytes.map(|limit| format!(", the container may use {}", gib(limit))).unwrap_or_default();
        let what = format!("{} available of {}{limit}", gib(available), gib(total));
        findings.push(match available {
            little if little < MEMORY => Diagnosis::new("memory", Level::Warning, what).remedy(
                "large networks may fail: stop other programs, or limit the workers' memory with --memory-limit",
            ),
            _ => Diagnosis::new("memory", Level::Good, what),
        });
    }
    if let Some(disk) = &machine.disk {
        let what = format!("{} free of {} at {}", gib(disk.free_bytes), gib(disk.total_bytes), disk.folder.display());
        findings.push(match disk.free_bytes {
            little if little < DISK => Diagnosis::new("disk", Level::Warning, what).remedy(
                "free disk space: set-up needs 1 GiB, the build needs several more, and a run must write its log",
            ),
            _ => Diagnosis::new("disk", Level::Good, what),
        });
    }
    findings
}
