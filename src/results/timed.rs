//! A run as one session of a ranking's statistics.

use std::collections::BTreeMap;

use crate::entry::{Entry, label};
use crate::results::basis::{Basis, chosen};
use crate::run::{MeasuredMemory, Run};
use crate::stats::{Session, TimedSession, summary};

impl Run {
    /// The ranked timings of every label, under the entries' names in messages, with the load and the memory that were
    /// recorded.
    pub fn timed(&self, basis: impl Into<Basis>) -> TimedSession {
        let basis = basis.into();
        let samples = self.ranked_samples(basis.clone());
        let session = Session { name: self.dir().display().to_string(), samples };
        let protocol = self.plan().protocol;
        let mut timed = TimedSession { session, protocol, loads: self.loads(), memory: BTreeMap::new() };
        for planned in &self.plan().submissions {
            let submission = &planned.submission;
            let entry =
                Entry { team: submission.team.clone(), submission: submission.name.clone(), ..Entry::default() };
            timed.memory.insert(submission.name.clone(), self.peaks(&submission.name, &basis));
            timed.rename(&submission.name, &label(&entry));
        }
        timed
    }

    /// The processors that other programs kept busy in each round: the median over its processes.
    fn loads(&self) -> BTreeMap<u32, f64> {
        let mut by_round: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for times in self.results().rounds.values() {
            if let Some(busy) = times.conditions.activity.others_busy {
                by_round.entry(times.round).or_default().push(busy);
            }
        }
        by_round.into_iter().map(|(round, busy)| (round, summary::median(&busy))).collect()
    }

    /// The submission's peak memory, the largest over the images of the basis's split.
    fn peaks(&self, submission: &str, basis: &Basis) -> Vec<f64> {
        let Some(results) = self.results().submissions.get(submission) else { return Vec::new() };
        let mut splits: Vec<&str> = results.memory.keys().map(|(split, _)| split.as_str()).collect();
        splits.dedup();
        let used = chosen(&splits, &[basis.memory]);
        let of_split = |m: &&MeasuredMemory| used.contains(&m.split.as_str());
        let most = results.memory.values().filter(of_split).max_by_key(|m| m.peak_bytes);
        most.map(|m| m.peak_bytes as f64 / f64::from(1 << 20)).into_iter().collect()
    }
}
