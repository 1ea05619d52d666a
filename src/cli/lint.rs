//! `esr-bench lint`: checks whether submissions can be measured.

use std::path::PathBuf;
use std::time::Duration;

use esr_bench::checks::lint;
use esr_bench::report::Format;
use esr_bench::worker_process::{Launch, Limits, locate};
use esr_bench::{Result, exit};

use super::output;

/// Arguments of `lint`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folders with a submission.toml, or folders of such folders (where one called `template` is skipped)
    #[arg(value_name = "PATH", default_value = "submissions")]
    paths: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = output::formats(&[Format::Table, Format::Json]))]
    format: Format,
    /// Time limit for one forward and for loading a network, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..))]
    time_limit: u64,
    /// Limit on the resident memory of a worker, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 8192, value_parser = clap::value_parser!(u64).range(1..))]
    memory_limit: u64,
    /// Worker program [default: esr-worker in the folder of esr-bench]
    #[arg(long, value_name = "FILE")]
    worker: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let limits = Limits {
        forward: Duration::from_secs(args.time_limit),
        memory: Some(args.memory_limit.saturating_mul(1 << 20)),
        ..Limits::default()
    };
    let launch = Launch::new(locate(args.worker.as_deref())?, limits);
    let linted = lint::lint(&args.paths, &launch, |linted| match args.format {
        Format::Json => Ok(()),
        _ => output::print(&format!("{linted}\n")),
    })?;
    let invalid = linted.iter().filter(|l| !l.is_valid()).count();
    match args.format {
        Format::Json => output::print(&output::json(&linted)?)?,
        _ => output::print(&format!("{} of {} valid\n", linted.len() - invalid, linted.len()))?,
    }
    Ok(if invalid == 0 { exit::DONE } else { exit::CHECK_FAILED })
}
