//! One run seen otherwise: by another protocol, by another edition's rules, by another convention of FLOPs, by another estimator.

use crate::entry::{Entry, Metric, label};
use crate::error::{Error, Result};
use crate::graph::Counter;
use crate::inputs::sources::Sources;
use crate::results::Basis;
use crate::rules::Rules;
use crate::stats::summary::{mean, median, round_runtimes};
use crate::stats::{Protocol, Samples, summarise};

/// A run seen otherwise.
#[derive(Debug, Clone)]
pub struct Variant {
    /// What is different.
    pub name: String,
    /// The rules that it is ranked by.
    pub rules: Rules,
    /// The track of these rules.
    pub track: String,
    /// The entries with the figures that the difference makes.
    pub entries: Vec<Entry>,
}

/// Every way to see the only run of `sources` otherwise than by `track` of `rules`.
///
/// # Errors
/// The sources are not one run; timings that cannot be summarised.
pub fn variants(sources: &Sources, rules: &Rules, track: &str) -> Result<Vec<Variant>> {
    let [run] = sources.runs.as_slice() else {
        let found = sources.runs.len();
        return Err(Error::Usage(format!("--sensitivity: expected one run directory, found {found} runs")));
    };
    let track = rules.track(track)?;
    let metrics = track.by.metrics();
    let same =
        |name: String, entries: Vec<Entry>| Variant { name, rules: rules.clone(), track: track.name.clone(), entries };
    let mut all = Vec::new();
    let samples = run.timed(rules).session.samples;
    let own = run.plan().protocol;
    if metrics.contains(&Metric::RuntimeMs) {
        let other = if own == Protocol::Robust { Protocol::Published } else { Protocol::Robust };
        let timed = |figure: &dyn Fn(&Samples) -> Result<f64>| retimed(&sources.entries, &samples, figure);
        let entries = timed(&|s: &Samples| Ok(summarise(s, other)?.runtime_ms))?;
        all.push(same(format!("{other} protocol"), entries));
        let rounds = |s: &Samples| round_runtimes(s, own);
        if own == Protocol::Robust {
            all.push(same("mean over rounds".to_owned(), timed(&|s: &Samples| Ok(mean(&rounds(s)?)))?));
        } else {
            all.push(same("median over rounds".to_owned(), timed(&|s: &Samples| Ok(median(&rounds(s)?)))?));
        }
        let least = |s: &Samples| -> Result<f64> { Ok(rounds(s)?.into_iter().fold(f64::INFINITY, f64::min)) };
        all.push(same("fastest round".to_owned(), timed(&least)?));
    }
    if metrics.contains(&Metric::FlopsG) || metrics.contains(&Metric::ActsM) {
        for counter in [Counter::Hook, Counter::Fvcore, Counter::Macs] {
            if counter != rules.costs.counter {
                let basis = Basis { counter, ..Basis::from(rules) };
                all.push(same(format!("operations counted by {counter}"), run.entries(basis)?));
            }
        }
    }
    for id in Rules::ids().into_iter().filter(|id| *id != rules.id) {
        let other = Rules::embedded(&id)?;
        let entries = run.entries(&other)?;
        let track = other.default_track.clone();
        all.push(Variant { name: format!("rules of {id}, track {track}"), track, rules: other, entries });
    }
    Ok(all)
}

/// The entries with other runtimes.
fn retimed(entries: &[Entry], samples: &[Samples], figure: &dyn Fn(&Samples) -> Result<f64>) -> Result<Vec<Entry>> {
    let of = |entry: &Entry| -> Result<Entry> {
        let mut entry = entry.clone();
        let own = samples.iter().find(|s| s.label == label(&entry) && !s.rounds.is_empty());
        if let Some(own) = own.filter(|_| entry.get(Metric::RuntimeMs).is_some()) {
            entry.metrics.insert(Metric::RuntimeMs, figure(own)?);
            // Rules that average splits take the mean that is given.
            entry.metrics.remove(&Metric::RuntimeValMs);
            entry.metrics.remove(&Metric::RuntimeTestMs);
        }
        Ok(entry)
    };
    entries.iter().map(of).collect()
}
