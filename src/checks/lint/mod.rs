//! Checks whether a submission can be measured. Each check has a name and a result of its own, so that a team learns of all
//! problems at once.
//!
//! The manifest, the files and their hashes are checked first. Then the network runs in a fresh worker at a few odd sizes. A
//! crash, a timeout or too much memory fails the check that caused it, and the next check gets a new worker.
//! It may use [`crate::submission`], [`crate::worker_process`], [`crate::protocol`], [`crate::graph`] and [`crate::text`].

mod find;
mod finding;
mod judge;
mod outputs;
mod running;
mod statics;

use std::path::PathBuf;

pub use finding::{Check, CheckResult, Finding, Linted};

use crate::error::Result;
use crate::worker_process::Launches;
use running::RunningSubmission;
use statics::UnrunSubmission;

/// Checks every submission of `paths`: folders with a manifest, or folders of such folders. `each` sees a submission's findings
/// as soon as they are there.
///
/// # Errors
/// A path that is no folder, or holds no submission; `esr-worker` is needed and cannot start; whatever `each` returns.
pub fn lint(
    paths: &[PathBuf],
    launches: &Launches,
    mut each: impl FnMut(&Linted) -> Result<()>,
) -> Result<Vec<Linted>> {
    let mut all: Vec<UnrunSubmission> = find::folders(paths)?.into_iter().map(UnrunSubmission::read).collect();
    statics::find_copies(&mut all);
    let exchange = tempfile::tempdir().map_err(crate::Error::io("create", std::env::temp_dir()))?;
    let mut done = Vec::new();
    for unrun in all {
        let UnrunSubmission { folder, submission, sizes, mut findings, .. } = unrun;
        match &submission {
            Some(submission) if !findings.iter().any(Finding::bars_running) => {
                let running = RunningSubmission::new(launches, submission, exchange.path());
                judge::run(running, &sizes, &mut findings)?;
            }
            _ => judge::skip(&mut findings, "the checks of the files failed"),
        }
        findings.sort_by_key(|finding| finding.check);
        let linted = Linted { folder, team: submission.map(|s| s.team), findings };
        each(&linted)?;
        done.push(linted);
    }
    Ok(done)
}
