//! Measures how long a forward takes.

use std::time::Instant;

use esr_bench::protocol::{Slot, Timed};
use tch::{Device, Tensor};

use crate::failure;
use crate::failure::Result;
use crate::process;
use crate::session::Session;
use crate::shim::device::{Event, synchronize};

/// How much longer than its events a forward may keep the device busy: this many times as long, and so many milliseconds.
const WALL_RATIO: f64 = 1.5;
const WALL_SLACK_MS: f64 = 20.0;

impl Session {
    /// Answers `time`: `forward` alone, the image already on the device, the output left there.
    pub(crate) fn time(&self, slot: &Slot, warmup: u32, repeats: u32) -> Result<Timed> {
        if repeats == 0 {
            return Err(failure::request("repeats: expected 1 or more"));
        }
        let (_exchange, x) = self.open(slot)?;
        for _ in 0..warmup {
            drop(self.forward(&x.copy())?);
        }
        let mut timed = Timed { ms: Vec::new(), cpu_ms: Vec::new(), sha256: String::new() };
        let mut output = None;
        for _ in 0..repeats {
            // The previous output is freed outside of the timing. Each repeat gets its own input, since a network may
            // overwrite it.
            drop(output.take());
            let input = x.copy();
            let cpu_before = process::cpu_ms();
            let (y, ms) = match self.device {
                Device::Cuda(_) => self.on_device(&input)?,
                _ => self.on_cpu(&input)?,
            };
            timed.cpu_ms.push(process::cpu_ms() - cpu_before);
            timed.ms.push(ms);
            output = Some(y);
        }
        if let Some(y) = output {
            timed.sha256 = self.to_bytes(&x, &y)?.sha256();
        }
        self.check_state()?;
        Ok(timed)
    }

    fn on_cpu(&self, input: &Tensor) -> Result<(Tensor, f64)> {
        let start = Instant::now();
        let y = self.forward(input)?;
        Ok((y, start.elapsed().as_secs_f64() * 1e3))
    }

    fn on_device(&self, input: &Tensor) -> Result<(Tensor, f64)> {
        let (start, end) = (Event::new(&self.device_name)?, Event::new(&self.device_name)?);
        synchronize(&self.device_name)?;
        let begin = Instant::now();
        start.record()?;
        let y = self.forward(input)?;
        end.record()?;
        let ms = start.ms_until(&end)?;
        synchronize(&self.device_name)?;
        let wall_ms = begin.elapsed().as_secs_f64() * 1e3;
        if wall_ms > ms * WALL_RATIO + WALL_SLACK_MS {
            return Err(failure::run(format!(
                "the device was busy for {wall_ms:.1} ms with a forward whose events are {ms:.1} ms apart: work was left on \
                 another stream or thread"
            )));
        }
        Ok((y, ms))
    }
}
