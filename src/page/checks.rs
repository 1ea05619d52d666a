//! The checks of an entry that a run's log holds, each with what it found.

use serde::Serialize;

use crate::run::{Planned, Run, SubmissionResults};

/// One check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// What it found.
    pub found: String,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Good,
    /// Wrong.
    Bad,
    /// Not decided yet.
    Open,
}

/// Every check that the records can answer.
pub(super) fn checks(
    run: &Run,
    planned: &Planned,
    results: &SubmissionResults,
    unknown: Option<&[String]>,
) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut add = |name: &'static str, outcome: Outcome, found: String| checks.push(Check { name, outcome, found });
    if let Some(loaded) = &results.loaded {
        let other =
            loaded.hashes.iter().find(|h| planned.files.iter().any(|f| f.path == h.path && f.sha256 != h.sha256));
        match other {
            None => add("Files as planned", Outcome::Good, "what was loaded has the hashes of the plan".into()),
            Some(_) => add("Files as planned", Outcome::Bad, "a file changed during the run".into()),
        }
    }
    if !planned.submission.stated_hashes.is_empty() && results.loaded.is_some() {
        let differs = planned.submission.stated_hashes.iter().any(|(path, stated)| {
            planned.files.iter().any(|f| f.path == *path && !f.sha256.eq_ignore_ascii_case(stated))
        });
        let found =
            if differs { "differs from the submission's manifest" } else { "as the submission's manifest states" };
        add("Stated hashes", if differs { Outcome::Bad } else { Outcome::Good }, found.into());
    }
    let images = &run.plan().images;
    let seen = results.images.len();
    if seen > 0 {
        let bad: u64 = results.images.values().map(|i| i.non_finite).sum();
        let found = if bad == 0 { "every value is finite".into() } else { format!("{bad} values are NaN or infinite") };
        add("Output values", if bad == 0 { Outcome::Good } else { Outcome::Bad }, found);
        let outcome = if seen == images.len() { Outcome::Good } else { Outcome::Open };
        add("Quality pass", outcome, format!("{seen} of {} images", images.len()));
    }
    let name = &planned.submission.name;
    let timed = run.results().rounds.keys().filter(|(label, _)| label == name).count();
    if timed > 0 {
        add("Timed outputs", Outcome::Good, format!("equal the quality pass's, byte for byte, in {timed} rounds"));
        let rounds = run.plan().rounds as usize;
        let outcome = if timed == rounds { Outcome::Good } else { Outcome::Open };
        add("Rounds", outcome, format!("{timed} of {rounds} timed"));
    }
    match unknown {
        Some([]) => add("Operations", Outcome::Good, "every one is counted or known to be free".into()),
        Some(ops) => add("Operations", Outcome::Bad, format!("not counted: {}", ops.join(", "))),
        None => {}
    }
    if !planned.submission.checked.is_empty() && seen > 0 {
        let sizes = planned.submission.checked.len();
        add("Exporter's records", Outcome::Good, format!("agree at {sizes} sizes"));
    }
    checks
}
