//! Where a run was measured otherwise than the rules ask that it is ranked by.

use std::fmt;

use crate::results::basis::Basis;
use crate::rules::Rules;
use crate::run::Run;
use crate::stats::Protocol;

/// One departure; its text is a note of the ranking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Departure {
    /// Another protocol than the rules' way to time.
    Protocol {
        /// The run's.
        run: Protocol,
        /// The rules'.
        rules: Protocol,
    },
    /// Other rounds than the rules' runs.
    Rounds {
        /// The run's.
        run: u32,
        /// The rules'.
        rules: u32,
    },
    /// A switch of the backend.
    Switch {
        /// What it switches.
        name: &'static str,
        /// Whether the run had it on; absent: the backend's default.
        run: Option<bool>,
        /// Whether the rules have it on.
        rules: bool,
    },
    /// Operations were recorded at another size.
    RecordedAt {
        /// Height and width in the run.
        run: [u32; 2],
        /// Height and width in the rules.
        rules: [u32; 2],
    },
    /// Peak memory was measured on another split.
    Memory {
        /// The run's.
        run: String,
        /// The rules'.
        rules: &'static str,
    },
}

impl Run {
    /// What was done otherwise than the rules ask. Switches of a GPU's library say nothing of a run on the CPU.
    pub fn departures(&self, rules: &Rules) -> Vec<Departure> {
        let plan = self.plan();
        let mut found = Vec::new();
        if let Some(protocol) = rules.protocol().filter(|p| *p != plan.protocol) {
            found.push(Departure::Protocol { run: plan.protocol, rules: protocol });
        }
        if let Some(runs) = rules.runtime.runs.filter(|runs| *runs != plan.rounds) {
            found.push(Departure::Rounds { run: plan.rounds, rules: runs });
        }
        let switches = [
            ("cuDNN's search for the fastest algorithm", plan.switches.cudnn_benchmark, rules.runtime.cudnn_benchmark),
            ("TF32 in convolutions", plan.switches.tf32_conv, rules.runtime.tf32_convolutions),
            ("TF32 in matrix products", plan.switches.tf32_matmul, rules.runtime.tf32_matmul),
        ];
        for (name, run, stated) in switches.into_iter().filter(|_| plan.device.starts_with("cuda")) {
            if let Some(stated) = stated.filter(|stated| run != Some(*stated)) {
                found.push(Departure::Switch { name, run, rules: stated });
            }
        }
        if plan.recorded_at != rules.recorded_at() {
            found.push(Departure::RecordedAt { run: plan.recorded_at, rules: rules.recorded_at() });
        }
        let memory = Basis::from(rules).memory;
        if plan.memory_split != memory && self.splits().contains(&memory) {
            found.push(Departure::Memory { run: plan.memory_split.clone(), rules: memory });
        }
        found
    }
}

impl fmt::Display for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the run departs from the rules: ")?;
        match self {
            Departure::Protocol { run, rules } => {
                write!(f, "timed by the {run} protocol, the rules have the {rules} one")
            }
            Departure::Rounds { run, rules } => write!(f, "rounds: {run}, the rules have {rules}"),
            Departure::Switch { name, run, rules } => {
                let word = |on: bool| if on { "on" } else { "off" };
                write!(f, "{name} {}, the rules have it {}", run.map_or("as the backend sets it", word), word(*rules))
            }
            Departure::RecordedAt { run: [h, w], rules: [rh, rw] } => {
                write!(f, "operations recorded at {h} x {w}, the rules count at {rh} x {rw}")
            }
            Departure::Memory { run, rules } => write!(f, "peak memory of {run}, the rules take {rules}"),
        }
    }
}
