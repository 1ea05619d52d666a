//! How sure the places of a track are.
//!
//! A place is read off tests, not off resampled ranks: it is at least one more than the number of entries that certainly come before,
//! and at most the number of those that do not certainly come after (Klein, Wright and Wieczorek 2020; Al Mohamad, Goeman and van Zwet
//! 2022; Mogstad, Romano, Shaikh and Wilhelm 2024). The tests are ONE family over all pairs, and intervals, letters and verdicts are all read off it:
//! they hold together, and cannot contradict each other. `docs/statistics.md` has the assumptions, and the coverage and width that
//! simulations found.

use serde::{Deserialize, Serialize};

use super::bootstrap::place_shares;
use super::family::{Family, Test, all_pairs};
use super::flips::{SIGNS_FROM, fewest_rounds};
use super::interval::{self, Interval};
use super::matrix::Matrix;
use super::order::Order;
use super::rank_sum;
use super::remark::{Remark, Unit};
use super::round_score::{RoundScores, round_scores};
use super::screen::Screen;
use super::settings::Settings;
use super::summary::Protocol;
use super::track::{Basis, Field, Figures, Place, RankedTrack};
use super::two_way::TwoWay;
use crate::error::{Error, Result};

/// Sessions that are enough to be the unit of a test themselves.
const SESSIONS_AS_UNITS: usize = 6;

/// How sure a ranking is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Uncertainty {
    /// What it was computed with, the seed included.
    pub settings: Settings,
    /// Rounds (or sessions, where those are the unit) that any two entries share at most.
    pub rounds: usize,
    /// What a test's unit is.
    pub unit: Unit,
    /// Whether the tests took every sign pattern, so that they are exact.
    pub exact: bool,
    /// In the field's order.
    pub entries: Vec<EntryUncertainty>,
    /// Every pair of entries of which one certainly comes before the other, by index in `entries`.
    pub before: Vec<(usize, usize)>,
    /// What a reader must know.
    pub remarks: Vec<Remark>,
}

impl Uncertainty {
    /// Whether `a` certainly comes before `b`.
    pub fn comes_before(&self, a: usize, b: usize) -> bool {
        self.before.contains(&(a, b))
    }
}

/// One entry's share of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EntryUncertainty {
    /// Its label.
    pub label: String,
    /// Its runtime over its rounds, ms; absent where it was not timed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_ms: Option<f64>,
    /// How many those are.
    pub rounds: usize,
    /// Between what values its runtime lies in THIS session, for the rounds' noise; for this entry alone, not jointly. Absent: too few rounds, or several sessions.
    pub runtime_interval: Option<Interval>,
    /// Its place by the track; ties share the better one.
    pub rank: u32,
    /// Between which places it lies. These intervals hold for all entries together. Absent: too few rounds.
    pub rank_interval: Option<(u32, u32)>,
    /// The share of bootstrap resamples that put it at place 1, 2, ...; empty: too few rounds.
    pub rank_probability: Vec<f64>,
    /// Entries that share a letter cannot be told apart; empty: too few rounds.
    pub group: String,
    /// The p-value against the entry that is placed next, adjusted for all pairs. Absent for the last one, and in rank sums.
    pub p_next: Option<f64>,
}

