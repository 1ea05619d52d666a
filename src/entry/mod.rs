//! One entry with its metrics, from any source. Tables, rules, ranking and reports share it.
//! It uses [`crate::util`] alone.

mod metric;
pub mod rounding;
mod trust;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use metric::Metric;
pub use trust::Trust;

/// One entry of a table or a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Entry {
    /// The team's name.
    pub team: String,
    /// The submission's name, where it differs from the team's.
    #[serde(default)]
    pub submission: String,
    /// Full-precision metrics; what was not measured is absent.
    pub metrics: BTreeMap<Metric, f64>,
    /// Why the entry has no complete metrics, if its measurement failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Which check of its figures failed, and why: a ranking leaves the entry out, unless it is told otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untrusted: Option<String>,
    /// Operations that the FLOPs convention did not know. Rules must list them, or the entry is not ranked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_ops: Vec<String>,
    /// Whether the source marks it as the edition's baseline.
    #[serde(default)]
    pub baseline: bool,
    /// Remarks of the source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Every cell of the table that the entry was read from, as printed, by column: what a ranking is compared with.
    #[serde(skip)]
    /// Shared between the entry's copies: a ranking makes some.
    pub printed: Arc<BTreeMap<String, String>>,
    /// How far the entry's code is the harness's own; unknown for tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Trust>,
}

impl Entry {
    /// The metric's value, if it was measured.
    pub fn get(&self, metric: Metric) -> Option<f64> {
        self.metrics.get(&metric).copied()
    }
}

/// The name of an entry in messages: its team, and its submission where it differs.
pub fn label(entry: &Entry) -> String {
    match (entry.team.as_str(), entry.submission.as_str()) {
        ("", submission) => submission.to_owned(),
        (team, submission) if submission.is_empty() || submission == team => team.to_owned(),
        (team, submission) => format!("{team}/{submission}"),
    }
}
