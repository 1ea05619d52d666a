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
        let mut out =
            format!("### {}: {}\n\n", escape(&view.title()), escape(&text::shortened(&view.board.track, 100)));
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

/// Takes from every character with a meaning in a table's cell or a list's item that meaning. Addresses and names after an
/// `@` are broken as well: they would become links and calls.
fn escape(raw: &str) -> String {
    let line = text::one_line(raw);
    let mut out = String::with_capacity(line.len());
    // Whether only digits came so far: with a point or a bracket and a blank after them they begin a list.
    let mut digits = true;
    for (at, c) in line.char_indices() {
        let rest = &line[at..];
        match c {
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '~' | '#' | '$' => out.extend(['\\', c]),
            '-' | '+' | '=' if at == 0 => out.extend(['\\', c]),
            '.' | ')' if digits && at > 0 && begins_item(&rest[1..]) => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            ':' if rest.starts_with("://") => out.push_str("&#58;"),
            '.' if ends_with_www(&line[..at]) => out.push_str("&#46;"),
            _ => out.push(c),
        }
        digits &= c.is_ascii_digit();
    }
    out
}

fn begins_item(rest: &str) -> bool {
    rest.chars().next().is_none_or(char::is_whitespace)
}

fn ends_with_www(text: &str) -> bool {
    text.len().checked_sub(3).and_then(|at| text.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case("www"))
}
