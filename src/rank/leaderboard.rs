//! What a ranking ends in. Reports print it; nothing is computed after it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::entry::Entry;
use crate::entry::Metric;
use crate::stats::{Announcement, EntryUncertainty};

/// One track of one edition, ranked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Leaderboard {
    /// The rules' id: `ntire2022`.
    pub rules: String,
    /// The rules' title: `NTIRE 2022 Efficient SR`.
    pub title: String,
    /// The track's name: `overall`.
    pub track: String,
    /// What the track's figure is: `rank sum`, `score`, or the metric's heading.
    pub score_heading: String,
    /// The metrics that the track ranks or scores by, in order.
    pub metrics: Vec<Metric>,
    /// Metrics that are shown besides.
    pub shown: Vec<Metric>,
    /// Ranked entries, best first.
    pub rows: Vec<Row>,
    /// The edition's baseline where it stands apart from the ranking.
    pub baseline: Option<Row>,
    /// Entries that are not ranked, and why.
    pub unranked: Vec<Unranked>,
    /// What a reader must know: a discrepancy with the published table, a missing metric, a figure that is not comparable.
    pub notes: Vec<String>,
    /// What may be announced of the track, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement: Option<Announced>,
}

/// What may be announced of one track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Announced {
    /// In plain sentences.
    pub sentences: Vec<String>,
    /// What the sentences say, as data.
    pub facts: Announcement,
}

/// A ranked entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Row {
    /// Its place; ties share one where the rules say so.
    pub rank: u32,
    /// The track's rank sum or score; absent where the track ranks by one metric.
    pub score: Option<f64>,
    /// Its rank (rank-sum tracks) by each metric.
    pub metric_ranks: BTreeMap<Metric, u32>,
    /// Its partial score (score tracks) by each metric.
    pub metric_scores: BTreeMap<Metric, f64>,
    /// The entry.
    pub entry: Entry,
    /// Whether it is on the Pareto front of the metrics that were asked for.
    pub pareto: bool,
    /// How sure its place is, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertainty: Option<EntryUncertainty>,
}

/// An entry that is not ranked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Unranked {
    /// Why.
    pub reason: String,
    /// The entry.
    pub entry: Entry,
}
