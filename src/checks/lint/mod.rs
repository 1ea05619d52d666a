//! Is a submission fit to be measured? Named checks, each with a verdict of its own, so that a team learns of everything
//! that is wrong with its entry at once.
//!
//! First what can be told without running anything: the manifest, the files, their hashes. Then the network runs in a fresh
//! worker at a few odd sizes. A crash, a hang or a blow-up of memory fails the check that saw it; the next check gets a
//! new worker.

mod find;
mod finding;
mod judge;
mod outputs;
mod statics;
mod trial;

use std::path::PathBuf;

pub use finding::{Check, Finding, Linted, Verdict};

use crate::error::Result;
use crate::worker_process::Launches;
use statics::Still;
use trial::Trial;

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
    let mut all: Vec<Still> = find::folders(paths)?.into_iter().map(Still::read).collect();
    statics::find_copies(&mut all);
    let exchange = tempfile::tempdir().map_err(crate::Error::io("create", std::env::temp_dir()))?;
    let mut done = Vec::new();
    for still in all {
        let Still { folder, submission, sizes, mut findings, .. } = still;
        match &submission {
            Some(submission) if !findings.iter().any(Finding::bars_running) => {
                let trial = Trial::new(launches, submission, exchange.path());
                judge::run(trial, &sizes, &mut findings)?;
            }
            _ => judge::skip(&mut findings, "the files are not in order"),
        }
        findings.sort_by_key(|finding| finding.check);
        let linted = Linted { folder, team: submission.map(|s| s.team), findings };
        each(&linted)?;
        done.push(linted);
    }
    Ok(done)
}
