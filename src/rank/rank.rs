//! The one ranking function, for every edition and track.

use crate::rank::standing::Standing;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::entry::Entry;
use crate::entry::Metric;
use crate::entry::label;
use crate::error::{Error, Result};
use crate::rank::cut;
use crate::rank::leaderboard::{Leaderboard, Row, Unranked};
use crate::rank::notes;
use crate::rank::notes::Ranked;
use crate::rank::score::score;
use crate::rank::ties;
use crate::rules::Rules;
use crate::rules::schema::{Average, By, ScoreRule, Track};

/// What a ranking depends on besides entries and rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The team or submission that is the baseline, instead of the rules' own.
    pub baseline: Option<String>,
    /// Rank entries of which a check of their figures failed; they keep their mark.
    pub include_untrusted: bool,
}

/// Ranks `entries` in one track. The result does not depend on the entries' order.
pub fn rank(entries: &[Entry], rules: &Rules, track: &str) -> Result<Leaderboard> {
    rank_with(entries, rules, track, &Options::default())
}

/// Ranks with options.
pub fn rank_with(entries: &[Entry], rules: &Rules, track: &str, options: &Options) -> Result<Leaderboard> {
    let track = rules.track(track)?;
    let mut all: Vec<Cow<'_, Entry>> = entries.iter().map(|e| averaged(e, rules)).collect();
    all.sort_by(|a, b| ties::canonical(a, b));
    let base_index = find_baseline(&all, rules, options)?;
    let base = base_index.map(|i| all[i].clone());
    let base_value = |m: Metric| base.as_ref().and_then(|b| b.get(m)).or_else(|| rules.baseline_figure(m));
    if let By::Score(rule) = &track.by {
        check_base(rule, rules, base.as_deref(), &base_value)?;
    }

    let applied = Applied::new(&all, rules, track, options);
    let (mut kept, mut unranked) = (Vec::new(), Vec::new());
    for (i, entry) in all.iter().enumerate().filter(|(i, _)| Some(*i) != base_index) {
        match applied.reason(entry, &base_value) {
            Some(reason) => unranked.push(Unranked { reason, entry: entry.clone().into_owned() }),
            None => kept.push(i),
        }
    }

    let candidates: Vec<&Entry> = kept.iter().map(|&i| all[i].as_ref()).collect();
    let ranked = Ranking { rules, track, base: &base_value }.run(&candidates);
    let mut board = Leaderboard {
        rules: rules.id.clone(),
        title: rules.title.clone(),
        track: track.name.clone(),
        score_heading: match &track.by {
            By::Metric(metric) => metric.heading().to_owned(),
            By::RankSum(_) => "rank sum".to_owned(),
            By::Score(_) => "score".to_owned(),
        },
        metrics: track.by.metrics(),
        shown: shown(rules, &all),
        rows: Vec::new(),
        baseline: base.as_deref().map(|entry| base_row(entry, track, &base_value)),
        unranked,
        notes: Vec::new(),
        announcement: None,
    };
    let view = Ranked { rules, track, candidates: &candidates, standings: &ranked };
    board.notes.extend(rules.notes.iter().cloned());
    board.notes.extend(applied.notes(&all));
    board.notes.extend(notes::of_baseline(&view, base.as_deref()));
    board.notes.extend(notes::of_cuts(&view));
    board.notes.extend(notes::of_ties(&view));
    board.rows = ranked
        .into_iter()
        .map(|s| Row {
            rank: s.rank,
            score: s.score,
            metric_ranks: s.metric_ranks,
            metric_scores: s.metric_scores,
            entry: candidates[s.index].clone(),
            pareto: false,
            uncertainty: None,
        })
        .collect();
    board.notes.extend(notes::departures(&board, track));
    if let Some(row) = &mut board.baseline {
        row.rank = row
            .score
            .map_or(0, |own| 1 + board.rows.iter().filter(|r| r.score.is_some_and(|s| s < own)).count() as u32);
    }
    Ok(board)
}

