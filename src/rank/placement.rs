//! The place that an entry would take in a table, and the changes of one metric that would improve it.

use serde::Serialize;

use crate::entry::Entry;
use crate::entry::Metric;
use crate::entry::label;
use crate::error::Result;
use crate::rank::leaderboard::Leaderboard;
use crate::rank::rank::{Options, rank_with};
use crate::rules::Rules;
use crate::rules::schema::Track;

/// The place that an entry would take in one track.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrackPlace {
    /// The track.
    pub track: String,
    /// What its figure is: `rank sum`, `score`, or the metric's heading.
    pub score_heading: String,
    /// The place; absent if it would not be ranked.
    pub place: Option<u32>,
    /// Ranked entries, this one included.
    pub of: usize,
    /// Its rank sum or score.
    pub score: Option<f64>,
    /// Why it would not be ranked.
    pub unranked: Option<String>,
    /// Entries that would share its place.
    pub shared_with: Vec<String>,
    /// The entry directly above, with its rank sum or score.
    pub above: Option<(String, Option<f64>)>,
    /// Changes that gain a place, one metric at a time.
    pub gains: Vec<Gain>,
}

/// A change of one metric that gains a place, the others being as they are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gain {
    /// The metric.
    pub metric: Metric,
    /// Its value.
    pub from: f64,
    /// The value nearest to it, in printed decimals, that gains a place.
    pub to: f64,
    /// The place that it gains.
    pub place: u32,
}

/// What the answer assumes of the entry, and which figures are not comparable.
pub fn assumptions(entry: &Entry, rules: &Rules) -> Vec<String> {
    let mut notes = Vec::new();
    let assumed: Vec<&str> =
        rules.cuts.iter().filter(|c| entry.get(c.metric).is_none()).map(|c| c.metric.name()).collect();
    if !assumed.is_empty() {
        notes.push(format!("not measured and assumed to pass the cut: {}", assumed.join(", ")));
    }
    if entry.get(Metric::RuntimeMs).is_some() {
        let device = rules.runtime.device.as_deref().unwrap_or("a GPU that is not stated");
        notes.push(format!(
            "the table's runtimes are from {device}; runtimes from other machines are not comparable with them"
        ));
    }
    if !rules.published.complete {
        notes.push(format!("the published table is not complete: {}", rules.published.note));
    }
    notes
}

/// The place of `entry` among `table` in every track of the rules.
///
/// PSNRs that were not measured are assumed to pass the cuts; [`assumptions`] says so.
pub fn place(entry: &Entry, table: &[Entry], rules: &Rules, options: &Options) -> Result<Vec<TrackPlace>> {
    let mut own = entry.clone();
    // Another entry of its name stays where it is.
    while table.iter().any(|e| label(e) == label(&own)) {
        own.team += " (yours)";
    }
    for cut in rules.cuts.iter().filter(|c| entry.get(c.metric).is_none()) {
        own.metrics.insert(cut.metric, cut.at_least);
    }
    own.baseline = false;
    let mut entries: Vec<Entry> = table.to_vec();
    for entry in &mut entries {
        // Printed cells are for audits; hundreds of rankings need not copy them.
        entry.printed = Default::default();
    }
    entries.push(own);
    let mut search = Search { entries, rules, options };
    rules.tracks.iter().map(|track| search.standing(track)).collect()
}

struct Search<'a> {
    /// The last one is the entry.
    entries: Vec<Entry>,
    rules: &'a Rules,
    options: &'a Options,
}

