//! Cells that can be computed from other cells of their line, and ranks by a single metric.

use crate::audit::{Auditor, Interval, stem};
use crate::entry::Metric;
use crate::entry::label;
use crate::entry::rounding::Printed;
use crate::rank::{Leaderboard, Row};
use crate::tables::columns;
use crate::tables::columns::Meaning;

impl Auditor<'_> {
    /// A printed metric must be its full value, rounded.
    pub(super) fn precisions(&mut self) {
        for metric in Metric::ALL {
            for (full_column, divisor) in self.columns_of(metric, true) {
                for (column, _) in self.columns_of(metric, false) {
                    self.precision(column, full_column, divisor);
                }
            }
        }
    }

    fn precision(&mut self, column: &str, full_column: &str, divisor: f64) {
        for (line, entry) in self.lines() {
            let (Some(cell), Some(full)) = (entry.printed.get(column), entry.printed.get(full_column)) else {
                continue;
            };
            let (Some(printed), Ok(full)) = (Printed::parse(cell), full.parse::<f64>()) else { continue };
            let value = full / divisor;
            self.audit.checked += 1;
            if !printed.meets(value, value) {
                let decimals = cell.split_once('.').map_or(0, |(_, digits)| digits.len());
                let (computed, why) = (format!("{value:.decimals$}"), format!("rounded from `{full_column}`"));
                self.find(Some(line), &label(entry), (column, cell), computed, why);
            }
        }
    }

    /// The ranked runtime must be the mean of the splits'.
    pub(super) fn averages(&mut self) {
        for (column, _) in self.columns_of(Metric::RuntimeMs, false) {
            for (line, entry) in self.lines() {
                let split = |metric: Metric| self.interval(entry, metric);
                let (Some(val), Some(test)) = (split(Metric::RuntimeValMs), split(Metric::RuntimeTestMs)) else {
                    continue;
                };
                let Some(text) = entry.printed.get(column) else { continue };
                let Some(printed) = Printed::parse(text) else { continue };
                self.audit.checked += 1;
                let (low, high) = ((val.low + test.low) / 2.0, (val.high + test.high) / 2.0);
                if !printed.meets(low, high) {
                    let computed = format!("{:.*}", Metric::RuntimeMs.decimals(), (low + high) / 2.0);
                    self.find(
                        Some(line),
                        &label(entry),
                        (column, text),
                        computed,
                        "mean of the splits' runtimes".into(),
                    );
                }
            }
        }
    }

    /// Figures that a report gives beside a measurement: `report_flops_g`.
    pub(super) fn reports(&mut self) {
        for name in &self.table.columns {
            let Some(Meaning::Metric(source)) = name.strip_prefix("report_").map(columns::meaning) else { continue };
            for (line, entry) in self.lines() {
                let (Some(text), Some(value)) = (entry.printed.get(name), entry.get(source.metric)) else { continue };
                let Some(printed) = Printed::parse(text) else { continue };
                self.audit.checked += 1;
                let own = self.interval(entry, source.metric).unwrap_or(Interval::exact(value));
                if !printed.meets(own.low * source.divisor, own.high * source.divisor) {
                    let computed = format!("{value:.*}", source.metric.decimals());
                    self.find(
                        Some(line),
                        &label(entry),
                        (name, text),
                        computed,
                        "the measurement in the same line".into(),
                    );
                }
            }
        }
    }

    /// The column `ranked`.
    pub(super) fn ranked_flags(&mut self, board: &Leaderboard) {
        let ranked = board.rows.iter().map(|r| (&r.entry, true, "passes the cuts".to_owned()));
        let apart = board.baseline.iter().map(|r| (&r.entry, false, "the baseline".to_owned()));
        let unranked = board.unranked.iter().map(|u| (&u.entry, false, u.reason.clone()));
        for (entry, computed, why) in ranked.chain(apart).chain(unranked) {
            let Some(text) = entry.printed.get("ranked") else { continue };
            self.audit.checked += 1;
            if (text == "true") != computed {
                let line = self.line_of(entry);
                self.find(line, &label(entry), ("ranked", text), computed.to_string(), why);
            }
        }
    }

    /// Columns `runtime_rank`, `params_rank`, ...
    pub(super) fn metric_ranks(&mut self, board: &Leaderboard) {
        for row in &board.rows {
            for (metric, rank) in &row.metric_ranks {
                self.rank_cell(row, &format!("{}_rank", stem(*metric)), *rank, || format!("by {metric}"));
            }
        }
    }

    /// One printed rank or rank sum.
    pub(super) fn rank_cell(&mut self, row: &Row, column: &str, computed: u32, why: impl Fn() -> String) {
        let Some(text) = row.entry.printed.get(column) else { return };
        self.audit.checked += 1;
        if text.parse::<u32>().ok() != Some(computed) {
            let line = self.line_of(&row.entry);
            self.find(line, &label(&row.entry), (column, text), computed.to_string(), why());
        }
    }
}
