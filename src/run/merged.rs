//! Where the events of a merged run come from.

use serde::{Deserialize, Serialize};

use crate::machine::{Identity, Machine};

/// What a merged run was made of. A merged run is not resumed: its shards are, and are merged again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Merged {
    /// The runs; an event's `origin` is a place in this list, counted from 1.
    pub origins: Vec<Origin>,
    /// Differences between the runs that `--allow-machine-change` let pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
}

/// One of the runs that were merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Origin {
    /// Its directory, as the command line of `merge` named it.
    pub run: String,
    /// When it began.
    #[schemars(with = "String")]
    pub created: jiff::Timestamp,
    /// Its command line.
    pub command: Vec<String>,
    /// Its machine when it began.
    pub machine: Machine,
    /// Every machine that it was measured on.
    pub machines: Vec<Identity>,
    /// Events of its log.
    pub events: u64,
    /// The hash of its last event, which holds all events before it; absent if its events are not chained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// SHA-256 of its `run.json`.
    pub manifest_sha256: String,
    /// The submissions that it measured, the baseline among them.
    pub submissions: Vec<String>,
}
