//! What this machine offers for measuring, what stands in the way of good figures, and what to do about each.
//!
//! Facts are gathered at the edge ([`Facts::gather`]); every finding is made by a pure function of them.

mod cpu;
mod gpu;
mod show;
mod space;
mod worker;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use crate::machine;
use crate::machine::Machine;
use crate::protocol::Hello;
use crate::worker_process;
use crate::worker_process::Worker;
use crate::worker_process::{Launch, Limits};

/// What is known before anything is judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facts {
    /// The machine.
    pub machine: Machine,
    /// The worker's answer to `hello`, or why there is none.
    pub worker: Result<Hello, String>,
}

impl Facts {
    /// Looks at the machine, and starts the worker once (`given`, or the one beside the running executable).
    pub fn gather(given: Option<&Path>) -> Facts {
        Facts { machine: machine::probe(), worker: ask(given) }
    }
}

fn ask(given: Option<&Path>) -> Result<Hello, String> {
    let program = worker_process::locate(given).map_err(|error| error.to_string())?;
    let launch = Launch::new(program, Limits::default());
    let worker = Worker::start(&launch, Arc::new(AtomicBool::new(false))).map_err(|error| error.to_string())?;
    let hello = worker.hello().clone();
    worker.finish("hello").map_err(|failure| failure.to_string())?;
    Ok(hello)
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// Figures will be worse than they need to be.
    Warning,
    /// Nothing can be measured.
    Problem,
}

impl Level {
    /// One word.
    pub fn name(self) -> &'static str {
        match self {
            Level::Good => "good",
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Problem => "problem",
        }
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `worker`, `gpu 0`, `cpu`, `threads`, `clock`, `memory`, `disk`.
    pub area: String,
    /// How much it matters.
    pub level: Level,
    /// What is the case.
    pub what: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl Finding {
    fn new(area: impl Into<String>, level: Level, what: impl Into<String>) -> Finding {
        Finding { area: area.into(), level, what: what.into(), remedy: None }
    }

    fn remedy(mut self, remedy: impl Into<String>) -> Finding {
        self.remedy = Some(remedy.into());
        self
    }
}

/// What was found, and from what.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// In the order: worker, GPUs, processors, threads, clock, memory, disk.
    pub findings: Vec<Finding>,
    /// What they were found in.
    pub facts: Facts,
}

impl Report {
    /// Judges the facts.
    pub fn new(facts: Facts) -> Report {
        let Facts { machine, worker } = &facts;
        let mut findings = worker::examine(worker, machine);
        findings.extend(gpu::examine(&machine.nvidia));
        findings.extend(cpu::examine(machine));
        findings.extend(cpu::threads(machine));
        findings.extend(space::examine(machine));
        Report { findings, facts }
    }

    /// The worst that was found.
    pub fn worst(&self) -> Level {
        self.findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Good)
    }
}

/// `1 thread`, `2 threads`.
fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Bytes in GiB, one decimal.
fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}

#[cfg(test)]
mod tests;
