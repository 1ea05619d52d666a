//! The ranked entries of a leaderboard, ranked again by the same rules with other runtimes: what intervals of places rest on.

use std::collections::BTreeMap;

use crate::entry::{Entry, Metric};
use crate::error::Result;
use crate::rank::leaderboard::Leaderboard;
use crate::rank::rank::Ranking;
use crate::rank::ties;
use crate::rules::Rules;
use crate::rules::schema::Track;
use crate::stats::{Figures, Place};

/// The entries of a leaderboard's rows, ready to be ranked many times.
pub(super) struct Again<'a> {
    rules: &'a Rules,
    track: &'a Track,
    /// In the canonical order, with their metrics alone.
    entries: Vec<Entry>,
    /// The row of each.
    rows: Vec<usize>,
    /// The baseline's figures, as the leaderboard used them.
    base: BTreeMap<Metric, f64>,
}

impl<'a> Again<'a> {
    pub(super) fn new(board: &Leaderboard, rules: &'a Rules, track: &'a Track) -> Self {
        let mut rows: Vec<usize> = (0..board.rows.len()).collect();
        rows.sort_by(|&a, &b| ties::canonical(&board.rows[a].entry, &board.rows[b].entry));
        let light = |&row: &usize| Entry { metrics: board.rows[row].entry.metrics.clone(), ..Entry::default() };
        let of_entry = |m: Metric| board.baseline.as_ref().and_then(|b| b.entry.get(m));
        let base = |m: Metric| Some((m, of_entry(m).or_else(|| rules.baseline_figure(m))?));
        Again {
            rules,
            track,
            entries: rows.iter().map(light).collect(),
            base: Metric::ALL.into_iter().filter_map(base).collect(),
            rows,
        }
    }

    /// The baseline's figure by a metric.
    pub(super) fn base(&self, metric: Metric) -> Option<f64> {
        self.base.get(&metric).copied()
    }

    /// The place of every row if its runtime (and the baseline's, and its memory) were these.
    pub(super) fn places(&self, figures: &Figures<'_>) -> Result<Vec<Place>> {
        let mut entries = self.entries.clone();
        for (entry, &row) in entries.iter_mut().zip(&self.rows) {
            entry.metrics.extend(figures.runtimes.get(row).map(|ms| (Metric::RuntimeMs, *ms)));
            entry.metrics.extend(figures.memory.and_then(|all| all.get(row)).map(|mib| (Metric::MemM, *mib)));
        }
        let base = |m: Metric| match (m, figures.baseline) {
            (Metric::RuntimeMs, Some(ms)) => Some(ms),
            _ => self.base(m),
        };
        let candidates: Vec<&Entry> = entries.iter().collect();
        let ranking = Ranking { rules: self.rules, track: self.track, base: &base };
        let mut places = vec![Place { rank: 0, figure: 0.0 }; entries.len()];
        for standing in ranking.run(&candidates) {
            let row = self.rows[standing.index];
            let figure = standing.score.or_else(|| figures.runtimes.get(row).copied()).unwrap_or_default();
            places[row] = Place { rank: standing.rank, figure };
        }
        Ok(places)
    }
}
