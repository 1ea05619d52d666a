//! The examination of a machine: every fact is judged by a pure function.

use serde::Serialize;

use crate::checks::doctor::diagnosis::{Diagnosis, Level};
use crate::checks::doctor::facts::Facts;
use crate::checks::doctor::{cpu, gpu, resources, sandbox, worker};

/// All diagnoses of a machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Examination {
    /// In the order: worker, GPUs, processors, threads, clock, memory, disk, sandbox.
    pub findings: Vec<Diagnosis>,
    /// The facts that they judge.
    pub facts: Facts,
}

impl Examination {
    /// Judges the facts.
    pub fn new(facts: Facts) -> Examination {
        let Facts { machine, worker, sandbox } = &facts;
        let mut findings = worker::examine(worker, machine);
        findings.extend(gpu::examine(&machine.nvidia));
        findings.extend(cpu::examine(machine));
        findings.extend(cpu::threads(machine));
        findings.extend(resources::examine(machine));
        findings.push(sandbox::examine(*sandbox));
        Examination { findings, facts }
    }

    /// The most serious level.
    pub fn worst(&self) -> Level {
        self.findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Good)
    }
}
