//! The table builder. Every command that prints a table for people uses it.

use crate::text::format::one_line;
use std::fmt;

use comfy_table::{Attribute, CellAlignment, Color, ContentArrangement, LineStyle, TableStyle};

/// How a column is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// The meaning of a cell. A terminal shows it by colour; the text must say it as well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Style {
    /// Nothing special.
    #[default]
    Plain,
    /// The best of its column, or a check that passed.
    Good,
    /// A failure.
    Bad,
    /// A warning.
    Warn,
}

/// A cell of a [`Table`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// A plain cell.
    pub fn new(text: impl Into<String>) -> Self {
        Cell { text: text.into(), style: Style::Plain }
    }

    /// The same cell with a meaning.
    #[must_use]
    pub fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Cell::new(text)
    }
}

/// A table for people: a header, a rule, rows; no frame, so that it can be copied and read by `awk`.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Option<Vec<Cell>>>,
    colour: bool,
    width: Option<u16>,
}

impl Table {
    /// A table with these headings.
    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = (S, Align)>) -> Self {
        let columns = columns.into_iter().map(|(heading, align)| (heading.into(), align)).collect();
        Table { columns, rows: Vec::new(), colour: false, width: None }
    }

    /// Allows escape sequences (see [`crate::report::colour_on_stdout`]).
    #[must_use]
    pub fn colour(mut self, colour: bool) -> Self {
        self.colour = colour;
        self
    }

    /// Wraps cells so that lines are at most `width` columns long.
    #[must_use]
    pub fn width(mut self, width: u16) -> Self {
        self.width = Some(width);
        self
    }

    /// Adds a row; cells that are missing are empty.
    pub fn row<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(Some(cells.into_iter().map(Into::into).collect()));
    }

    /// Adds a rule below the rows so far.
    pub fn rule(&mut self) {
        self.rows.push(None);
    }

    fn build(&self) -> comfy_table::Table {
        let mut table = comfy_table::Table::new();
        table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─')));
        table.force_no_tty();
        if self.colour {
            table.enforce_styling();
        }
        if let Some(width) = self.width {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        table.set_header(
            self.columns
                .iter()
                .map(|(heading, _)| comfy_table::Cell::new(one_line(heading)).add_attributes(bold(self.colour))),
        );
        let widths = self.widths();
        let total = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
        for row in &self.rows {
            match row {
                Some(cells) => table.add_row(cells.iter().map(|c| self.cell(c))),
                // Where cells are wrapped, a rule would be as well: a blank line parts the rows just as clearly.
                None if self.width.is_some_and(|w| usize::from(w) < total) => table.add_row([""]),
                None => table.add_row(widths.iter().map(|&w| "─".repeat(w))),
            };
        }
        let last = self.columns.len().saturating_sub(1);
        for (i, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, if i == last { 0 } else { 2 }));
            if self.columns.get(i).is_some_and(|(_, align)| *align == Align::Right) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }

    fn cell(&self, cell: &Cell) -> comfy_table::Cell {
        let out = comfy_table::Cell::new(one_line(&cell.text));
        match cell.style {
            _ if !self.colour => out,
            Style::Plain => out,
            Style::Good => out.fg(Color::Green).add_attribute(Attribute::Bold),
            Style::Bad => out.fg(Color::Red).add_attribute(Attribute::Bold),
            Style::Warn => out.fg(Color::Yellow),
        }
    }

    /// The widest text of each column.
    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.columns.iter().map(|(heading, _)| heading.chars().count()).collect();
        for cells in self.rows.iter().flatten() {
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(cell.text.chars().count());
            }
        }
        widths
    }
}

fn bold(colour: bool) -> Vec<Attribute> {
    if colour { vec![Attribute::Bold] } else { Vec::new() }
}

/// Without blanks at the lines' ends, and without a newline at the end.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.build().trim_fmt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_aligns_and_leaves_no_blanks_at_the_end() {
        let mut table = Table::new([("name", Align::Left), ("ms", Align::Right), ("why", Align::Left)]);
        table.row(["a", "1.00", ""]);
        table.rule();
        table.row(["long name", "100.00", "x\u{1b}[31m"]);
        insta::assert_snapshot!(table.to_string(), @r"
        name           ms  why
        ─────────────────────────
        a            1.00
        ─────────  ──────  ──────
        long name  100.00  x�[31m
        ");
    }

    #[test]
    fn colour_is_there_only_when_allowed() {
        let mut table = Table::new([("a", Align::Left)]);
        table.row([Cell::new("best").style(Style::Good)]);
        assert!(!table.to_string().contains('\u{1b}'));
        assert!(table.colour(true).to_string().contains("\u{1b}["));
    }
}
