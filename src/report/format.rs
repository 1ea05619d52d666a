//! The output formats of all commands.

use std::fmt;
use std::str::FromStr;

/// An output format, with one meaning in every command. Each command says which of them it has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A table for people
    #[default]
    Table,
    /// Comma-separated values in full precision, with a fixed header
    Csv,
    /// JSON in full precision
    Json,
    /// A Markdown table
    Markdown,
    /// A LaTeX table in the layout of the challenge's reports (booktabs)
    Latex,
    /// A page that needs no other file, with sortable tables and plots
    Html,
    /// The TOML file itself
    Toml,
    /// A Graphviz graph, for `dot -Tsvg`
    Dot,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 8] = [
        Format::Table,
        Format::Csv,
        Format::Json,
        Format::Markdown,
        Format::Latex,
        Format::Html,
        Format::Toml,
        Format::Dot,
    ];

    /// The format's name: `table`, `csv`, ...
    pub const fn name(self) -> &'static str {
        match self {
            Format::Table => "table",
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Markdown => "markdown",
            Format::Latex => "latex",
            Format::Html => "html",
            Format::Toml => "toml",
            Format::Dot => "dot",
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
