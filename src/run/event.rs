//! What can happen in a run: the lines of `events.jsonl`. The fields' docs are the format's.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::machine::activity::Activity;
use crate::machine::{Gpu, Identity};
use crate::protocol::{Loaded, MemoryHow};
use crate::quality::Quality;
use crate::run::checked::Checked;

/// An event and its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Logged {
    /// When it was over.
    #[schemars(with = "String")]
    pub at: jiff::Timestamp,
    /// In a merged run the run that it comes from: a place in the list of origins in `run.json`, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<u32>,
    /// What it was.
    #[serde(flatten)]
    pub event: Event,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// `measure` began, or went on.
    Started {
        /// Bytes of an unfinished last line that an earlier, killed `measure` left, and that were cut off.
        torn_bytes: u64,
        /// The worker's version.
        worker: String,
        /// The machine; absent in runs of older versions: that of `run.json`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        machine: Option<Identity>,
        /// How the workers were confined; absent in runs of older versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sandbox: Option<String>,
    },
    /// The plan has more rounds than `run.json` says.
    RoundsAdded {
        /// Rounds in all.
        rounds: u32,
    },
    /// A submission's network was loaded for the first time.
    Loaded {
        /// The submission.
        submission: String,
        /// What the worker said: parameters, hashes, flags in force.
        loaded: Loaded,
    },
    /// One image went through a network once, untimed.
    Quality(ImageQuality),
    /// Peak memory was measured.
    Memory(MeasuredMemory),
    /// The operations were recorded.
    Graph(RecordedGraph),
    /// One round of one label was timed, whole, in one fresh process.
    Round(RoundTimes),
    /// A submission failed. What comes after that stage is not measured.
    Failure {
        /// The submission.
        submission: String,
        /// In what.
        stage: Stage,
        /// Why, in one line.
        reason: String,
    },
    /// The submission's failures are forgotten, and what failed is measured again.
    Retry {
        /// The submission.
        submission: String,
    },
    /// The user interrupted.
    Interrupted,
    /// Everything that was planned is measured, or failed.
    Finished,
}

/// One image's SR, against HR where that is possible.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ImageQuality {
    /// The submission.
    pub submission: String,
    /// The image's split.
    pub split: String,
    /// The image's name.
    pub image: String,
    /// SHA-256 of the SR bytes: what timed passes must give as well.
    pub sr_sha256: String,
    /// Absent without HR, and with seeded weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
    /// Values of the raw output that were NaN or infinite.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub non_finite: u64,
    /// The smallest and largest finite raw output value, in the network's data range; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
}

/// Peak memory of one forward.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MeasuredMemory {
    /// The submission.
    pub submission: String,
    /// The image's split.
    pub split: String,
    /// The image's name.
    pub image: String,
    /// Bytes.
    pub peak_bytes: u64,
    /// What the figure is.
    pub how: MemoryHow,
}

/// A graph was written to `graphs/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordedGraph {
    /// The submission; the file is `graphs/NAME.json`.
    pub submission: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Operations in it.
    pub ops: usize,
    /// What was checked of it; absent in runs of older versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Checked>,
}

/// The timings of one process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RoundTimes {
    /// From 0.
    pub round: u32,
    /// The submission's name, or the baseline's second label.
    pub label: String,
    /// Its place in the round's order, from 0.
    pub position: usize,
    /// In the order of measuring.
    pub images: Vec<RoundImage>,
    /// Milliseconds of the very first forward of the process, on the first image: kernels are chosen and memory is fetched in
    /// it. It is not among the timed ones, except by the published protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cold_start_ms: Option<f64>,
    /// The machine's state before and during the round: load, clocks, temperature, as far as they can be told.
    #[serde(default)]
    pub conditions: Conditions,
    /// What was checked of the outputs; absent in runs of older versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Checked>,
}

/// The machine's state before and during one round of one label.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Conditions {
    /// Runnable processes, averaged over the last minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_1min: Option<f64>,
    /// Frequency governors of the processors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub governors: Vec<String>,
    /// The processors' mean clock before the round, in MHz.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_mhz: Option<f64>,
    /// Names of other processes that were running before the round began (at most ten).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub running: Vec<String>,
    /// What the processors did during the round.
    #[serde(default)]
    pub activity: Activity,
    /// Clocks, temperatures and power of the driver's GPUs, in a run on one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<Gpu>,
}

/// The timings of one image in one process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RoundImage {
    /// The image's split.
    pub split: String,
    /// The image's name.
    pub image: String,
    /// Milliseconds of each timed forward.
    pub ms: Vec<f64>,
    /// The process's CPU time during each, in milliseconds.
    pub cpu_ms: Vec<f64>,
}

/// The parts of measuring a submission, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// SR of every image, compared with HR.
    Quality,
    /// Peak memory.
    Memory,
    /// Recording the operations.
    Graph,
    /// Timed rounds.
    Rounds,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Quality => "quality",
            Stage::Memory => "memory",
            Stage::Graph => "graph",
            Stage::Rounds => "rounds",
        })
    }
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}
