//! The baseline's figures: the table's, the rules', those that stand elsewhere, and those that the printed scores follow from.

use std::collections::BTreeMap;

use crate::audit::{Auditor, Interval, half_unit};
use crate::entry::Metric;
use crate::entry::label;
use crate::entry::rounding::Printed;
use crate::rank::Leaderboard;
use crate::rules::schema::{By, Track};

impl Auditor<'_> {
    /// The baseline's figures: the table's, the rules', those that stand elsewhere, and those that the scores follow from.
    pub(super) fn baseline(&mut self, boards: &[(&Track, Leaderboard)]) {
        let Some(baseline) = self.rules.baseline.clone() else { return };
        let row = boards.iter().find_map(|(_, b)| b.baseline.clone());
        if let Some(row) = &row {
            for (&metric, &figure) in &baseline.metrics {
                let Some(value) = row.entry.get(metric) else { continue };
                self.audit.checked += 1;
                if (value - figure).abs() > half_unit(metric) {
                    let text = format!("{value:.*}", metric.decimals());
                    let why = format!("{} of the rules ({})", baseline.network, baseline.source);
                    let line = self.line_of(&row.entry);
                    let computed = format!("{figure:.*}", metric.decimals());
                    self.find(line, &label(&row.entry), (metric.name(), &text), computed, why);
                }
            }
        }
        let implied: BTreeMap<Metric, Interval> = boards
            .iter()
            .filter_map(|(track, board)| {
                let By::Score(rule) = &track.by else { return None };
                let (&metric, _) = rule.weights.iter().next().filter(|_| rule.weights.len() == 1)?;
                Some((metric, self.implied_base(rule.k, metric, track.printed.score.as_deref()?, board)?))
            })
            .collect();
        for (metric, interval) in &implied {
            self.audit.remarks.push(format!(
                "the printed scores need a baseline {metric} between {:.4} and {:.4}",
                interval.low, interval.high
            ));
        }
        for other in &baseline.others {
            let own = row
                .as_ref()
                .and_then(|r| r.entry.get(other.metric))
                .or_else(|| self.rules.baseline_figure(other.metric));
            let Some(own) = own else { continue };
            self.audit.checked += 1;
            let decimals = other.metric.decimals();
            if (own - other.value).abs() > half_unit(other.metric) {
                let excluded = implied.get(&other.metric).is_some_and(|i| other.value < i.low || other.value > i.high);
                let why = if excluded { "; the printed scores exclude the other" } else { "" };
                let column = format!("baseline {}", other.metric);
                self.find(
                    None,
                    &format!("{} ({})", baseline.network, other.source),
                    (&column, &format!("{:.decimals$}", other.value)),
                    format!("{own:.decimals$}"),
                    format!("the table{why}"),
                );
            }
        }
    }

    /// All baseline figures from which the printed scores of one metric can follow.
    fn implied_base(&self, k: f64, metric: Metric, column: &str, board: &Leaderboard) -> Option<Interval> {
        let mut all = Interval { low: 0.0, high: f64::INFINITY };
        let mut used = 0;
        for entry in board.rows.iter().map(|r| &r.entry).chain(board.unranked.iter().map(|u| &u.entry)) {
            let Some(printed) = entry.printed.get(column).and_then(|t| Printed::parse(t)) else { continue };
            let Some(own) = self.interval(entry, metric) else { continue };
            let (log_low, log_high) = (printed.low().max(1.0).ln(), printed.high().max(1.0).ln());
            if log_low <= 0.0 {
                continue;
            }
            all.low = all.low.max(k * own.low / log_high);
            all.high = all.high.min(k * own.high / log_low);
            used += 1;
        }
        (used > 0 && all.low <= all.high).then_some(all)
    }
}
