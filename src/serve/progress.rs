//! How far a run is, and how long it may still take, from its log alone.

use std::collections::HashMap;

use serde::Serialize;

use crate::run::{Moment, Plan, Run};
use crate::stats::summary::median;

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    /// Parts that are recorded.
    pub done: usize,
    /// Parts that the plan has, less those that a failure took away.
    pub total: usize,
    /// Seconds that the rest takes, if it goes on as before; absent where nothing tells.
    pub seconds_left: Option<f64>,
    /// Whether the run came to its end.
    pub finished: bool,
    /// Submissions with a failure.
    pub failed: usize,
    /// When the last part was recorded.
    pub last: Option<jiff::Timestamp>,
    /// In words: `round 3 of 12`.
    pub stage: String,
}

/// Looks at a run and its log.
pub fn progress(run: &Run, history: &[Moment]) -> Progress {
    let (plan, results) = (run.plan(), run.results());
    let times = Times::new(plan, history);
    let (mut done, mut total) = (0, 0);
    let mut left = Some(0.0);
    let mut add = |recorded: usize, missing: usize, each: Option<f64>| {
        done += recorded;
        total += recorded + missing;
        if missing > 0 {
            left = left.zip(each).map(|(sum, each)| sum + missing as f64 * each);
        }
    };
    for (name, found) in &results.submissions {
        let lacks = |missing: usize| if found.failures.is_empty() { missing } else { 0 };
        let images = found.images.len();
        add(images, lacks(plan.images.len().saturating_sub(images)), times.quality(name));
        add(usize::from(found.graph.is_some()), lacks(usize::from(found.graph.is_none())), Some(1.0));
    }
    for (label, submission) in plan.labels() {
        let recorded = results.rounds.keys().filter(|(l, _)| *l == label).count();
        let failed = results.submissions.get(&submission).is_some_and(|s| !s.failures.is_empty());
        let missing = if failed { 0 } else { (plan.rounds as usize).saturating_sub(recorded) };
        add(recorded, missing, times.round(&label, &submission));
    }
    let round = history.iter().rev().find_map(|m| m.round);
    let finished = results.finished;
    Progress {
        done,
        total,
        seconds_left: if finished { Some(0.0) } else { left },
        finished,
        failed: results.failed(),
        last: history.last().map(|m| m.at),
        stage: match (finished, round) {
            (true, _) => "finished".to_owned(),
            (false, Some(round)) => format!("round {} of {}", round + 1, plan.rounds),
            (false, None) => "quality, memory and operations".to_owned(),
        },
    }
}

/// How long parts took.
struct Times {
    quality: HashMap<String, Vec<f64>>,
    rounds: HashMap<String, Vec<f64>>,
    /// A round of a submission over its quality pass of one image, where nothing else tells.
    passes: f64,
}

impl Times {
    fn new(plan: &Plan, history: &[Moment]) -> Times {
        let mut times = Times {
            quality: HashMap::new(),
            rounds: HashMap::new(),
            passes: (plan.images.len() as u32 * plan.repeats + plan.warmup).into(),
        };
        for pair in history.windows(2) {
            let (before, now) = (&pair[0], &pair[1]);
            // Between two calls of `measure` nothing was measured.
            if matches!(before.event.as_str(), "finished" | "interrupted") || now.event == "started" {
                continue;
            }
            let seconds = (now.at - before.at).as_secs_f64().max(0.0);
            let name = now.label.as_ref().or(now.submission.as_ref());
            let map = match now.event.as_str() {
                "quality" => &mut times.quality,
                "round" => &mut times.rounds,
                _ => continue,
            };
            map.entry(name.cloned().unwrap_or_default()).or_default().push(seconds);
        }
        times
    }

    fn quality(&self, name: &str) -> Option<f64> {
        known(self.quality.get(name)).or_else(|| known(Some(&self.quality.values().flatten().copied().collect())))
    }

    fn round(&self, label: &str, submission: &str) -> Option<f64> {
        let own = known(self.rounds.get(label)).or_else(|| known(self.rounds.get(submission)));
        own.or_else(|| Some(self.quality(submission)? * self.passes))
    }
}

fn known(seconds: Option<&Vec<f64>>) -> Option<f64> {
    seconds.filter(|s| !s.is_empty()).map(|s| median(s))
}
