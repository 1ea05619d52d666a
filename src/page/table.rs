//! A ranked table as the page shows it: text for people, and the number behind each cell for sorting and filtering.

use serde::Serialize;

/// One track.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TrackTable {
    /// The track's name: `overall`.
    pub name: String,
    /// The edition's title.
    pub title: String,
    /// What the track's figure is: `rank sum`.
    pub score: String,
    /// The headings.
    pub columns: Vec<Column>,
    /// Ranked rows, then the baseline, then those that are not ranked.
    pub rows: Vec<Row>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    /// Its name in the CSV export.
    pub name: String,
    /// Its heading.
    pub heading: String,
    /// Whether it holds numbers.
    pub numeric: bool,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// In which part of the table it stands.
    pub kind: RowKind,
    /// The entry's place in [`crate::page::Page::entries`].
    pub entry: usize,
    /// Its place.
    pub rank: Option<u32>,
    /// Between which places it lies.
    pub interval: Option<(u32, u32)>,
    /// Why it is not ranked.
    pub reason: Option<String>,
    /// In the columns' order.
    pub cells: Vec<Cell>,
}

/// A part of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    /// Ranked.
    Ranked,
    /// The baseline, apart from the ranking.
    Baseline,
    /// Not ranked.
    Unranked,
}

/// One cell.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Cell {
    /// As the challenge prints it.
    pub text: String,
    /// In full precision, for the CSV.
    pub exact: String,
    /// The number to sort and filter by.
    pub number: Option<f64>,
    /// The rank by this metric.
    pub rank: Option<u32>,
    /// Whether no ranked entry has a better value.
    pub best: bool,
}
