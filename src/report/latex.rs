//! LaTeX: booktabs, in the layout of the challenge's reports. Ranks are subscripts, the best value of a metric is bold, the
//! baseline stands apart, and below the rule the entries that are not ranked, with their reasons under the table.

use std::fmt::Write;

use crate::error::Result;
use crate::report::column::Column;
use crate::report::line::Line;
use crate::report::render::Render;
use crate::report::view::BoardView;
use crate::text;

/// See [`crate::report::format::Format::Latex`].
pub(super) struct Latex;

impl Render for Latex {
    fn render(&self, view: &BoardView<'_>) -> Result<String> {
        let board = &view.board;
        let columns = view.columns();
        let alignment: String = columns.iter().map(|c| if c.is_numeric() { 'r' } else { 'l' }).collect();
        let mut out = format!(
            "% Needs \\usepackage{{booktabs}}.\n\\begin{{table*}}[t]\n\\centering\n\\caption{{{}, {} track. Ranks are in \
             parentheses.}}\n\\label{{tab:{}}}\n\\begin{{tabular}}{{{alignment}}}\n\\toprule\n",
            escape(&view.title()),
            escape(&text::shortened(&board.track, 100)),
            label(&text::shortened(&format!("{}-{}", board.rules, board.track), 100)),
        );
        let headings: Vec<String> = view.headings(&columns).iter().map(|h| escape(h)).collect();
        let _ = writeln!(out, "{} \\\\\n\\midrule", headings.join(" & "));
        let mut section = |lines: &[Line<'_>], rule: &str| {
            for (i, line) in lines.iter().enumerate() {
                let cells: Vec<String> = columns.iter().map(|&c| cell(view, c, line)).collect();
                let rule = if i == 0 { rule } else { "" };
                let _ = writeln!(out, "{rule}{} \\\\", cells.join(" & "));
            }
        };
        section(&view.ranked().collect::<Vec<_>>(), "");
        section(&view.unranked().collect::<Vec<_>>(), "\\midrule\n");
        section(&view.baseline().into_iter().collect::<Vec<_>>(), "\\midrule\n");
        out.push_str("\\bottomrule\n\\end{tabular}\n");
        for line in view.unranked() {
            let reason = line.reason.unwrap_or_default();
            let (team, reason) = (view.shown(Column::Team, &line).value, text::shortened(reason, 2_000));
            let _ = writeln!(out, "\\par\\footnotesize {} is not ranked: {}.", escape(&team), escape(&reason));
        }
        for note in view.notes() {
            let _ = writeln!(out, "\\par\\footnotesize {}", escape(&note));
        }
        out.push_str("\\end{table*}\n");
        Ok(out)
    }
}

/// A document around tables, which compiles on its own with pdflatex, xelatex or lualatex.
///
/// pdflatex knows the letters of European languages alone; another character is printed as its code, `U+5B57`. The other two
/// engines take it from their font, if that has it.
pub(super) fn document(tables: &str) -> String {
    let mut unknown: Vec<char> = tables.chars().filter(|c| *c > '\u{17f}').collect();
    unknown.sort_unstable();
    unknown.dedup();
    let mut out = String::from(
        "\\documentclass{article}\n\\usepackage[a3paper,landscape,margin=15mm]{geometry}\n\\usepackage{iftex}\n\\ifPDFTeX\n\
         \\usepackage[T1]{fontenc}\n\\usepackage[utf8]{inputenc}\n\\usepackage{textcomp}\n\\IfFileExists{lmodern.sty}{\\usepackage{lmodern}}{}\n",
    );
    for c in unknown {
        let code = c as u32;
        let _ = writeln!(
            out,
            "\\makeatletter\\@ifundefined{{u8:\\detokenize{{{c}}}}}\
             {{\\DeclareUnicodeCharacter{{{code:04X}}}{{{{\\tiny U+{code:04X}}}}}}}{{}}\\makeatother"
        );
    }
    out.push_str("\\else\n\\usepackage{fontspec}\n\\fi\n\\usepackage{booktabs}\n\\begin{document}\n\\small\n");
    out.push_str(tables);
    out.push_str("\\end{document}\n");
    out
}

fn cell(view: &BoardView<'_>, column: Column, line: &Line<'_>) -> String {
    let shown = view.shown(column, line);
    let mut value = escape(&shown.value);
    if shown.best {
        value = format!("\\textbf{{{value}}}");
    }
    if let Some(rank) = shown.rank {
        let _ = write!(value, "\\textsubscript{{({rank})}}");
    }
    value
}

/// Takes from every character with a meaning in LaTeX that meaning.
fn escape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in text::one_line(raw).chars() {
        match c {
            '\\' => out.push_str("\\textbackslash{}"),
            '{' | '}' | '$' | '&' | '#' | '_' | '%' => out.extend(['\\', c]),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            '|' => out.push_str("\\textbar{}"),
            // A plain quotation mark is a command to some languages' packages.
            '"' => out.push_str("\\symbol{34}"),
            // LaTeX has no sign for what could not be shown.
            char::REPLACEMENT_CHARACTER => out.push('?'),
            // A row that starts with a bracket or a star would be read as the line break's argument.
            '[' | '*' if out.is_empty() => out.extend(['{', c, '}']),
            _ => out.push(c),
        }
    }
    out
}

/// A label may hold letters, digits, and hyphens.
fn label(raw: &str) -> String {
    raw.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
