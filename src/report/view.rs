//! A leaderboard as it is to be shown: sorted, cut, marked, with its columns.

use crate::report::line::{Kind, Line};
use indexmap::IndexMap;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::entry::Metric;
use crate::rank::{Leaderboard, Row};
use crate::report::column::Column;
use crate::report::options::{Options, Sort};
use crate::report::pareto;
use crate::text;

/// Longer cells of tables for people are cut, in characters.
const LONGEST_CELL: usize = 100;

/// Longer titles are cut.
const LONGEST_TITLE: usize = 200;

/// Longer notes and reasons are cut.
const LONGEST_NOTE: usize = 2_000;

/// What a [`crate::report::render::Render`] writes down.
#[derive(Debug)]
pub struct BoardView<'a> {
    /// The leaderboard after `sort`, `top` and `pareto`.
    pub board: Leaderboard,
    /// The reader's options.
    pub options: &'a Options,
    /// The best value of each metric over ALL ranked rows, those that `top` left out included.
    best: BTreeMap<Metric, f64>,
    score_decimals: usize,
}

/// One cell for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// The value, rounded as the challenge rounds it.
    pub value: String,
    /// The rank that belongs to it.
    pub rank: Option<u32>,
    /// Whether no ranked entry has a better one.
    pub best: bool,
}

impl<'a> BoardView<'a> {
    /// Applies the options.
    pub fn new(board: &Leaderboard, options: &'a Options) -> Self {
        let mut board = board.clone();
        let best = best(&board);
        let whole = board.rows.iter().filter_map(|r| r.score).all(|s| s.fract() == 0.0);
        if let Some(pair) = options.pareto {
            pareto::mark(&mut board.rows, pair);
            let (a, b) = pair;
            board.notes.push(format!("*: on the Pareto front of {a} and {b} over the ranked entries"));
        }
        if let Some(sort) = options.sort {
            let track = board.track.clone();
            board.rows.sort_by(|a, b| compare(&track, &ranked(a), &ranked(b), sort));
        }
        if let Some(top) = options.top.filter(|&n| n < board.rows.len() || !board.unranked.is_empty()) {
            let (rows, unranked) = (board.rows.len().saturating_sub(top), board.unranked.len());
            board.rows.truncate(top);
            board.unranked.clear();
            board.notes.push(format!("not shown: {rows} ranked and {unranked} unranked entries"));
        }
        BoardView { board, options, best, score_decimals: if whole { 0 } else { 2 } }
    }

    /// The leaderboard's title, on one line.
    pub fn title(&self) -> String {
        text::one_line(&text::shortened(&self.board.title, LONGEST_TITLE))
    }

