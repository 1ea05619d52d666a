//! Main memory and disk space.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::machine::files;

/// Main memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct SystemMemory {
    /// What the machine has.
    pub total_bytes: Option<u64>,
    /// What a process could get without swapping.
    pub available_bytes: Option<u64>,
    /// Swap space.
    pub swap_bytes: Option<u64>,
    /// The container's limit.
    pub limit_bytes: Option<u64>,
}

/// A file system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Disk {
    /// A folder on it.
    pub folder: PathBuf,
    /// What an ordinary user may still write.
    pub free_bytes: u64,
    /// Its size.
    pub total_bytes: u64,
}

pub(super) fn probe(root: &Path) -> SystemMemory {
    let info = files::text(root, "proc/meminfo").unwrap_or_default();
    let total_bytes = kilobytes(&info, "MemTotal");
    let limit = files::number(root, "sys/fs/cgroup/memory.max")
        .or_else(|| files::number(root, "sys/fs/cgroup/memory/memory.limit_in_bytes"));
    SystemMemory {
        total_bytes,
        available_bytes: kilobytes(&info, "MemAvailable"),
        swap_bytes: kilobytes(&info, "SwapTotal"),
        // "No limit" is written as a number larger than any memory.
        limit_bytes: limit.filter(|&limit: &u64| total_bytes.is_none_or(|total| limit < total)),
    }
}

/// A line of `/proc/meminfo`, in bytes.
fn kilobytes(info: &str, name: &str) -> Option<u64> {
    let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kb| kb * 1024)
}

/// The file system of a folder; absent where the system does not tell.
pub(super) fn disk(folder: &Path) -> Option<Disk> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    Some(Disk { folder, free_bytes: bytes(stat.f_bavail), total_bytes: bytes(stat.f_blocks) })
}
