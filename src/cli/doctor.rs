//! `esr-bench doctor`: whether this machine is ready to measure.

use std::path::PathBuf;

use esr_bench::checks::doctor::{Examination, Facts, Level};
use esr_bench::report::Format;
use esr_bench::{Result, exit, report};

use super::output;

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Worker program [default: esr-worker in the folder of esr-bench]
    #[arg(long, value_name = "FILE")]
    worker: Option<PathBuf>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = output::formats(&[Format::Table, Format::Json]))]
    format: Format,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let examination = Examination::new(Facts::gather(args.worker.as_deref()));
    let text = match args.format {
        Format::Json => output::json(&examination)?,
        _ => examination.table(report::colour_on_stdout()) + "\n",
    };
    output::print(&text)?;
    Ok(if examination.worst() == Level::Problem { exit::CHECK_FAILED } else { exit::DONE })
}
