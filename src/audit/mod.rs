//! Recomputes a printed table from its own figures and the rules, and lists the mismatches.
//!
//! A printed number stands for the interval of all values that round to it: a cell is a mismatch only if no values of the
//! printed metrics explain it. It may use [`crate::entry`], [`crate::rules`], [`crate::rank`] and [`crate::tables`].

mod baseline;
mod cells;
mod remarks;
mod tracks;

use serde::Serialize;

use crate::entry::Entry;
use crate::entry::Metric;
use crate::entry::rounding::Printed;
use crate::error::Result;
use crate::rank::Leaderboard;
use crate::rank::{Options, rank_with};
use crate::rules::Rules;
use crate::rules::schema::Track;
use crate::tables::Table;
use crate::tables::columns;
use crate::tables::columns::Meaning;

/// The result of an audit.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Audit {
    /// How many cells were recomputed.
    pub checked: usize,
    /// The mismatches.
    pub findings: Vec<Mismatch>,
    /// Matches that depend on something that a reader should know.
    pub remarks: Vec<String>,
}

/// A cell, or a figure of the rules, that does not match the others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mismatch {
    /// The table's line, counted from 1; absent for a figure of the rules.
    pub line: Option<usize>,
    /// The entry.
    pub entry: String,
    /// The column.
    pub column: String,
    /// The printed value.
    pub printed: String,
    /// The computed value.
    pub computed: String,
    /// What it was computed from.
    pub why: String,
}

/// Audits a table by an edition's rules.
pub fn audit(table: &Table, rules: &Rules) -> Result<Audit> {
    let mut auditor = Auditor { table, rules, audit: Audit::default() };
    auditor.precisions();
    auditor.averages();
    auditor.reports();
    let options = Options::default();
    let boards: Vec<(&Track, Leaderboard)> = rules
        .tracks
        .iter()
        .map(|t| Ok((t, rank_with(&table.entries, rules, &t.name, &options)?)))
        .collect::<Result<_>>()?;
    let default = rules.track(&rules.default_track)?;
    if let Some((_, board)) = boards.iter().find(|(track, _)| track.name == default.name) {
        auditor.ranked_flags(board);
        auditor.metric_ranks(board);
        auditor.cuts(board);
        auditor.ties(board);
    }
    for (track, board) in &boards {
        auditor.track(track, board);
    }
    auditor.baseline(&boards);
    auditor.twins();
    auditor.audit.findings.sort_by(|a, b| a.line.cmp(&b.line).then_with(|| a.column.cmp(&b.column)));
    Ok(auditor.audit)
}

struct Auditor<'a> {
    table: &'a Table,
    rules: &'a Rules,
    audit: Audit,
}

impl<'a> Auditor<'a> {
    fn lines(&self) -> impl Iterator<Item = (usize, &'a Entry)> + use<'a> {
        self.table.lines.iter().copied().zip(&self.table.entries)
    }

    fn line_of(&self, entry: &Entry) -> Option<usize> {
        self.lines().find(|(_, e)| e.team == entry.team && e.submission == entry.submission).map(|(line, _)| line)
    }

    fn find(&mut self, line: Option<usize>, entry: &str, cell: (&str, &str), computed: String, why: String) {
        let (column, printed) = (cell.0.to_owned(), cell.1.to_owned());
        self.audit.findings.push(Mismatch { line, entry: entry.to_owned(), column, printed, computed, why });
    }

    /// Columns that print a metric, or that hold it in full, and what their cells are divided by.
    fn columns_of(&self, metric: Metric, exact: bool) -> Vec<(&'a str, f64)> {
        let matching = |name: &str| match columns::meaning(name) {
            Meaning::Metric(s) if s.metric == metric && s.exact == exact => Some(s.divisor),
            _ => None,
        };
        self.table.columns.iter().filter_map(|n| Some((n.as_str(), matching(n)?))).collect()
    }

    /// The possible values of a metric of an entry: its full value, or all values that round to the printed one.
    fn interval(&self, entry: &Entry, metric: Metric) -> Option<Interval> {
        let held = |exact| self.columns_of(metric, exact).into_iter().find(|(c, _)| entry.printed.contains_key(*c));
        if held(true).is_some() {
            return entry.get(metric).map(Interval::exact);
        }
        let (column, _) = held(false)?;
        Printed::parse(&entry.printed[column]).map(Interval::of)
    }
}

/// The values that a cell may stand for.
#[derive(Debug, Clone, Copy)]
struct Interval {
    low: f64,
    high: f64,
}

impl Interval {
    fn of(printed: Printed) -> Self {
        Interval { low: printed.low(), high: printed.high() }
    }

    fn exact(value: f64) -> Self {
        Interval { low: value, high: value }
    }
}

/// Half a unit of the last decimal that the challenge prints of a metric, with room for the binary representation.
fn half_unit(metric: Metric) -> f64 {
    0.5 * 10f64.powi(-(metric.decimals() as i32)) * (1.0 + 1e-9)
}

fn plural(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// The metric's name without its unit, as rank columns use it.
fn stem(metric: Metric) -> &'static str {
    let name = metric.name();
    ["_ms", "_m", "_g"].iter().find_map(|unit| name.strip_suffix(unit)).unwrap_or(name)
}
