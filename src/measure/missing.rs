//! What is left to measure: the plan less what the log holds.

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::run::Results;
use crate::run::Stage;
use crate::run::{Plan, Planned, PlannedImage};

/// The plan, and what of it is measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Missing<'a> {
    plan: &'a Plan,
    results: &'a Results,
}

impl<'a> Missing<'a> {
    pub(super) fn new(plan: &'a Plan, results: &'a Results) -> Missing<'a> {
        Missing { plan, results }
    }

    /// Whether a stage needs no looking at: it failed before, or what it stands on did.
    pub(super) fn is_off(self, submission: &str, stage: Stage) -> bool {
        let failed = |s: &crate::run::SubmissionResults| {
            s.failures.contains_key(&stage) || s.failures.contains_key(&Stage::Quality)
        };
        self.results.submissions.get(submission).is_none_or(failed)
    }

    /// Images whose SR was not looked at, by their place in the plan.
    pub(super) fn quality(self, planned: &Planned) -> Vec<usize> {
        let results = self.results.submissions.get(&planned.submission.name);
        let all = (0..self.plan.images.len()).collect();
        self.without(all, |key| results.is_some_and(|r| r.images.contains_key(key)))
    }

    /// Images that the peak memory was not measured on, by their place in the plan.
    pub(super) fn memory(self, planned: &Planned) -> Vec<usize> {
        let results = self.results.submissions.get(&planned.submission.name);
        let chosen = for_memory(&self.plan.images, &self.plan.memory_split, self.plan.device == "cpu");
        self.without(chosen, |key| results.is_some_and(|r| r.memory.contains_key(key)))
    }

    /// Whether the operations were not recorded.
    pub(super) fn graph(self, planned: &Planned) -> bool {
        self.results.submissions.get(&planned.submission.name).is_some_and(|r| r.graph.is_none())
    }

    /// Whether a round was not timed.
    pub(super) fn round(self, label: &str, round: u32) -> bool {
        !self.results.rounds.contains_key(&(label.to_owned(), round))
    }

    /// Requests that lie ahead, if nothing fails.
    pub(super) fn steps(self) -> u64 {
        let mut steps = 0;
        for planned in &self.plan.submissions {
            let on = |stage| !self.is_off(&planned.submission.name, stage);
            let of = |stage, count: usize| if on(stage) { count } else { 0 };
            steps += of(Stage::Quality, self.quality(planned).len());
            steps += of(Stage::Memory, self.memory(planned).len());
            steps += of(Stage::Graph, usize::from(self.graph(planned)));
        }
        for (label, submission) in self.plan.labels() {
            if !self.is_off(&submission, Stage::Rounds) {
                let rounds = (0..self.plan.rounds).filter(|&round| self.round(&label, round)).count();
                steps += rounds * self.plan.images.len();
            }
        }
        steps as u64
    }

    fn without(self, mut images: Vec<usize>, done: impl Fn(&(String, String)) -> bool) -> Vec<usize> {
        images.retain(|&at| !done(&self.plan.images[at].key()));
        images
    }
}

/// One image of each size of a split (of all images, where there is no such split), largest first: peaks depend on sizes
/// alone. On the CPU only the largest: growth of the resident set after a process's first forward says nothing.
fn for_memory(images: &[PlannedImage], split: &str, cpu: bool) -> Vec<usize> {
    let has_split = images.iter().any(|i| i.split == split);
    let mut sizes = HashSet::new();
    let mut chosen: Vec<usize> = (0..images.len())
        .filter(|&at| !has_split || images[at].split == split)
        .filter(|&at| sizes.insert((images[at].height, images[at].width)))
        .collect();
    chosen.sort_by_key(|&at| Reverse(images[at].height * images[at].width));
    if cpu {
        chosen.truncate(1);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Source;

    fn image(split: &str, height: usize, width: usize) -> PlannedImage {
        PlannedImage { split: split.into(), image: "x".into(), height, width, source: Source::Synthetic { seed: 0 } }
    }

    #[test]
    fn memory_is_measured_once_a_size_of_the_split() {
        let images = [image("test", 90, 90), image("val", 8, 9), image("val", 9, 9), image("val", 8, 9)];
        assert_eq!(for_memory(&images, "val", false), [2, 1]);
        assert_eq!(for_memory(&images, "val", true), [2]);
        assert_eq!(for_memory(&images, "test", false), [0]);
        assert_eq!(for_memory(&images[..1], "val", true), [0], "without such a split, of all");
    }
}
