//! The log, line by line: events that can be read, and how each hangs on the one before.

use std::collections::HashMap;

use crate::run::chain::{Chain, Link, stated};
use crate::run::{Event, Logged, Run};
use crate::verify::finding::Discrepancy;
use crate::verify::verified::Verified;

/// Wrong lines beyond this are counted as edited without looking for where they came from: that look compares all pairs.
const LOOKED_INTO: usize = 200;

/// The events with their lines, counted from 1.
pub(super) type Events = Vec<(usize, Event)>;

/// Checks every line; the events that can be read.
pub(super) fn check(start: Chain, run: &mut Run, log: &[u8], verified: &mut Verified) -> Events {
    let lines: Vec<&[u8]> = log.split_inclusive(|&b| b == b'\n').collect();
    let mut chain = start.clone();
    let mut events = Events::new();
    let mut first_of: HashMap<&str, usize> = HashMap::new();
    let mut looked_into = 0;
    let mut unchained = 0;
    for (index, bytes) in lines.iter().enumerate() {
        let line = index + 1;
        match serde_json::from_slice::<Logged>(bytes) {
            Ok(logged) => {
                events.push((line, logged.event.clone()));
                if let Err(why) = run.add(logged) {
                    verified.findings.push(Discrepancy::Foreign { line, why });
                }
            }
            Err(_) if !bytes.ends_with(b"\n") => {
                verified.notes.push(format!(
                    "line {line} is unfinished: `measure` was killed while it wrote; `--resume` removes it"
                ));
                continue;
            }
            Err(error) => verified.findings.push(Discrepancy::Unreadable { line, why: error.to_string() }),
        }
        match chain.take(bytes) {
            Link::Chained => verified.chained += 1,
            Link::Unchained => unchained += 1,
            Link::Missing => verified.findings.push(Discrepancy::Unhashed { line }),
            Link::Wrong => {
                looked_into += 1;
                let first = stated(bytes).and_then(|hash| first_of.get(hash).copied());
                verified.findings.push(match first {
                    Some(first) => Discrepancy::Repeated { line, first },
                    None if looked_into <= LOOKED_INTO => moved(&start, &lines, index),
                    None => Discrepancy::Edited { line },
                });
            }
        }
        if let Some(hash) = stated(bytes) {
            first_of.entry(hash).or_insert(line);
        }
    }
    verified.lines = lines.len();
    verified.head = chain.head().map(ToOwned::to_owned);
    if unchained == lines.len() {
        verified.notes.push(
            "the events are not chained (an earlier version wrote them): edited, cut and moved lines do not show"
                .to_owned(),
        );
    } else if unchained > 0 {
        verified.notes.push(format!(
            "the first {unchained} lines are not chained (an earlier version wrote them); they are held as a whole by line {}",
            unchained + 1
        ));
    }
    events
}

/// From which line a wrong one follows, if from any.
fn moved(start: &Chain, lines: &[&[u8]], index: usize) -> Discrepancy {
    let line = index + 1;
    if start.leads_to(lines[index]) {
        return Discrepancy::Moved { line, after: 0 };
    }
    let after = lines
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != index)
        .find(|(_, other)| stated(other).is_some_and(|hash| Chain::after(hash).leads_to(lines[index])));
    match after {
        Some((other, _)) => Discrepancy::Moved { line, after: other + 1 },
        None => Discrepancy::Edited { line },
    }
}
