//! One line of a leaderboard, in any of its parts.

use crate::entry::{Entry, Metric};
use crate::rank::Row;
use crate::stats::{EntryUncertainty, Interval};

/// In which part of the table a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A ranked entry.
    Ranked,
    /// The baseline, apart from the ranking.
    Baseline,
    /// An entry that is not ranked.
    Unranked,
}

/// One entry, in whichever part of the table.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Its part.
    pub kind: Kind,
    /// Its place, if ranked.
    pub rank: Option<u32>,
    /// Its rank sum or score.
    pub score: Option<f64>,
    /// Its entry.
    pub entry: &'a Entry,
    /// Whether it is on the Pareto front.
    pub pareto: bool,
    /// Why it is not ranked.
    pub reason: Option<&'a str>,
    pub(super) row: Option<&'a Row>,
}

impl Line<'_> {
    /// The entry's rank by `metric`, if it is ranked by it.
    pub fn metric_rank(&self, metric: Metric) -> Option<u32> {
        self.row.filter(|_| self.kind == Kind::Ranked)?.metric_ranks.get(&metric).copied()
    }

    /// How sure the entry's place is, where that was asked for.
    pub fn uncertainty(&self) -> Option<&EntryUncertainty> {
        self.row?.uncertainty.as_ref()
    }

    pub(super) fn rank_interval(&self) -> Option<(u32, u32)> {
        self.uncertainty()?.rank_interval
    }

    pub(super) fn runtime_interval(&self) -> Option<Interval> {
        self.uncertainty()?.runtime_interval
    }

    /// The entry's partial score by `metric`.
    pub fn metric_score(&self, metric: Metric) -> Option<f64> {
        self.row?.metric_scores.get(&metric).copied()
    }
}