    /// The ranked lines.
    pub fn ranked(&self) -> impl Iterator<Item = Line<'_>> {
        self.board.rows.iter().map(ranked)
    }

    /// The baseline's line, where it stands apart.
    pub fn baseline(&self) -> Option<Line<'_>> {
        self.board.baseline.as_ref().map(|row| Line {
            kind: Kind::Baseline,
            rank: None,
            reason: Some("baseline"),
            ..ranked(row)
        })
    }

    /// The lines of entries that are not ranked.
    pub fn unranked(&self) -> impl Iterator<Item = Line<'_>> {
        self.board.unranked.iter().map(|u| Line {
            kind: Kind::Unranked,
            rank: None,
            score: None,
            entry: &u.entry,
            pareto: false,
            reason: Some(&u.reason),
            row: None,
        })
    }

    /// All lines: ranked, baseline, not ranked.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.ranked().chain(self.baseline()).chain(self.unranked())
    }

    /// The columns of a table for people: those asked for, or the track's own in the order of the challenge's reports.
    pub fn columns(&self) -> Vec<Column> {
        if !self.options.columns.is_empty() {
            return self.options.columns.clone();
        }
        let board = &self.board;
        let mut columns = vec![Column::Rank];
        if self.is_uncertain() {
            columns.push(Column::RankInterval);
        }
        columns.push(Column::Team);
        if self.lines().any(|l| !l.entry.submission.is_empty() && l.entry.submission != l.entry.team) {
            columns.push(Column::Submission);
        }
        if self.ranked().any(|l| l.score.is_some()) {
            columns.push(Column::Score);
        }
        let is_psnr = |m: &Metric| matches!(m, Metric::PsnrVal | Metric::PsnrTest);
        columns.extend(board.shown.iter().copied().filter(is_psnr).map(Column::Metric));
        for metric in board.metrics.iter().copied() {
            columns.push(Column::Metric(metric));
            if metric == Metric::RuntimeMs && self.is_uncertain() {
                columns.extend([Column::RuntimeInterval, Column::Group]);
            }
        }
        let scored = |m: &Metric| board.rows.iter().any(|r| r.metric_scores.contains_key(m));
        columns.extend(board.metrics.iter().copied().filter(scored).map(Column::MetricScore));
        columns.extend(
            board.shown.iter().copied().filter(|m| !is_psnr(m) && !board.metrics.contains(m)).map(Column::Metric),
        );
        let trusts: BTreeSet<_> = self.lines().filter_map(|l| l.entry.trust).collect();
        if trusts.len() > 1 {
            columns.push(Column::Trust);
        }
        if self.options.pareto.is_some() {
            columns.push(Column::Pareto);
        }
        columns
    }

    /// Whether some row says how sure its place is.
    pub(super) fn is_uncertain(&self) -> bool {
        self.ranked().any(|line| line.rank_interval().is_some())
    }

    /// The headings of `columns`.
    pub fn headings(&self, columns: &[Column]) -> Vec<String> {
        columns.iter().map(|c| c.heading(&self.board.score_heading)).collect()
    }

    /// A cell for people.
    pub fn shown(&self, column: Column, line: &Line<'_>) -> Shown {
        let value = column.shown(&self.board.track, line, self.score_decimals);
        let most = if column == Column::Reason { LONGEST_NOTE } else { LONGEST_CELL };
        let value = text::shortened(&value, most).into_owned();
        let Column::Metric(metric) = column else { return Shown { value, ..Shown::default() } };
        let best =
            line.kind == Kind::Ranked && line.entry.get(metric).is_some_and(|v| self.best.get(&metric) == Some(&v));
        Shown { value, rank: line.metric_rank(metric), best }
    }

    /// The notes below the table: the leaderboard's, then the sources' remarks on entries that are shown. A remark on more
    /// entries than a reader wants named is said once.
    pub fn notes(&self) -> Vec<String> {
        const NAMED: usize = 3;
        let mut of_entries: IndexMap<&str, Vec<&str>> = IndexMap::new();
        for line in self.lines() {
            for note in &line.entry.notes {
                of_entries.entry(note).or_default().push(&line.entry.team);
            }
        }
        let of_entries = of_entries.into_iter().map(|(note, teams)| match teams.len() {
            0..=NAMED => {
                let teams: Vec<_> = teams.iter().map(|team| text::shortened(team, LONGEST_CELL)).collect();
                format!("{}: {note}", teams.join(", "))
            }
            many => format!("{many} entries: {note}"),
        });
        self.board
            .notes
            .iter()
            .cloned()
            .chain(of_entries)
            .map(|n| text::one_line(&text::shortened(&n, LONGEST_NOTE)))
            .collect()
    }
}

fn ranked(row: &Row) -> Line<'_> {
    Line {
        kind: Kind::Ranked,
        rank: Some(row.rank),
        score: row.score,
        entry: &row.entry,
        pareto: row.pareto,
        reason: None,
        row: Some(row),
    }
}

fn best(board: &Leaderboard) -> BTreeMap<Metric, f64> {
    let pick = |m: Metric| {
        let values = board.rows.iter().filter_map(|r| r.entry.get(m)).filter(|v| v.is_finite());
        values.reduce(if m.higher_is_better() { f64::max } else { f64::min })
    };
    Metric::ALL.into_iter().filter_map(|m| Some((m, pick(m)?))).collect()
}

/// Best first; what is absent comes last in either direction.
fn compare(track: &str, a: &Line<'_>, b: &Line<'_>, sort: Sort) -> Ordering {
    let number = |line: &Line<'_>| match sort.by {
        Column::Rank => line.rank.map(f64::from),
        // Every track's own order says whether its score is better low or high: places follow it.
        Column::Score => line.score.and(line.rank).map(f64::from),
        Column::Metric(m) => line.entry.get(m).map(|v| if m.higher_is_better() { -v } else { v }),
        Column::MetricRank(m) => line.metric_rank(m).map(f64::from),
        Column::MetricScore(m) => line.metric_score(m),
        _ => None,
    };
    let directed = |order: Ordering| if sort.reverse { order.reverse() } else { order };
    if !sort.by.is_numeric() {
        return directed(sort.by.exact(track, a).cmp(&sort.by.exact(track, b)));
    }
    match (number(a), number(b)) {
        (Some(x), Some(y)) => directed(x.total_cmp(&y)),
        (x, y) => y.is_some().cmp(&x.is_some()),
    }
}
