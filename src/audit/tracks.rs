//! A track's printed ranks, rank sums and scores.

use crate::audit::{Auditor, Interval, half_unit, stem};
use crate::entry::Entry;
use crate::entry::Metric;
use crate::entry::label;
use crate::entry::rounding::Printed;
use crate::rank::Leaderboard;
use crate::rules::schema::{By, ScoreRule, Track};

impl Auditor<'_> {
    /// Ranks that a single metric's column prints as well are checked there.
    pub(super) fn track(&mut self, track: &Track, board: &Leaderboard) {
        if let Some(column) = track.printed.rank.as_deref().filter(|c| !self.is_metric_rank(c)) {
            for row in &board.rows {
                let why = || {
                    let shared = board.rows.iter().filter(|r| r.rank == row.rank && !std::ptr::eq(*r, row));
                    let names: Vec<String> = shared.map(|r| label(&r.entry)).collect();
                    let with =
                        if names.is_empty() { String::new() } else { format!(", shared with {}", names.join(", ")) };
                    let figure =
                        row.score.map_or_else(|| track.name.clone(), |s| format!("{} {s}", board.score_heading));
                    figure + &with
                };
                self.rank_cell(row, column, row.rank, why);
            }
        }
        let Some(column) = track.printed.score.as_deref() else { return };
        match &track.by {
            By::RankSum(metrics) => {
                let names: Vec<&str> = metrics.iter().map(|m| stem(*m)).collect();
                for row in &board.rows {
                    let why = || format!("sum of the ranks by {}", names.join(", "));
                    self.rank_cell(row, column, row.score.unwrap_or_default() as u32, why);
                }
            }
            By::Score(rule) => self.scores(rule, column, board),
            By::Metric(_) => {}
        }
    }

    fn is_metric_rank(&self, column: &str) -> bool {
        self.rules.metric_ranks.order.iter().any(|m| format!("{}_rank", stem(*m)) == column)
    }

    /// Printed scores, within the rounding of the printed metrics.
    fn scores(&mut self, rule: &ScoreRule, column: &str, board: &Leaderboard) {
        let base = board.baseline.as_ref().map(|r| &r.entry);
        let unranked = board.unranked.iter().map(|u| &u.entry);
        for entry in board.rows.iter().map(|r| &r.entry).chain(unranked).chain(base) {
            let Some(text) = entry.printed.get(column) else { continue };
            let Some(printed) = Printed::parse(text) else { continue };
            let Some([low, middle, high]) = self.score_interval(rule, entry, base) else { continue };
            self.audit.checked += 1;
            if !printed.meets(low, high) {
                let line = self.line_of(entry);
                let why = format!("between {low:.2} and {high:.2} by the printed metrics");
                self.find(line, &label(entry), (column, text), format!("{middle:.2}"), why);
            }
        }
    }

    /// The least, the middle and the greatest score that the printed metrics allow.
    fn score_interval(&self, rule: &ScoreRule, entry: &Entry, base: Option<&Entry>) -> Option<[f64; 3]> {
        let mut sums = [0.0; 3];
        for (&metric, &weight) in &rule.weights {
            let (own, base_interval) = (self.interval(entry, metric)?, self.base_interval(base, metric)?);
            // The baseline has the same value on both sides of the division, whatever it is.
            let exponents = if base.is_some_and(|b| std::ptr::eq(b, entry)) {
                [1.0; 3]
            } else {
                let middle = (own.low + own.high) / (base_interval.low + base_interval.high);
                [own.low / base_interval.high, middle, own.high / base_interval.low]
            };
            for (sum, exponent) in sums.iter_mut().zip(exponents) {
                *sum += weight * (rule.k * exponent).exp();
            }
        }
        Some(sums)
    }

    fn base_interval(&self, base: Option<&Entry>, metric: Metric) -> Option<Interval> {
        base.and_then(|e| self.interval(e, metric)).or_else(|| {
            let (value, half) = (self.rules.baseline_figure(metric)?, half_unit(metric));
            Some(Interval { low: value - half, high: value + half })
        })
    }
}
