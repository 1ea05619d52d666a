//! Measures how much memory a forward takes at its peak.

use std::fs;

use esr_bench::protocol::{Failed, Memory, MemoryHow, Slot};
use tch::{Device, Tensor};

use crate::failure;
use crate::failure::Result;
use crate::process;
use crate::session::Session;
use crate::shim::device::{OwnPages, peak_bytes, reset_peak, synchronize};

impl Session {
    /// Answers `memory`. An unmeasured forward comes first, so that what libraries build once and keep (oneDNN's
    /// primitives, cuDNN's plans) does not count.
    pub(crate) fn memory(&self, slot: &Slot) -> Result<Memory> {
        let _own_pages = match self.device {
            Device::Cuda(_) => None,
            _ => Some(OwnPages::start()?),
        };
        let (_exchange, x) = self.open(slot)?;
        drop(self.forward(&x.copy())?);
        match self.device {
            Device::Cuda(_) => self.device_peak(&x),
            _ => self.resident_growth(&x),
        }
    }

    // As the challenge measures it: what was allocated before (weights, input) counts.
    fn device_peak(&self, x: &Tensor) -> Result<Memory> {
        synchronize(&self.device_name)?;
        reset_peak(&self.device_name)?;
        let y = self.forward(x)?;
        synchronize(&self.device_name)?;
        let memory = Memory { peak_bytes: peak_bytes(&self.device_name)?, how: MemoryHow::DeviceAllocator };
        drop(y);
        Ok(memory)
    }

    // The kernel's high-water mark of resident memory, minus what was resident before: weights and input do not count.
    fn resident_growth(&self, x: &Tensor) -> Result<Memory> {
        // Freed memory that malloc keeps would be used again without growth.
        process::return_freed_memory();
        // 5 sets the high-water mark back to what is resident now (proc(5)).
        fs::write("/proc/self/clear_refs", "5").map_err(|e| unsupported(format!("/proc/self/clear_refs: {e}")))?;
        let before = resident_peak_bytes()?;
        let y = self.forward(x)?;
        let after = resident_peak_bytes()?;
        drop(y);
        Ok(Memory { peak_bytes: after.saturating_sub(before), how: MemoryHow::ResidentGrowth })
    }
}

fn resident_peak_bytes() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status").map_err(|e| unsupported(format!("/proc/self/status: {e}")))?;
    high_water_mark(&status).ok_or_else(|| failure::run("/proc/self/status: no line `VmHWM: N kB`"))
}

fn high_water_mark(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

fn unsupported(message: String) -> Failed {
    failure::unsupported(format!("this machine does not report peak resident memory: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark_is_read_in_bytes() {
        assert_eq!(high_water_mark("Name:\tw\nVmHWM:\t    1234 kB\nVmRSS:\t 7 kB\n"), Some(1234 * 1024));
        assert_eq!(high_water_mark("VmRSS:\t 7 kB\n"), None);
    }
}
