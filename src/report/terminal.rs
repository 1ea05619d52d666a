//! The table for people: each metric's rank in parentheses as the challenge prints it, below it what is not ranked and why.

use crate::report::column::unranked_columns;
use std::fmt::Write;

use crate::error::Result;
use crate::report::column::Column;
use crate::report::line::{Kind, Line};
use crate::report::render::Render;
use crate::report::view::BoardView;
use crate::text;
use crate::text::{Align, Cell, Style, Table};

/// See [`crate::report::format::Format::Table`].
pub(super) struct Terminal;

impl Render for Terminal {
    fn render(&self, view: &BoardView<'_>) -> Result<String> {
        let board = &view.board;
        let mut out = format!("{}: {}\n\n", view.title(), text::one_line(&text::shortened(&board.track, 100)));
        let columns = view.columns();
        let lines: Vec<Line<'_>> = view.ranked().chain(view.baseline()).collect();
        let _ = writeln!(out, "{}", table(view, &columns, &lines));
        let unranked: Vec<Line<'_>> = view.unranked().collect();
        if !unranked.is_empty() {
            let _ = writeln!(out, "\nNot ranked:\n\n{}", table(view, &unranked_columns(&columns), &unranked));
        }
        let notes = view.notes();
        if !notes.is_empty() {
            out.push('\n');
        }
        for note in notes {
            let _ = writeln!(out, "note: {note}");
        }
        Ok(out)
    }
}

fn table(view: &BoardView<'_>, columns: &[Column], lines: &[Line<'_>]) -> Table {
    let align = |c: &Column| if c.is_numeric() { Align::Right } else { Align::Left };
    let mut table =
        Table::new(view.headings(columns).into_iter().zip(columns.iter().map(align))).colour(view.options.colour);
    if let Some(width) = view.options.width {
        table = table.width(width);
    }
    // Ranks are padded on their right, so that the values before them stay aligned at the point.
    let suffix = |column: Column, line: &Line<'_>| view.shown(column, line).rank.map_or(0, |r| text::rank(r).len() + 1);
    let widths: Vec<usize> =
        columns.iter().map(|&c| lines.iter().map(|l| suffix(c, l)).max().unwrap_or_default()).collect();
    for line in lines {
        if line.kind == Kind::Baseline {
            table.rule();
        }
        table.row(columns.iter().zip(&widths).map(|(&column, &width)| {
            let shown = view.shown(column, line);
            let padding = width - suffix(column, line);
            let style = if shown.best { Style::Good } else { Style::Plain };
            Cell::new(format!("{}{:padding$}", text::with_rank(&shown.value, shown.rank), "")).style(style)
        }));
    }
    table
}
