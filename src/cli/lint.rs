//! `esr-bench lint`: checks whether submissions can be measured.

use std::path::{Path, PathBuf};
use std::time::Duration;

use esr_bench::checks::lint;
use esr_bench::measure;
use esr_bench::report::{Format, cloned};
use esr_bench::submission::clone::{Export, is_clone};
use esr_bench::worker_process::Limits;
use esr_bench::{Error, Result, exit};

use super::clones::Clones;
use super::output;

/// Arguments of `lint`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folders with a submission.toml, folders of such folders (where one called `template` is skipped), or clones of
    /// organisers' repositories
    #[arg(value_name = "PATH", default_value = "submissions")]
    paths: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "table",
          value_parser = output::formats(&[Format::Table, Format::Json]))]
    format: Format,
    /// Time limit for one forward and for loading a network, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..))]
    time_limit: u64,
    /// Limit on the resident memory of a worker, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 8192, value_parser = clap::value_parser!(u64).range(1..))]
    memory_limit: u64,
    #[command(flatten)]
    clones: Clones,
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
    let folder = tempfile::tempdir().map_err(Error::io("create", std::env::temp_dir()))?;
    let (mut paths, mut left) = (Vec::new(), String::new());
    for path in &args.paths {
        if !is_clone(path) {
            paths.push(path.clone());
            continue;
        }
        let output = folder.path().join(path.file_name().unwrap_or_default());
        let imported = args.clones.import(path, &output, args.worker.as_deref(), Export::default())?;
        paths.extend(imported.rows.iter().filter_map(|row| row.outcome.folder()).map(Path::to_path_buf));
        left += &cloned::left(&imported);
    }
    let launches = measure::launches(&args.clones.named(args.worker.as_deref()), &limits, true);
    let linted = lint::lint(&paths, &launches, |linted| match args.format {
        Format::Json => Ok(()),
        _ => output::print(&format!("{linted}\n")),
    })?;
    let invalid = linted.iter().filter(|l| !l.is_valid()).count();
    match args.format {
        Format::Json => output::print(&output::json(&linted)?)?,
        _ => output::print(&format!("{} of {} valid\n{left}", linted.len() - invalid, linted.len()))?,
    }
    Ok(if invalid == 0 { exit::DONE } else { exit::CHECK_FAILED })
}
