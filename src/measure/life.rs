//! The life of a run: it is begun, or resumed on the machine that began it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::machine::{Identity, Machine};
use crate::measure::agreement::{self, Given};
use crate::measure::plan::{PlanOptions, plan};
use crate::measure::workers::{Named, Workers};
use crate::run::{Event, FORMAT, Limit, Manifest, Run, RunWriter};
use crate::worker_process::{Launches, Limits, sandbox};

/// What a session starts with.
#[derive(Debug, Clone)]
pub struct Startup {
    /// The programs that the command line names.
    pub named: Named,
    /// The command line, for `run.json`.
    pub command: Vec<String>,
    /// This machine.
    pub machine: Machine,
    /// Ends every wait for a worker.
    pub interrupt: Arc<AtomicBool>,
}

/// How a run is to be resumed.
#[derive(Debug, Clone, Default)]
pub struct ResumeOptions {
    /// Measure again what failed.
    pub retry_failed: bool,
    /// Resume on another machine than the run's, and say so wherever the run is shown.
    pub allow_machine_change: bool,
}

/// A new run in `dir`.
///
/// # Errors
/// What [`plan`] refuses; a worker that does not start or lacks the device; a folder that is not empty.
pub fn begin(dir: &Path, options: PlanOptions, given: &Given, startup: Startup) -> Result<(RunWriter, Launches)> {
    agreement::check_effect(&options, given)?;
    let plan = plan(options)?;
    // The workers are asked first: without any there is nothing to measure.
    let workers = Workers::greet(&startup.named, &plan, &limits(&plan.limit), &startup.interrupt)?;
    let worker = workers.names();
    let machine = Some(startup.machine.identity());
    let manifest = Manifest {
        format: FORMAT,
        created: jiff::Timestamp::now(),
        esr_bench: env!("CARGO_PKG_VERSION").to_owned(),
        command: startup.command,
        machine: startup.machine,
        worker: workers.first,
        python: workers.python,
        merged: None,
        plan,
    };
    let sandbox = sandbox::state(startup.named.sandbox);
    let mut writer = RunWriter::create(dir, manifest)?;
    writer.append(Event::Started { torn_bytes: 0, worker, machine, sandbox: Some(sandbox) })?;
    Ok((writer, workers.launches))
}

/// The run in `dir`, ready to measure what is missing. `options` are what the command line says besides; those that were
/// given must agree with the run's plan, or add rounds.
///
/// # Errors
/// Options that do not agree; another machine, unless that is allowed; another version of the worker.
pub fn resume(
    dir: &Path,
    options: &PlanOptions,
    given: &Given,
    how: &ResumeOptions,
    startup: Startup,
) -> Result<(RunWriter, Launches)> {
    agreement::check_effect(options, given)?;
    let (mut writer, torn_bytes) = RunWriter::resume(dir)?;
    let planned = writer.run().plan().rounds;
    let rounds = agreement::rounds(dir, writer.run().plan(), options, given)?;
    let machine = startup.machine.identity();
    if !how.allow_machine_change {
        check_machine(writer.run(), &machine)?;
    }
    let stored = writer.run().plan();
    let workers = Workers::greet(&startup.named, stored, &limits(&stored.limit), &startup.interrupt)?;
    workers.agree_with(dir, writer.run().manifest())?;
    let sandbox = Some(sandbox::state(startup.named.sandbox));
    writer.append(Event::Started { torn_bytes, worker: workers.names(), machine: Some(machine), sandbox })?;
    if rounds > planned {
        writer.append(Event::RoundsAdded { rounds })?;
    }
    if how.retry_failed {
        for submission in failed(writer.run()) {
            writer.append(Event::Retry { submission })?;
        }
    }
    Ok((writer, workers.launches))
}

/// Submissions with a failure.
fn failed(run: &Run) -> Vec<String> {
    let all = run.results().submissions.iter();
    all.filter(|(_, results)| !results.failures.is_empty()).map(|(name, _)| name.clone()).collect()
}

/// Rounds of two machines do not belong in one table.
fn check_machine(run: &Run, now: &Identity) -> Result<()> {
    let differences: Vec<Vec<String>> = run.results().machines.iter().map(|known| known.differences(now)).collect();
    match differences.into_iter().min_by_key(Vec::len) {
        Some(differences) if !differences.is_empty() => Err(Error::Usage(format!(
            "the run in {} was measured on another machine ({}): resume it there, or add `--allow-machine-change`, and every \
             table of the run will say that its figures are mixed",
            run.dir().display(),
            differences.join("; ")
        ))),
        _ => Ok(()),
    }
}

fn limits(limit: &Limit) -> Limits {
    Limits {
        forward: Duration::try_from_secs_f64(limit.forward_s).unwrap_or(Duration::MAX),
        memory: limit.memory_mib.map(|mib| mib.saturating_mul(1 << 20)),
        ..Limits::default()
    }
}
