//! Options of a report.

use std::io::IsTerminal;
use std::str::FromStr;

use crate::entry::Metric;
use crate::report::column::Column;

/// How a leaderboard is shown. The default shows all of it, by rank, with the track's columns, without colour.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// The columns, in order; empty: the track's own, and the fixed header for CSV. JSON always holds everything.
    pub columns: Vec<Column>,
    /// The order of the ranked rows; absent: by rank.
    pub sort: Option<Sort>,
    /// How many ranked rows are kept; the others are counted in a note.
    pub top: Option<usize>,
    /// Two metrics whose Pareto front is marked.
    pub pareto: Option<(Metric, Metric)>,
    /// Whether the table may use escape sequences.
    pub colour: bool,
    /// A LaTeX document of its own instead of a table to include.
    pub standalone: bool,
    /// The terminal's width in columns; absent: lines are as long as they need.
    pub width: Option<u16>,
}

impl Options {
    /// Sets `colour` and `width` to what standard output allows: both on a terminal only, and no colour where `NO_COLOR` is set
    /// or `TERM` is `dumb`.
    #[must_use]
    pub fn on_stdout(mut self) -> Self {
        self.colour = colour_on_stdout();
        self.width = comfy_table::Table::new().width();
        self
    }
}

/// Whether standard output may be coloured.
pub fn colour_on_stdout() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|v| v == "dumb");
    std::io::stdout().is_terminal() && !set("NO_COLOR") && !dumb
}

/// A column to sort by, best first: `runtime_ms`, or worst first: `runtime_ms:reverse`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// The column.
    pub by: Column,
    /// Worst first.
    pub reverse: bool,
}

impl FromStr for Sort {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (name, reverse) = match s.split_once(':') {
            None => (s, false),
            Some((name, "reverse")) => (name, true),
            Some((_, other)) => {
                return Err(format!("expected `:reverse` or nothing after the column, found `:{other}`"));
            }
        };
        Ok(Sort { by: name.parse()?, reverse })
    }
}

/// Parses the two metrics of a Pareto front: `runtime_ms,psnr_val`.
pub fn parse_pareto(s: &str) -> Result<(Metric, Metric), String> {
    let (a, b) = s.split_once(',').ok_or("expected two metrics separated by a comma, such as `runtime_ms,psnr_val`")?;
    let (a, b) = (a.trim().parse::<Metric>()?, b.trim().parse::<Metric>()?);
    if a == b { Err(format!("expected two different metrics, found `{a}` twice")) } else { Ok((a, b)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sort_and_pareto_are_parsed_or_explained() {
        assert_eq!("mem_m".parse(), Ok(Sort { by: Column::Metric(Metric::MemM), reverse: false }));
        assert_eq!("team:reverse".parse(), Ok(Sort { by: Column::Team, reverse: true }));
        assert!(
            "team:down".parse::<Sort>().unwrap_err().contains("`:reverse` or nothing after the column, found `:down`")
        );
        assert_eq!(parse_pareto("runtime_ms, psnr_val"), Ok((Metric::RuntimeMs, Metric::PsnrVal)));
        assert!(parse_pareto("runtime_ms,runtime_ms").is_err());
        assert!(parse_pareto("runtime_ms").is_err());
        assert_eq!(parse_pareto("runtime,psnr_va").unwrap_err(), "no metric `runtime`, did you mean `runtime_ms`?");
    }
}