/// Intervals, probabilities and groups for the places of a field on a track.
///
/// # Errors
/// Those of the ranking function; one that answers with another number of places, with a place 0 or with a NaN; a score track without any baseline.
pub fn rank_uncertainty(field: &Field<'_>, track: &RankedTrack<'_>, settings: Settings) -> Result<Uncertainty> {
    let runtimes = field.runtimes();
    let figures = Figures { runtimes: &runtimes, baseline: field.baseline_figure(), memory: None };
    let places = checked((track.ranking)(&figures)?, runtimes.len())?;
    let ranks: Vec<u32> = places.iter().map(|p| p.rank).collect();
    if let Basis::Exact = track.basis {
        return Ok(exact(field, &runtimes, &ranks, settings));
    }
    let (unit, of_sessions) = unit(field.matrix);
    let matrix = of_sessions.as_ref().unwrap_or(field.matrix);
    let unit_field = Field { matrix, ..*field };
    let mut remarks = sessions_remarks(field.matrix, unit);
    let needed = fewest_rounds(settings.look_level());
    let shared = most_shared(&unit_field);
    let mut out = Uncertainty {
        settings,
        rounds: shared,
        unit,
        exact: false,
        entries: plain(field, &runtimes, &ranks, settings),
        before: Vec::new(),
        remarks: Vec::new(),
    };
    if shared < needed || field.ranked.len() < 2 {
        remarks.extend((field.ranked.len() > 1).then_some(Remark::TooFewRounds {
            rounds: shared,
            needed,
            level: settings.look_level(),
        }));
        out.remarks = remarks;
        return Ok(out);
    }
    remarks.extend(lonely(&unit_field, needed));
    if let (Basis::RankSum(_), Some((a, b))) = (track.basis, apart(&unit_field)) {
        let label = |row: usize| unit_field.matrix.labels[row].clone();
        remarks.push(Remark::SumOfSessions { a: label(a), b: label(b) });
        out.remarks = remarks;
        return Ok(out);
    }
    let Tested { family, order, windows } = tested(&unit_field, track, &places, settings, &mut remarks)?;
    let shares = place_shares(field, track.ranking, settings.resamples, settings.seed)?;
    let groups = order.letters(&ranks);
    let mut by_place: Vec<usize> = (0..ranks.len()).collect();
    by_place.sort_by_key(|&e| ranks[e]);
    for ((entry, window), (group, shares)) in out.entries.iter_mut().zip(windows).zip(groups.into_iter().zip(shares)) {
        entry.rank_interval = Some(window);
        entry.group = group;
        entry.rank_probability = shares;
    }
    if let Some(family) = &family {
        for next in by_place.windows(2) {
            out.entries[next[0]].p_next = Some(family.pair(next[0], next[1]).p);
        }
    }
    let count = ranks.len();
    out.before =
        (0..count).flat_map(|a| (0..count).map(move |b| (a, b))).filter(|&(a, b)| order.before(a, b)).collect();
    out.exact = family.is_some_and(|f| f.exact) && settings.winsorise.is_none();
    if let Basis::RankSum(_) = track.basis {
        remarks.push(Remark::DrawnRuntimes);
    }
    if let Some(limit) = settings.winsorise.filter(|_| !matches!(track.basis, Basis::RankSum(_))) {
        remarks.push(Remark::Winsorised { limit });
    }
    if settings.looks > 1 {
        remarks.push(Remark::Looks { looks: settings.looks });
    }
    out.remarks = remarks;
    Ok(out)
}

/// What the tests of a track found.
struct Tested {
    /// The family of pairs; a rank sum has none.
    family: Option<Family>,
    /// What is certain of the track's order.
    order: Order,
    /// The places that follow.
    windows: Vec<(u32, u32)>,
}

impl Tested {
    fn of(family: Family) -> Self {
        Tested { order: family.order.clone(), windows: family.order.windows(), family: Some(family) }
    }
}

