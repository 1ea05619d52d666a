//! Which checks of a submission's figures passed.

use std::collections::BTreeMap;

use crate::run::{Check, Checked, Run};

impl Run {
    /// Every check that was made of a submission. One that failed in any round has failed. Runs of older versions have none.
    pub fn checks(&self, submission: &str) -> Vec<Checked> {
        let graph = self.results().submissions.get(submission).and_then(|results| results.graph.as_ref());
        let rounds = self.results().rounds.iter().filter(|((label, _), _)| label == submission);
        let made = graph.into_iter().flat_map(|g| &g.checks).chain(rounds.flat_map(|(_, times)| &times.checks));
        let mut checks: BTreeMap<Check, Option<String>> = BTreeMap::new();
        for Checked { check, reason } in made {
            let found = checks.entry(*check).or_default();
            *found = found.take().or_else(|| reason.clone());
        }
        checks.into_iter().map(|(check, reason)| Checked { check, reason }).collect()
    }

    /// The checks that failed, in one line.
    pub(super) fn untrusted(&self, submission: &str) -> Option<String> {
        let failed = self.checks(submission).into_iter().filter_map(|c| Some(format!("{}: {}", c.check, c.reason?)));
        let failed: Vec<String> = failed.collect();
        (!failed.is_empty()).then(|| failed.join("; "))
    }
}
