//! Checks of whether a submission's figures are those of the network that runs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is checked of every submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Recorded operations lead from the input to the output.
    CompleteRecord,
    /// A pixel costs at the images' sizes what it costs where operations are counted.
    CostAtRealSizes,
    /// The output for pixels that hardly differ is near the output whose PSNR was measured.
    NearbyPixels,
    /// The output of each timed forward is what another process gave for the same pixels.
    TimedOutputs,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Check::CompleteRecord => "complete record",
            Check::CostAtRealSizes => "cost at real sizes",
            Check::NearbyPixels => "nearby pixels",
            Check::TimedOutputs => "timed outputs",
        })
    }
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Checked {
    /// What was checked.
    pub check: Check,
    /// Why it failed; absent: it passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Checked {
    /// The result of `check`.
    pub fn new(check: Check, result: Result<(), String>) -> Checked {
        Checked { check, reason: result.err() }
    }
}
