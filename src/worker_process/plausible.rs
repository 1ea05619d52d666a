//! Whether the figures of a reply can be true: what no machine and no clock allows is a failure, not a result.

use std::time::Duration;

use crate::protocol::{Memory, MemoryHow, Timed};

/// No forward is shorter, in milliseconds: a tenth of a microsecond is less than one call of an operation.
const SHORTEST_MS: f64 = 1e-4;
/// How much the worker's clock may run ahead of the harness's, as a fraction and in milliseconds.
const CLOCKS: f64 = 0.01;
const CLOCKS_MS: f64 = 0.1;
/// More memory than any machine has, in bytes: 64 TiB.
const MOST_MEMORY: u64 = 1 << 46;

/// What the harness itself knows of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// From sending the request to reading its reply; absent: the worker says that its times are simulated.
    pub(super) elapsed: Option<Duration>,
    /// The time limit of one forward.
    pub(super) limit: Duration,
    /// Processors of the machine.
    pub(super) processors: usize,
}

/// Checks a reply to `time` of `repeats` forwards.
///
/// # Errors
/// What was expected and what was found.
pub(super) fn times(timed: &Timed, repeats: u32, known: Known) -> Result<(), String> {
    let Timed { ms, cpu_ms, .. } = timed;
    if ms.len() != repeats as usize || !ms.iter().all(|ms| ms.is_finite() && *ms > 0.0) {
        return Err(format!("expected {repeats} positive times, found {ms:?}"));
    }
    let limit_ms = known.limit.as_secs_f64() * 1e3;
    if let Some(ms) = ms.iter().find(|ms| !(SHORTEST_MS..=limit_ms).contains(*ms)) {
        return Err(format!("expected times from {SHORTEST_MS} ms to the limit of {limit_ms} ms, found {ms:e} ms"));
    }
    if cpu_ms.len() != ms.len() || !cpu_ms.iter().all(|ms| ms.is_finite() && *ms >= 0.0) {
        return Err(format!("expected {repeats} CPU times of 0 ms or more, found {cpu_ms:?}"));
    }
    let Some(elapsed) = known.elapsed else { return Ok(()) };
    let wall_ms = elapsed.as_secs_f64() * 1e3 * (1.0 + CLOCKS) + CLOCKS_MS;
    let (total, cpu): (f64, f64) = (ms.iter().sum(), cpu_ms.iter().sum());
    if total > wall_ms {
        return Err(format!(
            "{total:.3} ms in all, while the whole request took {wall_ms:.3} ms by the harness's clock"
        ));
    }
    // The kernel counts CPU time in steps of up to 10 ms.
    let most = (wall_ms + 10.0) * known.processors.max(1) as f64;
    if cpu > most {
        let processors = known.processors;
        return Err(format!("{cpu:.3} ms of CPU time, while {processors} processors had {most:.3} ms"));
    }
    Ok(())
}

/// Checks a reply to `memory`. `high_water` is the most that the process ever held, by the kernel.
///
/// # Errors
/// What was expected and what was found.
pub(super) fn memory(memory: &Memory, high_water: Option<u64>) -> Result<(), String> {
    let Memory { peak_bytes, how } = *memory;
    if peak_bytes > MOST_MEMORY {
        return Err(format!("a peak of {peak_bytes} bytes, more than any machine has"));
    }
    match high_water {
        Some(most) if how == MemoryHow::ResidentGrowth && peak_bytes > most => {
            Err(format!("a peak of {peak_bytes} bytes, while the process held at most {most} by the kernel's count"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed(ms: &[f64], cpu_ms: &[f64]) -> Timed {
        Timed { ms: ms.to_vec(), cpu_ms: cpu_ms.to_vec(), sha256: String::new() }
    }

    const KNOWN: Known =
        Known { elapsed: Some(Duration::from_millis(100)), limit: Duration::from_secs(600), processors: 2 };

    #[test]
    fn honest_times_pass() {
        assert_eq!(times(&timed(&[40.0, 45.0], &[80.0, 90.0]), 2, KNOWN), Ok(()));
        assert_eq!(times(&timed(&[0.01], &[0.0]), 1, KNOWN), Ok(()), "a clock with coarse steps");
        let simulated = Known { elapsed: None, ..KNOWN };
        assert_eq!(times(&timed(&[5000.0], &[5000.0]), 1, simulated), Ok(()));
    }

    #[test]
    fn what_no_clock_allows_is_told() {
        for (ms, cpu_ms, words) in [
            (1e-300, 0.0, "expected times from 0.0001 ms to the limit of 600000 ms, found 1e-300 ms"),
            (1e9, 0.0, "found 1e9 ms"),
            (1.7e308, 0.0, "found 1.7e308 ms"),
            (f64::NAN, 0.0, "expected 1 positive times"),
            (-1.0, 0.0, "expected 1 positive times"),
            (5.0, -3.0, "expected 1 CPU times of 0 ms or more, found [-3.0]"),
            (5.0, f64::INFINITY, "expected 1 CPU times"),
            (150.0, 0.0, "150.000 ms in all, while the whole request took 101.100 ms by the harness's clock"),
            (50.0, 1000.0, "1000.000 ms of CPU time, while 2 processors had 222.200 ms"),
        ] {
            let told = times(&timed(&[ms], &[cpu_ms]), 1, KNOWN).unwrap_err();
            assert!(told.contains(words), "{ms} {cpu_ms}: {told}");
        }
        assert!(times(&timed(&[1.0], &[1.0]), 2, KNOWN).is_err(), "one time for two repeats");
        assert!(times(&timed(&[1.0, 1.0], &[1.0]), 2, KNOWN).is_err(), "one CPU time for two repeats");
    }

    #[test]
    fn memory_that_no_machine_and_no_process_has_is_told() {
        let peak = |peak_bytes, how| Memory { peak_bytes, how };
        let (resident, device) = (MemoryHow::ResidentGrowth, MemoryHow::DeviceAllocator);
        assert_eq!(memory(&peak(1 << 30, resident), Some(2 << 30)), Ok(()));
        assert_eq!(memory(&peak(1 << 36, device), Some(2 << 30)), Ok(()), "a device has its own memory");
        assert!(memory(&peak(1 << 63, device), None).unwrap_err().contains("more than any machine has"));
        assert!(memory(&peak(3 << 30, resident), Some(2 << 30)).unwrap_err().contains("by the kernel's count"));
    }
}
