//! HTML: the leaderboard as a page of its own; and the tables of a page that shows more.

use std::collections::BTreeSet;

use crate::entry::{Entry, label};
use crate::error::Result;
use crate::page::{Announcement, Cell, Mode, Page, Row, RowKind, TrackTable, render};
use crate::rank::Leaderboard;
use crate::report::column::Column;
use crate::report::line::{Kind, Line};
use crate::report::options::Options;
use crate::report::render::Render;
use crate::report::view::BoardView;
use crate::text;

/// See [`crate::report::format::Format::Html`].
pub(super) struct Html;

impl Render for Html {
    fn render(&self, view: &BoardView<'_>) -> Result<String> {
        let entries: Vec<Entry> = view.lines().map(|line| line.entry.clone()).collect();
        let title = view.board.title.clone();
        render(&Page::new(title, vec![table(view, &entries)], &entries), Mode::File)
    }
}

/// The page of boards. Its entries stand in the order of `entries`, with the figures that the rules make of their splits.
pub fn page(title: &str, boards: &[Leaderboard], options: &Options, entries: &[Entry]) -> Page {
    let known: Vec<&Entry> = boards
        .iter()
        .flat_map(|b| {
            let rows = b.rows.iter().chain(&b.baseline).map(|row| &row.entry);
            rows.chain(b.unranked.iter().map(|u| &u.entry))
        })
        .collect();
    let ranked = |entry: &Entry| {
        let same = known.iter().find(|other| label(other) == label(entry));
        same.map_or_else(|| entry.clone(), |other| (*other).clone())
    };
    let entries: Vec<Entry> = entries.iter().map(ranked).collect();
    let tracks = boards.iter().map(|board| table(&BoardView::new(board, options), &entries)).collect();
    let mut page = Page::new(title.to_owned(), tracks, &entries);
    page.announcements = boards.iter().filter_map(announcement).collect();
    page
}

fn announcement(board: &Leaderboard) -> Option<Announcement> {
    let sentences = board.announcement.as_ref()?.sentences.iter().map(|s| text::one_line(s)).collect();
    Some(Announcement { track: board.track.clone(), sentences })
}

fn table(view: &BoardView<'_>, entries: &[Entry]) -> TrackTable {
    let board = &view.board;
    let mut columns = view.columns();
    // Where each team has one submission its name says nothing more; the entry's section has both.
    let teams: BTreeSet<&str> = entries.iter().map(|e| e.team.as_str()).collect();
    if view.options.columns.is_empty() && teams.len() == entries.len() {
        columns.retain(|c| *c != Column::Submission);
    }
    let heading = |(column, heading): (&Column, String)| crate::page::Column {
        name: column.name(),
        heading,
        numeric: column.is_numeric(),
    };
    let row = |line: Line<'_>| {
        let name = label(line.entry);
        Row {
            kind: match line.kind {
                Kind::Ranked => RowKind::Ranked,
                Kind::Baseline => RowKind::Baseline,
                Kind::Unranked => RowKind::Unranked,
            },
            entry: entries.iter().position(|e| label(e) == name).unwrap_or_default(),
            rank: line.rank,
            interval: line.rank_interval(),
            reason: line.reason.filter(|_| line.kind == Kind::Unranked).map(text::one_line),
            cells: columns.iter().map(|&column| cell(view, column, &line)).collect(),
        }
    };
    TrackTable {
        name: board.track.clone(),
        title: board.title.clone(),
        score: board.score_heading.clone(),
        columns: columns.iter().zip(view.headings(&columns)).map(heading).collect(),
        rows: view.lines().map(row).collect(),
        notes: view.notes(),
    }
}

fn cell(view: &BoardView<'_>, column: Column, line: &Line<'_>) -> Cell {
    let shown = view.shown(column, line);
    let exact = column.exact(&view.board.track, line);
    let number = match column {
        Column::RankInterval => line.rank_interval().map(|i| f64::from(i.0)),
        Column::RuntimeInterval => line.runtime_interval().map(|i| i.low),
        column if column.is_numeric() => exact.parse().ok(),
        _ => None,
    };
    Cell { text: text::one_line(&shown.value), exact, number, rank: shown.rank, best: shown.best }
}
