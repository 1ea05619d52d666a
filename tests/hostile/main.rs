//! Submissions that want a better row than they deserve, each with the reason that stops it, and honest ones that pass.
//! `docs/threat-model.md` lists them with those of other tests.
#![allow(clippy::duplicate_mod, reason = "both workers are built only where they are older than their source")]

#[path = "../common/bench.rs"]
#[allow(dead_code, reason = "other tests use all of it")]
mod bench;
#[path = "../common/python.rs"]
mod interpreter;
#[path = "../common/mock.rs"]
mod mock;
#[path = "../common/programs.rs"]
mod programs;
#[path = "../common/real_worker.rs"]
mod real_worker;
#[path = "../common/skip.rs"]
mod skip;

use esr_bench::run::Run;

mod checks;
mod kept;
mod python;

/// What stops a submission: its failure, or the check of its figures that failed.
fn stopped(run: &Run, name: &str) -> Option<String> {
    let failed = || run.checks(name).into_iter().find_map(|checked| checked.reason);
    programs::failure(run, name).or_else(failed)
}
