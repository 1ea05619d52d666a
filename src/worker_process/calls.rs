//! Requests by name: each gives what its reply holds, and a reply of another kind is a failure like any other. This is the
//! one place where a network is loaded, run, timed and recorded through a worker.

use std::time::Instant;

use crate::graph::file;
use crate::graph::{OpGraph, Recorded, connected};
use crate::protocol::{Inferred, Load, Loaded, Memory, Probe, Reply, Request, Slot, Timed};
use crate::worker_process::failure::Failure;
use crate::worker_process::plausible;
use crate::worker_process::worker::Worker;

/// Sends a request and takes the one kind of reply that answers it.
macro_rules! call {
    ($worker:expr, $request:expr, $doing:expr, $reply:pat => $value:expr) => {
        match $worker.request(&$request, $doing)? {
            $reply => Ok($value),
            other => Err($worker.unexpected(&other, $doing)),
        }
    };
}

impl Worker {
    /// Builds a network.
    pub fn load(&mut self, load: Load) -> Result<Loaded, Failure> {
        call!(self, Request::Load(Box::new(load)), "loading", Reply::Loaded(loaded) => loaded)
    }

    /// Runs the LR image of `slot` once, and leaves its SR there.
    pub fn infer(&mut self, slot: &Slot, doing: &str) -> Result<Inferred, Failure> {
        call!(self, Request::Infer { slot: slot.clone() }, doing, Reply::Inferred(inferred) => inferred)
    }

    /// Times `repeats` forwards of the LR image of `slot`, after `warmup` untimed ones.
    pub fn time(&mut self, slot: &Slot, warmup: u32, repeats: u32, doing: &str) -> Result<Timed, Failure> {
        let begin = Instant::now();
        let request = Request::Time { slot: slot.clone(), warmup, repeats };
        let timed = call!(self, request, doing, Reply::Timed(timed) => timed)?;
        let known = self.known(begin.elapsed());
        plausible::times(&timed, repeats, known).map_err(|found| self.implausible(found, doing))?;
        Ok(timed)
    }

    /// The peak memory of one forward of the LR image of `slot`.
    pub fn memory(&mut self, slot: &Slot, doing: &str) -> Result<Memory, Failure> {
        let memory = call!(self, Request::Memory { slot: slot.clone() }, doing, Reply::Memory(memory) => memory)?;
        plausible::memory(&memory, self.high_water()).map_err(|found| self.implausible(found, doing))?;
        Ok(memory)
    }

    /// Whether a program gives what its exporter recorded of it.
    pub fn check(&mut self, probes: &[Probe], doing: &str) -> Result<(), Failure> {
        call!(self, Request::Check { probes: probes.to_vec() }, doing, Reply::Checked => ())
    }

    /// The operations of one forward at `height` x `width`: by shapes alone where the network allows it, or in the one way
    /// that `how` names. Programs are foreign code: what they made the worker record is checked like a file.
    pub fn record(
        &mut self,
        [height, width]: [i64; 2],
        how: Option<Recorded>,
        doing: &str,
    ) -> Result<OpGraph, Failure> {
        let request = Request::Record { height, width, how };
        let graph = call!(self, request, doing, Reply::Recorded { graph } => *graph)?;
        if let Err((at, expected, found)) = file::check(&graph) {
            return Err(Failure::InvalidGraph { at, expected, found });
        }
        match connected(&graph) {
            Ok(()) => Ok(graph),
            Err(found) => {
                let expected = "operations that lead from the input to the output".to_owned();
                Err(Failure::InvalidGraph { at: "ops".to_owned(), expected, found })
            }
        }
    }
}