/// The entry with the figures that the rules make of its splits.
fn averaged<'a>(entry: &'a Entry, rules: &Rules) -> Cow<'a, Entry> {
    let Some(average) = rules.averages.get(&Metric::RuntimeMs) else { return Cow::Borrowed(entry) };
    let (val, test) = (entry.get(Metric::RuntimeValMs), entry.get(Metric::RuntimeTestMs));
    let value = match average {
        Average::Val => val,
        Average::Test => test,
        // A mean that the source gives has more digits than one of its printed splits.
        Average::MeanOfBoth if entry.get(Metric::RuntimeMs).is_none() => val.zip(test).map(|(v, t)| (v + t) / 2.0),
        Average::MeanOfBoth => None,
    };
    let Some(value) = value else { return Cow::Borrowed(entry) };
    let mut entry = entry.clone();
    entry.metrics.insert(Metric::RuntimeMs, value);
    Cow::Owned(entry)
}

/// The metrics that a table of these entries shows.
fn shown(rules: &Rules, all: &[Cow<'_, Entry>]) -> Vec<Metric> {
    let wanted = if rules.shown.is_empty() { &Metric::ALL[..] } else { &rules.shown };
    wanted.iter().copied().filter(|&m| all.iter().any(|e| e.get(m).is_some())).collect()
}

/// The entry that is the baseline: as asked for, else by the rules' name for it, else the only one that the source marks.
fn find_baseline(all: &[Cow<'_, Entry>], rules: &Rules, options: &Options) -> Result<Option<usize>> {
    let named = |name: &str| all.iter().position(|e| e.team == name || e.submission == name || label(e) == name);
    if let Some(name) = &options.baseline {
        let known: Vec<String> = all.iter().map(|e| label(e)).collect();
        let hint = || crate::util::toml_file::nearest(name, known.iter().map(String::as_str));
        return named(name)
            .map(Some)
            .ok_or_else(|| Error::Usage(format!("no entry `{name}` to be the baseline{}", hint())));
    }
    let by_rules = rules.baseline.as_ref().and_then(|b| named(&b.entry));
    Ok(by_rules.or_else(|| {
        let mut marked = all.iter().enumerate().filter(|(_, e)| e.baseline).map(|(i, _)| i);
        marked.next().filter(|_| marked.next().is_none())
    }))
}

fn check_base(
    rule: &ScoreRule,
    rules: &Rules,
    base: Option<&Entry>,
    value: &dyn Fn(Metric) -> Option<f64>,
) -> Result<()> {
    let name = || base.map_or_else(|| format!("{} (no entry is the baseline)", rules.id), label);
    for &metric in rule.weights.keys() {
        match value(metric) {
            Some(v) if v > 0.0 && v.is_finite() => {}
            Some(v) => {
                return Err(Error::Usage(format!(
                    "scores divide by the baseline's {metric}, which is {v} in {}",
                    name()
                )));
            }
            None => return Err(Error::Usage(format!("scores need the baseline's {metric}; {} has none", name()))),
        }
    }
    Ok(())
}

fn base_row(entry: &Entry, track: &Track, base: &dyn Fn(Metric) -> Option<f64>) -> Row {
    let scored = match &track.by {
        By::Score(rule) => score(rule, entry, base),
        _ => None,
    };
    Row {
        rank: 0,
        score: scored.as_ref().map(|s| s.value),
        metric_ranks: BTreeMap::new(),
        metric_scores: scored.map(|s| s.parts).unwrap_or_default(),
        entry: entry.clone(),
        pareto: false,
        uncertainty: None,
    }
}

/// Who may be ranked.
struct Applied<'a> {
    rules: &'a Rules,
    track: &'a Track,
    needed: Vec<Metric>,
    /// For each cut, whether any entry has its metric.
    cut_measured: Vec<bool>,
    include_untrusted: bool,
}

impl<'a> Applied<'a> {
    fn new(all: &[Cow<'_, Entry>], rules: &'a Rules, track: &'a Track, options: &Options) -> Self {
        let measured = |m: Metric| all.iter().any(|e| e.get(m).is_some());
        let cut_measured = rules.cuts.iter().map(|c| measured(c.metric)).collect();
        let include_untrusted = options.include_untrusted;
        Applied { rules, track, needed: track.by.metrics(), cut_measured, include_untrusted }
    }

    /// Why an entry is not ranked.
    fn reason(&self, entry: &Entry, base: &dyn Fn(Metric) -> Option<f64>) -> Option<String> {
        if let Some(failure) = &entry.failure {
            return Some(failure.clone());
        }
        if let Some(reason) = entry.untrusted.as_ref().filter(|_| !self.include_untrusted) {
            return Some(format!("a check of its figures failed: {reason}"));
        }
        if entry.baseline {
            return Some("baseline, for reference".to_owned());
        }
        let unknown: Vec<&str> = entry.unknown_ops.iter().map(String::as_str).filter(|op| !self.exempt(op)).collect();
        if !unknown.is_empty() {
            let counter = &self.rules.costs.counter;
            return Some(format!("operations that the {counter} counter does not know: {}", unknown.join(", ")));
        }
        let missing: Vec<&str> = self.needed.iter().filter(|&&m| entry.get(m).is_none()).map(|m| m.name()).collect();
        if !missing.is_empty() {
            return Some(format!("not measured: {}", missing.join(", ")));
        }
        let cuts = self.rules.cuts.iter().zip(&self.cut_measured).filter(|(_, measured)| **measured);
        let failed: Vec<String> = cuts
            .filter_map(|(cut, _)| match entry.get(cut.metric) {
                None => Some(format!("{} not measured", cut.metric)),
                Some(value) => (!cut::verdict(cut, value).passes()).then(|| cut::shown(cut, value)),
            })
            .collect();
        if !failed.is_empty() {
            return Some(failed.join(", "));
        }
        let worse: Vec<String> =
            self.rules.constraints.iter().filter_map(|c| self.worse(c.metric, entry, base)).collect();
        (!worse.is_empty()).then(|| worse.join(", "))
    }

    /// An operation with or without its overload: rules may name either.
    fn exempt(&self, op: &str) -> bool {
        let plain = op.split_once('.').map_or(op, |(name, _)| name);
        self.rules.costs.exempt_ops.iter().any(|e| e == op || e == plain)
    }

    fn worse(&self, metric: Metric, entry: &Entry, base: &dyn Fn(Metric) -> Option<f64>) -> Option<String> {
        let holds = self.rules.constraints.iter().any(|c| {
            let here = |t: &String| *t == self.track.name || self.track.aliases.contains(t);
            c.metric == metric && (c.tracks.is_empty() || c.tracks.iter().any(here))
        });
        let limit = base(metric).filter(|_| holds)?;
        let Some(value) = entry.get(metric) else { return Some(format!("{metric} not measured")) };
        let is_worse = if metric.higher_is_better() { value < limit } else { value > limit };
        let decimals = metric.decimals();
        is_worse.then(|| format!("{metric} {value:.decimals$} is worse than the baseline's {limit:.decimals$}"))
    }

    /// What the whole source lacks.
    fn notes(&self, all: &[Cow<'_, Entry>]) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.rules.cuts.is_empty() && !all.is_empty() && self.cut_measured.iter().all(|m| !m) {
            notes.push("efficiency only: PSNR was not measured, so that no cut was applied".to_owned());
        } else if !all.is_empty() {
            let cuts = self.rules.cuts.iter().zip(&self.cut_measured).filter(|(_, measured)| !**measured);
            notes.extend(cuts.map(|(c, _)| format!("no entry has {}: its cut was not applied", c.metric)));
        }
        let absent = |m: Metric| !all.is_empty() && all.iter().all(|e| e.get(m).is_none());
        for metric in self.needed.iter().filter(|&&m| absent(m)) {
            notes.push(format!("no entry has {metric}, but track {} of {} needs it", self.track.name, self.rules.id));
        }
        for constraint in &self.rules.constraints {
            let known = self.rules.baseline_figure(constraint.metric).is_some();
            if !known && absent(constraint.metric) {
                notes.push(format!(
                    "the constraint in {} was not applied: no figure of the baseline",
                    constraint.metric
                ));
            }
        }
        notes
    }
}

/// The ranking function of a track, without the question who may be ranked.
pub(super) struct Ranking<'a> {
    pub(super) rules: &'a Rules,
    pub(super) track: &'a Track,
    /// The baseline's figures, for scores.
    pub(super) base: &'a dyn Fn(Metric) -> Option<f64>,
}

/// What orders an entry in a track: the figure, the logarithm of an infinite one, and the tie breakers.
struct Figure {
    parts: Vec<f64>,
    score: Option<f64>,
    metric_scores: BTreeMap<Metric, f64>,
}

impl Ranking<'_> {
    /// The candidates (in canonical order), best first.
    pub(super) fn run(&self, candidates: &[&Entry]) -> Vec<Standing> {
        let metrics = self.ranked_metrics();
        let ranks = ties::metric_ranks(candidates, &metrics, &self.rules.metric_ranks);
        let rank_of = |m: Metric, i: usize| {
            let column = metrics.iter().position(|&x| x == m)?;
            ranks[column][i]
        };
        let figures: Vec<Figure> =
            candidates.iter().enumerate().map(|(i, e)| self.figure(e, &|m| rank_of(m, i))).collect();
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        // Equals stand in the order of the first metric, then by name.
        let first = metrics.first().copied();
        order.sort_by(|&a, &b| {
            let by_first = || first.map_or(Ordering::Equal, |m| rank_of(m, a).cmp(&rank_of(m, b)));
            compare(&figures[a].parts, &figures[b].parts).then_with(by_first)
        });
        let places =
            ties::assign(&order, self.track.ties, |a, b| compare(&figures[a].parts, &figures[b].parts).is_eq());
        let mut figures: Vec<Option<Figure>> = figures.into_iter().map(Some).collect();
        order
            .into_iter()
            .filter_map(|index| {
                let figure = figures[index].take()?;
                let metric_ranks = metrics.iter().filter_map(|&m| Some((m, rank_of(m, index)?))).collect();
                let (score, metric_scores) = (figure.score, figure.metric_scores);
                Some(Standing { index, rank: places[index], score, metric_ranks, metric_scores })
            })
            .collect()
    }

    /// The rules' chain of sorts, then what the track and its tie breakers need besides.
    fn ranked_metrics(&self) -> Vec<Metric> {
        let mut metrics = self.rules.metric_ranks.order.clone();
        let others = self.track.tie_breakers.iter().filter_map(|b| self.rules.track(b).ok());
        for track in std::iter::once(self.track).chain(others) {
            for metric in track.by.metrics() {
                if !metrics.contains(&metric) {
                    metrics.push(metric);
                }
            }
        }
        metrics
    }

    fn figure(&self, entry: &Entry, rank_of: &dyn Fn(Metric) -> Option<u32>) -> Figure {
        let mut figure = self.figure_in(self.track, entry, rank_of);
        for breaker in &self.track.tie_breakers {
            // A failed look-up composes a suggestion: once an entry, that would cost more than the ranking.
            if let Some(metric) = Metric::ALL.into_iter().find(|m| m.name() == breaker) {
                figure.parts.push(ties::cost(entry, metric, self.rules.metric_ranks.values));
            } else if let Ok(other) = self.rules.track(breaker) {
                figure.parts.extend(self.figure_in(other, entry, rank_of).parts);
            }
        }
        figure
    }

    fn figure_in(&self, track: &Track, entry: &Entry, rank_of: &dyn Fn(Metric) -> Option<u32>) -> Figure {
        let plain = |parts, score| Figure { parts, score, metric_scores: BTreeMap::new() };
        match &track.by {
            By::Metric(metric) => plain(vec![ties::cost(entry, *metric, self.rules.metric_ranks.values)], None),
            By::RankSum(metrics) => {
                let sum: Option<u32> = metrics.iter().map(|&m| rank_of(m)).sum();
                let sum = sum.map(f64::from);
                plain(vec![sum.unwrap_or(f64::INFINITY)], sum)
            }
            By::Score(rule) => match score(rule, entry, self.base) {
                Some(s) => Figure { parts: vec![s.value, s.log], score: Some(s.value), metric_scores: s.parts },
                None => plain(vec![f64::INFINITY; 2], None),
            },
        }
    }
}

fn compare(a: &[f64], b: &[f64]) -> Ordering {
    a.iter().zip(b).map(|(x, y)| x.total_cmp(y)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}
