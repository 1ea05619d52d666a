//! The place that an entry would take in a published table, for people.

use serde::Serialize;

use crate::rank::placement::{Gain, TrackPlace};
use crate::rules::Rules;
use crate::text::{Align, Table};

/// The places of one entry, as JSON writes them.
#[derive(Debug, Serialize)]
pub struct Placed {
    /// The entry's label.
    pub entry: String,
    /// The id of the rules.
    pub rules: String,
    /// Assumptions, and figures that are not comparable.
    pub notes: Vec<String>,
    /// Every track of the rules.
    pub tracks: Vec<TrackPlace>,
}

/// One row a track, then the notes.
pub fn table(placed: &Placed, rules: &Rules) -> String {
    let mut table = Table::new([
        ("track", Align::Left),
        ("place", Align::Right),
        ("of", Align::Right),
        ("figure", Align::Right),
        ("above it", Align::Left),
        ("one of these gains a place", Align::Left),
    ]);
    for standing in &placed.tracks {
        let decimals = if standing.score_heading == "rank sum" { 0 } else { 2 };
        let figure = |score: Option<f64>| score.map_or_else(String::new, |s| format!("{s:.decimals$}"));
        let place = standing.place.map_or_else(|| "-".to_owned(), |p| p.to_string());
        let above = standing.above.as_ref().map_or_else(String::new, |(name, score)| match score {
            Some(_) => format!("{name} ({})", figure(*score)),
            None => name.clone(),
        });
        let last = match &standing.unranked {
            Some(reason) => format!("not ranked: {reason}"),
            None => standing.gains.iter().map(gain).collect::<Vec<_>>().join("; "),
        };
        let shared = standing.shared_with.join(", ");
        let place = if shared.is_empty() { place } else { format!("{place} (with {shared})") };
        table.row([standing.track.clone(), place, standing.of.to_string(), figure(standing.score), above, last]);
    }
    let notes: String = placed.notes.iter().map(|n| format!("note: {n}\n")).collect();
    format!("{} in {} ({})\n\n{}\n{notes}", placed.entry, rules.title, rules.id, table)
}

fn gain(gain: &Gain) -> String {
    let decimals = gain.metric.decimals();
    let percent = if gain.from > 0.0 { 100.0 * (gain.to - gain.from) / gain.from } else { 0.0 };
    format!("{} {:.decimals$} ({percent:+.1} %) gives place {}", gain.metric, gain.to, gain.place)
}
