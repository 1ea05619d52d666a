//! `esr-bench lint`: are submissions fit to be measured?

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use esr_bench::checks::lint;
use esr_bench::measure;
use esr_bench::report::cloned;
use esr_bench::submission::clone::{Export, is_clone};
use esr_bench::worker_process::Limits;
use esr_bench::{Error, Result, exit};

use super::clones::Clones;

/// Arguments of `lint`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folders with a submission.toml, folders of such folders (there, one called `template` is left out), or clones of
    /// organisers' repositories
    #[arg(value_name = "PATH", default_value = "submissions")]
    paths: Vec<PathBuf>,
    /// How to print the findings
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Seconds for one forward, and for loading a network
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..))]
    time_limit: u64,
    /// Resident memory of a worker, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 8192, value_parser = clap::value_parser!(u64).range(1..))]
    memory_limit: u64,
    #[command(flatten)]
    clones: Clones,
    /// The worker's program [default: esr-worker beside esr-bench]
    #[arg(long, value_name = "FILE")]
    worker: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, one line a check, each submission as soon as it is checked
    #[default]
    Table,
    /// A JSON array of submissions with their findings
    Json,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let limits = Limits {
        forward: Duration::from_secs(args.time_limit),
        memory: Some(args.memory_limit.saturating_mul(1 << 20)),
        ..Limits::default()
    };
    let room = tempfile::tempdir().map_err(Error::io("create", std::env::temp_dir()))?;
    let (mut paths, mut left) = (Vec::new(), String::new());
    for path in &args.paths {
        if !is_clone(path) {
            paths.push(path.clone());
            continue;
        }
        let output = room.path().join(path.file_name().unwrap_or_default());
        let imported = args.clones.import(path, &output, args.worker.as_deref(), Export::default())?;
        paths.extend(imported.rows.iter().filter_map(|row| row.outcome.folder()).map(Path::to_path_buf));
        left += &cloned::left(&imported);
    }
    let launches = measure::launches(&args.clones.named(args.worker.as_deref()), &limits, true);
    let linted = lint::lint(&paths, &launches, |linted| match args.format {
        Format::Table => super::print(&format!("{linted}\n")),
        Format::Json => Ok(()),
    })?;
    let invalid = linted.iter().filter(|l| !l.is_valid()).count();
    match args.format {
        Format::Table => super::print(&format!("{} of {} valid\n{left}", linted.len() - invalid, linted.len()))?,
        Format::Json => {
            let text = serde_json::to_string_pretty(&linted).expect("findings are plain data");
            super::print(&(text + "\n"))?;
        }
    }
    Ok(if invalid == 0 { exit::DONE } else { exit::CHECK_FAILED })
}
