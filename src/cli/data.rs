//! `esr-bench data`: data sets.

use std::path::PathBuf;

use clap::Subcommand;
use esr_bench::data::check::{Options, check};
use esr_bench::report::Format;
use esr_bench::{Result, exit};
use indicatif::{ProgressBar, ProgressStyle};

use super::output;

/// Arguments of `data`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check that images are paired, readable and of the right size, and that LR is the bicubic of HR
    ///
    /// The exit code is 7 if anything is wrong. These layouts are known: HR/ with LRx4/ or LR_bicubic/X4/ (benchmark sets),
    /// NAME_HR/ with NAME_LR/ (NTIRE) or NAME_LR_bicubic/X4/ (DIV2K), each of these without HR, and a folder of PNG files. In
    /// a folder with several data sets, each is checked.
    Check(Check),
}

#[derive(Debug, clap::Args)]
struct Check {
    /// Folder of the data set, or of several
    dir: PathBuf,
    /// SR size divided by LR size; LR is computed again from HR at scale 4
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=16))]
    scale: u32,
    /// Accept any LR: count values that differ from the bicubic of HR, but do not report them as faults
    #[arg(long)]
    any_lr: bool,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = output::formats(&[Format::Table, Format::Json]))]
    format: Format,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let Command::Check(args) = &args.command;
    let style = ProgressStyle::with_template("{pos}/{len} images {wide_bar} {eta}");
    let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let report = check(&args.dir, Options { scale: args.scale, any_lr: args.any_lr }, &|_, total| {
        bar.set_length(total as u64);
        bar.inc(1);
    });
    bar.finish_and_clear();
    let report = report?;
    let text = match args.format {
        Format::Json => output::json(&report)?,
        _ => format!("{report}\n"),
    };
    output::print(&text)?;
    Ok(if report.faults() == 0 { exit::DONE } else { exit::CHECK_FAILED })
}