impl Search<'_> {
    fn own(&self) -> &Entry {
        &self.entries[self.entries.len() - 1]
    }

    fn board(&self, track: &Track) -> Result<Leaderboard> {
        rank_with(&self.entries, self.rules, &track.name, self.options)
    }

    fn is_own(&self, entry: &Entry) -> bool {
        entry.team == self.own().team && entry.submission == self.own().submission
    }

    fn standing(&mut self, track: &Track) -> Result<TrackPlace> {
        let board = self.board(track)?;
        let position = board.rows.iter().position(|r| self.is_own(&r.entry));
        let row = position.map(|i| &board.rows[i]);
        let place = row.map(|r| r.rank);
        let others = |rank: u32| board.rows.iter().filter(move |r| r.rank == rank);
        let mut standing = TrackPlace {
            track: track.name.clone(),
            score_heading: board.score_heading.clone(),
            place,
            of: board.rows.len(),
            score: row.and_then(|r| r.score),
            unranked: board.unranked.iter().find(|u| self.is_own(&u.entry)).map(|u| u.reason.clone()),
            shared_with: Vec::new(),
            above: None,
            gains: Vec::new(),
        };
        let Some(place) = place else { return Ok(standing) };
        standing.shared_with = others(place).filter(|r| !self.is_own(&r.entry)).map(|r| label(&r.entry)).collect();
        let above = board.rows.iter().rev().find(|r| r.rank < place);
        standing.above = above.map(|r| (label(&r.entry), r.score));
        if place > 1 {
            for metric in track.by.metrics() {
                standing.gains.extend(self.gain(track, metric, place)?);
            }
        }
        Ok(standing)
    }

    /// The value of `metric`, nearest to the entry's own, with which it would stand above `place`.
    ///
    /// A place only improves as a cost falls, so that the value is found by bisection over printed values.
    fn gain(&mut self, track: &Track, metric: Metric, place: u32) -> Result<Option<Gain>> {
        let Some(from) = self.own().get(metric).filter(|_| !metric.higher_is_better()) else { return Ok(None) };
        let unit = 10f64.powi(metric.decimals() as i32);
        let steps = (from * unit).ceil();
        // Beyond this many steps a double no longer tells two of them apart.
        if !(1.0..=1e15).contains(&steps) {
            return Ok(None);
        }
        let (mut low, mut high) = (0u64, steps as u64);
        let mut best = None;
        // `low` gains a place, `high` (the entry's own value or more) does not.
        while low < high {
            let middle = low + (high - low) / 2;
            let value = middle as f64 / unit;
            match self.place_with(track, metric, value)?.filter(|p| *p < place) {
                Some(gained) => {
                    best = Some(Gain { metric, from, to: value, place: gained });
                    low = middle + 1;
                }
                None => high = middle,
            }
        }
        Ok(best)
    }

    fn place_with(&mut self, track: &Track, metric: Metric, value: f64) -> Result<Option<u32>> {
        let last = self.entries.len() - 1;
        let before = self.entries[last].metrics.insert(metric, value);
        let board = self.board(track);
        if let Some(before) = before {
            self.entries[last].metrics.insert(metric, before);
        }
        let board = board?;
        Ok(board.rows.iter().find(|r| self.is_own(&r.entry)).map(|r| r.rank))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn among_2022(metrics: &[(Metric, f64)]) -> Vec<TrackPlace> {
        let rules = Rules::embedded("ntire2022").unwrap();
        let entry = Entry { team: "mine".into(), metrics: metrics.iter().copied().collect(), ..Entry::default() };
        place(&entry, &rules.published().unwrap(), &rules, &Options::default()).unwrap()
    }

    #[test]
    fn an_entry_takes_its_place_and_learns_what_gains_one_more() {
        let all = among_2022(&[(Metric::RuntimeMs, 30.0), (Metric::PsnrVal, 29.0), (Metric::PsnrTest, 28.7)]);
        let runtime = &all[0];
        assert_eq!((runtime.track.as_str(), runtime.place, runtime.of), ("runtime", Some(4), 36));
        assert_eq!(runtime.above, Some(("NEESR".into(), None)));
        // NEESR has 29.97. Places of this track are not shared, and equals stand in the order of their names.
        assert_eq!(runtime.gains, [Gain { metric: Metric::RuntimeMs, from: 30.0, to: 29.96, place: 3 }]);
        assert_eq!(all[1].unranked.as_deref(), Some("not measured: params_m, flops_g"));
        assert_eq!(all[2].place, None);
    }

    #[test]
    fn the_gained_value_is_the_nearest_that_gains() {
        let metrics = [
            (Metric::RuntimeMs, 30.0),
            (Metric::ParamsM, 0.3),
            (Metric::FlopsG, 18.0),
            (Metric::ActsM, 90.0),
            (Metric::MemM, 400.0),
        ];
        let all = among_2022(&metrics);
        let overall = &all[2];
        assert!(overall.place.is_some_and(|p| p > 1) && !overall.gains.is_empty(), "{overall:?}");
        for gain in &overall.gains {
            let with = |value: f64| {
                let mut changed: std::collections::BTreeMap<Metric, f64> = metrics.into();
                changed.insert(gain.metric, value);
                among_2022(&changed.into_iter().collect::<Vec<_>>())[2].place
            };
            let step = 10f64.powi(-(gain.metric.decimals() as i32));
            assert_eq!(with(gain.to), Some(gain.place), "{gain:?}");
            assert_eq!(with(gain.to + step), overall.place, "{gain:?}");
        }
    }

    #[test]
    fn an_entry_below_the_cut_has_no_place() {
        let all = among_2022(&[(Metric::RuntimeMs, 1.0), (Metric::PsnrVal, 28.0), (Metric::PsnrTest, 28.7)]);
        assert_eq!(all[0].unranked.as_deref(), Some("psnr_val 28.00 < 28.95"));
        assert!(all[0].gains.is_empty());
    }
}
