//! `esr-bench doctor`: what this machine offers.

use std::path::PathBuf;

use clap::ValueEnum;
use esr_bench::checks::doctor::{Facts, Level, Report};
use esr_bench::{Result, exit, report};

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The worker's program; by default the one beside esr-bench.
    #[arg(long, value_name = "FILE")]
    worker: Option<PathBuf>,
    /// How to print the findings.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people.
    Table,
    /// One JSON object: the findings, and the facts behind them.
    Json,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let report = Report::new(Facts::gather(args.worker.as_deref()));
    let text = match args.format {
        Format::Table => report.table(report::colour_on_stdout()),
        Format::Json => serde_json::to_string_pretty(&report).expect("a report is plain data"),
    };
    super::print(&(text + "\n"))?;
    Ok(if report.worst() == Level::Problem { exit::CHECK_FAILED } else { exit::DONE })
}
