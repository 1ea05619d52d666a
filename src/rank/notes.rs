//! Notes on a leaderboard: figures that are not comparable, cuts that depend on rounding, ties, and mismatches between a
//! published table and its own rules.

use std::collections::HashMap;

use crate::entry::Entry;
use crate::entry::Metric;
use crate::entry::label;
use crate::rank::cut;
use crate::rank::cut::CutResult;
use crate::rank::leaderboard::{Leaderboard, Row};
use crate::rank::standing::Standing;
use crate::rank::ties;
use crate::rules::Rules;
use crate::rules::schema::{By, Ties, Track, Values};

/// Examples in one note.
const EXAMPLES: usize = 6;

/// More mismatches with a source's own column than this are counted, and not named.
const TOLD: usize = 100;

/// A finished ranking, as the notes use it.
pub(super) struct Ranked<'a> {
    pub(super) rules: &'a Rules,
    pub(super) track: &'a Track,
    /// In canonical order.
    pub(super) candidates: &'a [&'a Entry],
    /// Best first.
    pub(super) standings: &'a [Standing],
}

/// `a, b and 3 more`.
fn listed(items: &[String]) -> String {
    let shown = items[..items.len().min(EXAMPLES)].join("; ");
    if items.len() > EXAMPLES { format!("{shown}; and {} more", items.len() - EXAMPLES) } else { shown }
}

/// Scores that are relative to another baseline than the rules', or to its figures on another machine.
pub(super) fn of_baseline(ranked: &Ranked<'_>, base: Option<&Entry>) -> Option<String> {
    let By::Score(rule) = &ranked.track.by else { return None };
    let baseline = ranked.rules.baseline.as_ref()?;
    let own = |e: &Entry| e.team == baseline.entry || e.submission == baseline.entry;
    match base {
        Some(entry) if own(entry) => None,
        Some(entry) => Some(format!(
            "scores are relative to {}, the source's baseline; the baseline of {} is {}",
            label(entry),
            ranked.rules.id,
            baseline.network
        )),
        None => {
            let figure = |m: &Metric| Some(format!("{m} {}", ranked.rules.baseline_figure(*m)?));
            let figures: Vec<String> = rule.weights.keys().filter_map(figure).collect();
            let timed = rule.weights.contains_key(&Metric::RuntimeMs);
            let device = ranked.rules.runtime.device.as_deref().unwrap_or("another machine");
            let warning = if timed {
                format!("; its runtime is from {device}: runtimes from other machines are not comparable with it")
            } else {
                String::new()
            };
            Some(format!(
                "no entry is the baseline {}: scores are relative to the rules' figures for it ({}){warning}",
                baseline.network,
                figures.join(", ")
            ))
        }
    }
}

/// Entries that pass a cut only because it rounds.
pub(super) fn of_cuts(ranked: &Ranked<'_>) -> Option<String> {
    let mut spared = Vec::new();
    for entry in ranked.candidates {
        for cut in &ranked.rules.cuts {
            let Some(value) = entry.get(cut.metric) else { continue };
            if cut::verdict(cut, value) == CutResult::PassByRounding {
                spared.push(format!("{} ({} {value:.4})", label(entry), cut.metric));
            }
        }
    }
    (!spared.is_empty()).then(|| format!("ranked only because the cut rounds its values: {}", listed(&spared)))
}

/// Equal values whose ranks come from the previous sort.
pub(super) fn of_ties(ranked: &Ranked<'_>) -> Option<String> {
    let rule = &ranked.rules.metric_ranks;
    if rule.ties != Ties::Stable {
        return None;
    }
    let mut by_candidate: Vec<Option<&Standing>> = vec![None; ranked.candidates.len()];
    for standing in ranked.standings {
        by_candidate[standing.index] = Some(standing);
    }
    let metrics = ranked.track.by.metrics();
    let (mut told, mut groups) = (Vec::new(), 0);
    for &metric in metrics.iter().filter(|_| matches!(ranked.track.by, By::RankSum(_))) {
        for group in ties::equal_groups(ranked.candidates, metric, rule.values) {
            groups += 1;
            let Some(value) = ranked.candidates[group[0]].get(metric).filter(|_| told.len() < EXAMPLES) else {
                continue;
            };
            let mut teams: Vec<(Option<u32>, usize)> = group
                .into_iter()
                .map(|i| (by_candidate[i].and_then(|s| s.metric_ranks.get(&metric).copied()), i))
                .collect();
            teams.sort_unstable();
            let names: Vec<String> = teams.iter().take(EXAMPLES).map(|(_, i)| label(ranked.candidates[*i])).collect();
            told.push(format!("{metric} {value:.*}: {}", metric.decimals(), names.join(" before ")));
        }
    }
    let more = if groups > told.len() { format!("; and {} more", groups - told.len()) } else { String::new() };
    let what = match rule.values {
        Values::Printed => "equal printed values",
        Values::Full => "equal values",
    };
    (groups > 0).then(|| format!("{what}: ties keep the previous sort's order ({}{more})", told.join("; ")))
}

/// Ranks and rank sums that the source prints for this track and the rules do not give.
pub fn departures(board: &Leaderboard, track: &Track) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(column) = &track.printed.rank {
        notes.extend(column_departures(board, track, column, |row| Some(row.rank), "rank"));
    }
    if let (Some(column), By::RankSum(_)) = (&track.printed.score, &track.by) {
        notes.extend(column_departures(board, track, column, |row| row.score.map(|v| v as u32), "rank sum"));
    }
    notes
}

fn column_departures(
    board: &Leaderboard,
    track: &Track,
    column: &str,
    computed: impl Fn(&Row) -> Option<u32>,
    what: &str,
) -> Vec<String> {
    let printed = |row: &Row| row.entry.printed.get(column)?.parse::<u32>().ok();
    let compared: Vec<(&Row, u32, u32)> =
        board.rows.iter().filter_map(|row| Some((row, printed(row)?, computed(row)?))).collect();
    let differ: Vec<&(&Row, u32, u32)> = compared.iter().filter(|(_, p, c)| p != c).collect();
    if differ.len() > EXAMPLES.max(compared.len() / 4) {
        let (n, all) = (differ.len(), compared.len());
        return vec![format!(
            "{n} of {all} values of the source's column `{column}` differ from these ranks: it was ranked by other rules, or \
             rows are missing"
        )];
    }
    let mut sharing: HashMap<u32, Vec<&Row>> = HashMap::new();
    for row in &board.rows {
        sharing.entry(row.rank).or_default().push(row);
    }
    let note = |(row, printed, computed): &&(&Row, u32, u32)| {
        let shared = sharing.get(&row.rank).into_iter().flatten().filter(|other| !std::ptr::eq(**other, *row));
        let names: Vec<String> = shared.map(|other| label(&other.entry)).collect();
        let with = if names.is_empty() || what != "rank" {
            String::new()
        } else {
            format!(", shared with {}", listed(&names))
        };
        let figure = match (row.score, &track.by) {
            (Some(sum), By::RankSum(_)) => format!(" (rank sum {sum}{with})"),
            _ => String::new(),
        };
        let team = label(&row.entry);
        format!("{team}: the source prints {what} {printed} in `{column}`, the rules give {computed}{figure}")
    };
    let told = differ.iter().take(TOLD).map(note);
    let more = differ.len().saturating_sub(TOLD);
    told.chain((more > 0).then(|| format!("{more} more values of the source's column `{column}` differ"))).collect()
}
