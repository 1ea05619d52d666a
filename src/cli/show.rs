//! `esr-bench show`: the figures of a run.

use std::path::PathBuf;

use esr_bench::graph::Counter;
use esr_bench::report::{self, Format, run as tables};
use esr_bench::run::Run;
use esr_bench::{Result, exit, measure};

use super::output;

/// Arguments of `show`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run directory
    run: PathBuf,
    /// Show one row for each image instead of one for each submission
    #[arg(long)]
    images: bool,
    /// Show the N images with the lowest PSNR of each submission
    #[arg(long, value_name = "N", conflicts_with = "images", value_parser = clap::value_parser!(u32).range(1..))]
    worst: Option<u32>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = output::formats(&[Format::Table, Format::Csv, Format::Json]))]
    format: Format,
    /// Convention for FLOPs: hook, fvcore or macs
    #[arg(long, default_value_t = Counter::Hook)]
    counter: Counter,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let run = Run::open(&args.run)?;
    if let Some(count) = args.worst {
        let rows = run.worst(count as usize);
        let text = match args.format {
            Format::Csv => tables::worst_csv(&rows)?,
            Format::Json => output::json(&rows)?,
            _ => tables::worst_table(&rows),
        };
        output::print(&text)?;
        return Ok(exit::DONE);
    }
    let text = match (args.images, args.format) {
        (false, Format::Csv) => tables::entries_csv(&run.entries(args.counter)?)?,
        (false, Format::Json) => output::json(&run.entries(args.counter)?)?,
        (false, _) => measure::summary(&run, args.counter, report::colour_on_stdout())?,
        (true, Format::Csv) => tables::images_csv(&run.images())?,
        (true, Format::Json) => output::json(&run.images())?,
        (true, _) => tables::images_table(&run.images()),
    };
    output::print(&text)?;
    Ok(exit::DONE)
}
