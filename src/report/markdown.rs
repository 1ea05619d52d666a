//! Markdown: pipe tables with ranks in parentheses, best in bold.

use crate::report::column::unranked_columns;
use std::fmt::Write;

use crate::error::Result;
use crate::report::column::Column;
use crate::report::line::Line;
use crate::report::render::Render;
use crate::report::view::BoardView;
use crate::text;

/// See [`crate::report::format::Format::Markdown`].
pub(super) struct Markdown;

impl Render for Markdown {
    fn render(&self, view: &BoardView<'_>) -> Result<String> {
        let columns = view.columns();
        let mut out = format!("### {}: {}\n\n", escape(&view.board.title), escape(&view.board.track));
        let lines: Vec<_> = view.ranked().chain(view.baseline()).collect();
        table(&mut out, view, &columns, &lines);
        let unranked: Vec<_> = view.unranked().collect();
        if !unranked.is_empty() {
            out.push_str("\nNot ranked:\n\n");
            table(&mut out, view, &unranked_columns(&columns), &unranked);
        }
        let notes = view.notes();
        if !notes.is_empty() {
            out.push('\n');
        }
        for note in notes {
            let _ = writeln!(out, "- {}", escape(&note));
        }
        Ok(out)
    }
}

fn table(out: &mut String, view: &BoardView<'_>, columns: &[Column], lines: &[Line<'_>]) {
    let headings: Vec<String> = view.headings(columns).iter().map(|h| escape(h)).collect();
    let rules: Vec<&str> = columns.iter().map(|c| if c.is_numeric() { "---:" } else { "---" }).collect();
    let _ = writeln!(out, "| {} |\n| {} |", headings.join(" | "), rules.join(" | "));
    for line in lines {
        let cells: Vec<String> = columns.iter().map(|&c| cell(view, c, line)).collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
}

fn cell(view: &BoardView<'_>, column: Column, line: &Line<'_>) -> String {
    let shown = view.shown(column, line);
    let mut value = escape(&shown.value);
    if shown.best {
        value = format!("**{value}**");
    }
    text::with_rank(&value, shown.rank)
}

/// Takes from every character with a meaning in a table's cell that meaning.
fn escape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in text::one_line(raw).chars() {
        match c {
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '~' | '#' | '$' => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            _ => out.push(c),
        }
    }
    out
}