fn tested(
    field: &Field<'_>,
    track: &RankedTrack<'_>,
    places: &[Place],
    settings: Settings,
    remarks: &mut Vec<Remark>,
) -> Result<Tested> {
    let sessions: Vec<usize> = field.matrix.rounds.iter().map(|k| k.session).collect();
    let plain = field.matrix.logs();
    let logs = match settings.winsorise {
        Some(limit) => TwoWay::fit(&plain, &sessions).winsorised(&plain, limit),
        None => plain,
    };
    let screen = Screen::new(&logs, &sessions);
    let nowhere = vec![false; sessions.len()];
    let test = Test {
        alpha: settings.alpha(),
        patterns: settings.patterns,
        seed: settings.seed,
        signs: !screen.able() && sessions.len() >= SIGNS_FROM,
    };
    let ranks: Vec<u32> = places.iter().map(|p| p.rank).collect();
    Ok(match track.basis {
        Basis::Runtime | Basis::Exact => {
            let family = all_pairs(&logs, &screen, field.ranked, &sessions, &nowhere, &ranks, test);
            Tested::of(family)
        }
        Basis::Score(score) => {
            let RoundScores { scores, left_out } = round_scores(field, score, &logs, &sessions)?;
            let rounds = left_out.iter().filter(|out| **out).count();
            remarks.extend((rounds > 0).then_some(Remark::BaselineDisturbed { rounds }));
            remarks.extend(field.baseline.is_empty().then_some(Remark::BaselineOfRules));
            let family = all_pairs(&scores, &screen, field.ranked, &sessions, &left_out, &ranks, test);
            Tested::of(family)
        }
        Basis::RankSum(memory) => {
            let own = ranks.iter().zip(rank_sum::places(field, track.ranking, memory, settings)?);
            let windows: Vec<(u32, u32)> = own.map(|(&rank, (low, high))| (low.min(rank), high.max(rank))).collect();
            let mut order = Order::open(windows.len());
            for a in 0..windows.len() {
                for b in (0..windows.len()).filter(|&b| windows[a].1 < windows[b].0) {
                    order.add(a, b);
                }
            }
            Tested { family: None, order, windows }
        }
    })
}

fn checked(places: Vec<Place>, count: usize) -> Result<Vec<Place>> {
    if places.len() != count || places.iter().any(|p| p.rank == 0 || p.figure.is_nan()) {
        let found = format!("{} places, or a place 0, or a figure that is not a number", places.len());
        return Err(Error::Usage(format!("the ranking function: expected {count} places from 1 on, found {found}")));
    }
    Ok(places)
}

/// What every entry has without a test.
fn plain(field: &Field<'_>, runtimes: &[f64], ranks: &[u32], settings: Settings) -> Vec<EntryUncertainty> {
    let of = |(entry, &row): (usize, &usize)| {
        let values: Vec<f64> = field.matrix.values[row].iter().flatten().copied().collect();
        let one_session = field.matrix.sessions_of(row).len() == 1;
        let interval = match settings.protocol {
            _ if !one_session => None,
            Protocol::Robust => interval::of_median(&values, settings.look_level()),
            Protocol::Published => interval::of_mean(&values, settings.look_level()),
        };
        EntryUncertainty {
            label: field.matrix.labels[row].clone(),
            runtime_ms: Some(runtimes[entry]).filter(|ms| ms.is_finite()),
            rounds: values.len(),
            runtime_interval: interval,
            rank: ranks[entry],
            rank_interval: None,
            rank_probability: Vec::new(),
            group: String::new(),
            p_next: None,
        }
    };
    field.ranked.iter().enumerate().map(of).collect()
}

/// A track without the runtime: places are what they are.
fn exact(field: &Field<'_>, runtimes: &[f64], ranks: &[u32], settings: Settings) -> Uncertainty {
    let mut order = Order::open(ranks.len());
    for (a, rank_a) in ranks.iter().enumerate() {
        for (b, _) in ranks.iter().enumerate().filter(|(_, rank_b)| rank_a < *rank_b) {
            order.add(a, b);
        }
    }
    let mut entries = plain(field, runtimes, ranks, settings);
    let groups = order.letters(ranks);
    for (entry, group) in entries.iter_mut().zip(groups) {
        entry.rank_interval = Some((entry.rank, entry.rank));
        entry.rank_probability =
            (1..=ranks.len() as u32).map(|place| f64::from(u8::from(place == entry.rank))).collect();
        entry.group = group;
    }
    let count = ranks.len();
    let before =
        (0..count).flat_map(|a| (0..count).map(move |b| (a, b))).filter(|&(a, b)| order.before(a, b)).collect();
    Uncertainty {
        settings,
        rounds: most_shared(field),
        unit: Unit::Rounds,
        exact: true,
        entries,
        before,
        remarks: vec![Remark::ExactTrack],
    }
}

