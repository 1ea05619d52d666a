//! Reports: one leaderboard, many formats.
//!
//! A [`View`] is the leaderboard after the options (sorted, cut, Pareto front marked) with the columns to show. Each format is one
//! file with one [`Report`]; none of them computes anything.

pub mod cloned;
mod column;
mod csv;
pub mod description;
mod html;
pub mod identified;
pub mod imported;
pub mod inspection;
mod json;
mod latex;
mod line;
mod markdown;
mod options;
mod pareto;
mod terminal;

mod view;

use std::fmt;
use std::str::FromStr;

pub use column::Column;
pub use html::page;
pub use latex::document as latex_document;
pub use line::{Kind, Line};
pub use options::{Options, Sort, colour_on_stdout, parse_pareto};
pub use view::View;

use crate::error::Result;
use crate::rank::Leaderboard;

/// A way to write a leaderboard down.
pub trait Report {
    /// The whole document, with a newline at its end.
    fn render(&self, view: &View<'_>) -> Result<String>;
}

/// The formats that a leaderboard can be written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A table for people, with each metric's rank in parentheses.
    #[default]
    Table,
    /// Comma-separated values in full precision, with a fixed header.
    Csv,
    /// The leaderboard as one JSON object.
    Json,
    /// A Markdown table.
    Markdown,
    /// A LaTeX table in the layout of the challenge's reports (booktabs).
    Latex,
    /// A page that needs nothing beside itself: sortable tables and plots.
    Html,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 6] =
        [Format::Table, Format::Csv, Format::Json, Format::Markdown, Format::Latex, Format::Html];

    /// The format's name: `table`, `csv`, ...
    pub const fn name(self) -> &'static str {
        match self {
            Format::Table => "table",
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Markdown => "markdown",
            Format::Latex => "latex",
            Format::Html => "html",
        }
    }

    /// The format that a file's extension asks for: `csv`, `json`, `md`, `tex`, `html`.
    pub fn of_path(path: &std::path::Path) -> Option<Format> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Format::Csv),
            "json" => Some(Format::Json),
            "md" | "markdown" => Some(Format::Markdown),
            "tex" => Some(Format::Latex),
            "html" | "htm" => Some(Format::Html),
            "txt" => Some(Format::Table),
            _ => None,
        }
    }

    fn report(self) -> Box<dyn Report> {
        match self {
            Format::Table => Box::new(terminal::Terminal),
            Format::Csv => Box::new(csv::Csv),
            Format::Json => Box::new(json::Json),
            Format::Markdown => Box::new(markdown::Markdown),
            Format::Latex => Box::new(latex::Latex),
            Format::Html => Box::new(html::Html),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Format::ALL.into_iter().find(|f| f.name() == s).ok_or_else(|| {
            let hint = crate::util::toml_file::nearest(s, Format::ALL.iter().map(|f| f.name()));
            format!("no format `{s}`{hint}")
        })
    }
}

/// Writes `board` in `format`.
pub fn render(board: &Leaderboard, format: Format, options: &Options) -> Result<String> {
    format.report().render(&View::new(board, options))
}

#[cfg(test)]
mod injection_tests;
#[cfg(test)]
mod tests;
