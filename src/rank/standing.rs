//! A ranked candidate, before it becomes a row.

use std::collections::BTreeMap;

use crate::entry::Metric;

/// A ranked candidate.
pub(super) struct Standing {
    pub(super) index: usize,
    pub(super) rank: u32,
    pub(super) score: Option<f64>,
    pub(super) metric_ranks: BTreeMap<Metric, u32>,
    pub(super) metric_scores: BTreeMap<Metric, f64>,
}