/// What tests of these rounds flip the signs of, with the matrix that they take where that is not the given one, and what a reader
/// must know of it.
pub fn units(matrix: &Matrix) -> (Unit, Option<Matrix>, Vec<Remark>) {
    let (unit, of_sessions) = unit(matrix);
    (unit, of_sessions, sessions_remarks(matrix, unit))
}

/// Rounds are the unit; with sessions enough, they are.
fn unit(matrix: &Matrix) -> (Unit, Option<Matrix>) {
    match matrix.sessions.len() {
        0 | 1 => (Unit::Rounds, None),
        n if n < SESSIONS_AS_UNITS => (Unit::RoundsOfSessions { sessions: n }, None),
        n => (Unit::Sessions { sessions: n }, Some(matrix.by_session())),
    }
}

fn sessions_remarks(matrix: &Matrix, unit: Unit) -> Vec<Remark> {
    match unit {
        Unit::Rounds => Vec::new(),
        Unit::RoundsOfSessions { sessions } => {
            vec![Remark::FewSessions { sessions, names: matrix.sessions.clone(), needed: SESSIONS_AS_UNITS }]
        }
        Unit::Sessions { sessions } => vec![Remark::SessionsAsUnits { sessions }],
    }
}

fn most_shared(field: &Field<'_>) -> usize {
    let rows = field.ranked;
    let most = pairs(rows).map(|(a, b)| field.matrix.shared(a, b)).max();
    most.or_else(|| rows.first().map(|&row| field.matrix.rounds_of(row))).unwrap_or(0)
}

/// Entries that share too few rounds with every other to be told apart from any; and the number of further pairs that do.
fn lonely(field: &Field<'_>, needed: usize) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut alone = Vec::new();
    for &row in field.ranked {
        let shared = field.ranked.iter().filter(|&&o| o != row).map(|&o| field.matrix.shared(row, o));
        let shared = shared.max().unwrap_or(0);
        if shared < needed {
            alone.push(row);
            let label = field.matrix.labels[row].clone();
            remarks.push(Remark::FewShared { label, shared, of: field.matrix.rounds.len(), needed });
        }
    }
    let rest: Vec<usize> = field.ranked.iter().copied().filter(|row| !alone.contains(row)).collect();
    let short = |&(a, b): &(usize, usize)| field.matrix.shared(a, b) < needed;
    let pairs = pairs(&rest).filter(short).count();
    remarks.extend((pairs > 0).then_some(Remark::NotTogether { pairs, needed }));
    remarks
}

fn pairs(rows: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    rows.iter().enumerate().flat_map(|(j, &b)| rows[..j].iter().map(move |&a| (a, b)))
}

/// Two ranked entries that no session has both of.
fn apart(field: &Field<'_>) -> Option<(usize, usize)> {
    let sessions: Vec<(usize, Vec<usize>)> =
        field.ranked.iter().map(|&row| (row, field.matrix.sessions_of(row))).collect();
    let none = |a: &[usize], b: &[usize]| !a.iter().any(|session| b.contains(session));
    let of = |(j, (b, in_b)): (usize, &(usize, Vec<usize>))| {
        let found = sessions[..j].iter().find(|(_, in_a)| none(in_a, in_b));
        found.map(|(a, _)| (*a, *b))
    };
    sessions.iter().enumerate().find_map(of)
}

/// 1 + the number of entries with a lower score.
pub fn competition_ranks(scores: &[f64]) -> Vec<u32> {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f64::total_cmp);
    scores.iter().map(|s| 1 + sorted.partition_point(|other| other < s) as u32).collect()
}

/// Places by these figures; equals share the better one.
pub fn places_by(figures: &[f64]) -> Vec<Place> {
    competition_ranks(figures).into_iter().zip(figures).map(|(rank, &figure)| Place { rank, figure }).collect()
}
