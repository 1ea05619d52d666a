//! Several sessions of the same entries as one table: equal names are one entry.

use std::collections::BTreeSet;

use crate::entry::{Entry, Metric, label};
use crate::error::{Error, Result};
use crate::inputs::sources::Sources;
use crate::rules::Rules;

/// What a session measures anew: the mean over the sessions counts.
const MEASURED: [Metric; 4] = [Metric::RuntimeMs, Metric::RuntimeValMs, Metric::RuntimeTestMs, Metric::MemM];
/// Other figures of one network may differ by this fraction between sessions.
const SAME: f64 = 1e-3;

/// Reads runs of the same entries as several sessions of each: equal names are one entry.
///
/// # Errors
/// Inputs that are no runs, or runs that do not have the same entries.
pub fn read_combined(inputs: &[String], rules: &Rules) -> Result<Sources> {
    let mut read = Vec::new();
    for input in inputs {
        let mut one = Sources::default();
        one.input(input, rules)?;
        read.push((input.as_str(), one));
    }
    combine(read)
}

/// The entries of all runs, each with the mean of its sessions' runtimes. Rounds stay in their sessions.
///
/// # Errors
/// An input that is no run, an entry that a session lacks, or one whose costs or quality differ between sessions.
fn combine(all: Vec<(&str, Sources)>) -> Result<Sources> {
    if let Some((input, _)) = all.iter().find(|(_, one)| one.runs.len() != 1) {
        return Err(Error::Usage(format!(
            "{input}: expected a run directory to combine with others, found another input"
        )));
    }
    let mut rest = all.into_iter();
    let Some((first, mut out)) = rest.next() else { return Ok(Sources::default()) };
    let names = |entries: &[Entry]| entries.iter().map(label).collect::<BTreeSet<String>>();
    let mut count = 1.0;
    for (input, one) in rest {
        let (ours, theirs) = (names(&out.entries), names(&one.entries));
        if let Some(name) = ours.symmetric_difference(&theirs).next() {
            let (has, lacks) = if ours.contains(name) { (first, input) } else { (input, first) };
            return Err(Error::Usage(format!(
                "`{name}` was measured in {has} and not in {lacks}: sessions are combined where each has every entry. Measure it there, too, or rank without combining"
            )));
        }
        count += 1.0;
        for entry in &mut out.entries {
            if let Some(other) = one.entries.iter().find(|other| label(other) == label(entry)) {
                join(entry, other, count, input)?;
            }
        }
        out.sessions.extend(one.sessions);
        out.fitness.extend(one.fitness);
        out.notes.extend(one.notes.into_iter().filter(|note| !out.notes.contains(note)).collect::<Vec<_>>());
    }
    // Pages show what one run tells of its entries; these are of several.
    out.runs.clear();
    out.notes.push(format!("{count} sessions are combined: runtimes and memory are means over them"));
    Ok(out)
}

/// Takes the figures of the `count`-th session in.
fn join(entry: &mut Entry, other: &Entry, count: f64, input: &str) -> Result<()> {
    entry.failure = entry.failure.take().or_else(|| other.failure.clone());
    for (metric, theirs) in &other.metrics {
        match entry.metrics.get_mut(metric) {
            Some(own) if MEASURED.contains(metric) => *own += (theirs - *own) / count,
            Some(own) if (*own - theirs).abs() > SAME * own.abs().max(theirs.abs()) => {
                let own = *own;
                return Err(Error::Usage(format!(
                    "`{}`: {metric} is {own} in the first session and {theirs} in {input}: expected one network under one name",
                    label(entry)
                )));
            }
            _ => {}
        }
    }
    Ok(())
}
