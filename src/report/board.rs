//! Leaderboards in each format.

use crate::error::{Error, Result};
use crate::rank::Leaderboard;
use crate::report::csv::Csv;
use crate::report::format::Format;
use crate::report::html::Html;
use crate::report::json::Json;
use crate::report::latex::{self, Latex};
use crate::report::markdown::Markdown;
use crate::report::options::Options;
use crate::report::render::Render;
use crate::report::terminal::Terminal;
use crate::report::view::BoardView;

/// The formats that a leaderboard can be written in.
pub const BOARD_FORMATS: &[Format] =
    &[Format::Table, Format::Csv, Format::Json, Format::Markdown, Format::Latex, Format::Html];

/// Writes one leaderboard.
pub fn render(board: &Leaderboard, format: Format, options: &Options) -> Result<String> {
    let renderer: &dyn Render = match format {
        Format::Table => &Terminal,
        Format::Csv => &Csv,
        Format::Json => &Json,
        Format::Markdown => &Markdown,
        Format::Latex => &Latex,
        Format::Html => &Html,
        Format::Toml | Format::Dot => {
            return Err(Error::Usage(format!("a leaderboard cannot be written as {format}")));
        }
    };
    renderer.render(&BoardView::new(board, options))
}

/// Writes the leaderboards of several tracks as one document: CSV has one header, JSON is an array, LaTeX may be
/// a whole document.
pub fn render_all(boards: &[Leaderboard], format: Format, options: &Options) -> Result<String> {
    let texts = boards.iter().map(|b| render(b, format, options)).collect::<Result<Vec<String>>>()?;
    Ok(match (texts.as_slice(), format) {
        (_, Format::Latex) if options.standalone => latex::document(&texts.concat()),
        ([only], _) => only.clone(),
        (_, Format::Json) => format!("[\n{}\n]\n", texts.iter().map(|t| t.trim_end()).collect::<Vec<_>>().join(",\n")),
        ([first, rest @ ..], Format::Csv) => {
            let rows = rest.iter().filter_map(|text| text.split_once('\n')).map(|(_header, rows)| rows);
            std::iter::once(first.as_str()).chain(rows).collect()
        }
        _ => texts.join("\n"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(track: &str) -> Leaderboard {
        let rules = crate::rules::Rules::embedded("ntire2022").unwrap();
        let mut board = crate::rank::rank(&rules.published().unwrap(), &rules, track).unwrap();
        board.rows.truncate(2);
        board
    }

    #[test]
    fn several_tracks_make_one_document() {
        let boards = ["overall", "runtime"].map(board);
        let csv = render_all(&boards, Format::Csv, &Options::default()).unwrap();
        assert_eq!(csv.lines().filter(|l| l.starts_with("track,rank,team,")).count(), 1);
        let single = |b: &Leaderboard| render(b, Format::Csv, &Options::default()).unwrap().lines().count();
        assert_eq!(csv.lines().count(), single(&boards[0]) + single(&boards[1]) - 1);
        let json = render_all(&boards, Format::Json, &Options::default()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value.as_array().map(Vec::len), Some(2));
        let refused = render(&boards[0], Format::Dot, &Options::default()).unwrap_err().to_string();
        assert_eq!(refused, "a leaderboard cannot be written as dot");
    }
}
