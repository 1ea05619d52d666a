//! Raw timings as every statistic sees them.

use serde::{Deserialize, Serialize};

/// All timings of one submission. The round is the unit of every interval and test: a round is one fresh worker process,
/// and what differs between processes (clocks, allocator, thread placement) is what resampling images cannot see.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Samples {
    /// The submission's name, or the label of an A/A control.
    pub label: String,
    /// Rounds in the order in which they were measured.
    pub rounds: Vec<Round>,
}

/// What the second label of a baseline ends with: the same network is timed twice a round, as a control (A/A).
pub const CONTROL_SUFFIX: &str = " (A/A control)";

impl Samples {
    /// The label whose control this is.
    pub fn control_of(&self) -> Option<&str> {
        self.label.strip_suffix(CONTROL_SUFFIX)
    }
}

/// The timings of one process.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Round {
    /// The round's number in the run, from 0; submissions of one run share numbers, so that rounds can be paired.
    pub number: u32,
    /// One entry an image.
    pub images: Vec<ImageTimes>,
}

/// The repeats of one image in one round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ImageTimes {
    /// `val`, `test`, or the data set's name.
    pub split: String,
    /// The image's name.
    pub image: String,
    /// Milliseconds of each timed forward, in order.
    pub ms: Vec<f64>,
}
