//! A leaderboard as it is to be shown: sorted, cut, marked, with its columns.

use indexmap::IndexMap;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::column::Column;
use super::options::{Options, Sort};
use super::{pareto, text};
use crate::rank::{Entry, Leaderboard, Metric, Row};
use crate::stats::{EntryUncertainty, Interval};

/// What a [`super::Report`] writes down.
#[derive(Debug)]
pub struct View<'a> {
    /// The leaderboard after `sort`, `top` and `pareto`.
    pub board: Leaderboard,
    /// The reader's options.
    pub options: &'a Options,
    /// The best value of each metric over ALL ranked rows, those that `top` left out included.
    best: BTreeMap<Metric, f64>,
    score_decimals: usize,
}

/// In which part of the table a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A ranked entry.
    Ranked,
    /// The baseline, apart from the ranking.
    Baseline,
    /// An entry that is not ranked.
    Unranked,
}

/// One entry, in whichever part of the table.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Its part.
    pub kind: Kind,
    /// Its place, if ranked.
    pub rank: Option<u32>,
    /// Its rank sum or score.
    pub score: Option<f64>,
    /// Its entry.
    pub entry: &'a Entry,
    /// Whether it is on the Pareto front.
    pub pareto: bool,
    /// Why it is not ranked.
    pub reason: Option<&'a str>,
    row: Option<&'a Row>,
}

impl Line<'_> {
    /// The entry's rank by `metric`, if it is ranked by it.
    pub fn metric_rank(&self, metric: Metric) -> Option<u32> {
        self.row.filter(|_| self.kind == Kind::Ranked)?.metric_ranks.get(&metric).copied()
    }

    /// How sure the entry's place is, where that was asked for.
    pub fn uncertainty(&self) -> Option<&EntryUncertainty> {
        self.row?.uncertainty.as_ref()
    }

    pub(super) fn rank_interval(&self) -> Option<(u32, u32)> {
        self.uncertainty()?.rank_interval
    }

    pub(super) fn runtime_interval(&self) -> Option<Interval> {
        self.uncertainty()?.runtime_interval
    }

    /// The entry's partial score by `metric`.
    pub fn metric_score(&self, metric: Metric) -> Option<f64> {
        self.row?.metric_scores.get(&metric).copied()
    }
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

impl<'a> View<'a> {
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
            board.notes.push(format!("left out: {rows} ranked and {unranked} unranked entries"));
        }
        View { board, options, best, score_decimals: if whole { 0 } else { 2 } }
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
            0..=NAMED => format!("{}: {note}", teams.join(", ")),
            many => format!("{many} entries: {note}"),
        });
        self.board.notes.iter().cloned().chain(of_entries).map(|n| text::one_line(&n)).collect()
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
