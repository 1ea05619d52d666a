//! `esr-bench data`: data sets.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use esr_bench::data::check::{Options, check};
use esr_bench::{Result, exit};
use indicatif::{ProgressBar, ProgressStyle};

/// Arguments of `data`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check data sets: every file paired, readable, of the right size, and LR made of HR by the field's bicubic.
    ///
    /// Exits with 7 if anything is wrong. Layouts: HR/ with LRx4/ or LR_bicubic/X4/ (benchmark sets), NAME_HR/ with
    /// NAME_LR/ (NTIRE) or NAME_LR_bicubic/X4/ (DIV2K), any of these without HR, or a folder of PNG files. A folder with
    /// several data sets is checked set by set.
    Check(Check),
}

#[derive(Debug, clap::Args)]
struct Check {
    /// The folder.
    dir: PathBuf,
    /// SR size over LR size; LR is regenerated from HR at scale 4.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=16))]
    scale: u32,
    /// LR need not be the bicubic of HR: count differing values, but find no fault in them.
    #[arg(long)]
    any_lr: bool,
    /// How to print the report.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people.
    Table,
    /// One JSON object.
    Json,
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
        Format::Table => report.to_string(),
        Format::Json => serde_json::to_string_pretty(&report).expect("a report is plain data"),
    };
    super::print(&(text + "\n"))?;
    Ok(if report.faults() == 0 { exit::DONE } else { exit::CHECK_FAILED })
}
