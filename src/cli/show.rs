//! `esr-bench show`: what a run has measured.

use std::path::PathBuf;

use esr_bench::entry::Metric;
use esr_bench::graph::Counter;
use esr_bench::results::{ImageRow, WorstImage};
use esr_bench::run::Run;
use esr_bench::text;
use esr_bench::text::{Align, Table};
use esr_bench::{Error, Result, exit, measure, report};
use serde::Serialize;

/// Arguments of `show`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A run directory
    run: PathBuf,
    /// One row an image instead of one a submission
    #[arg(long)]
    images: bool,
    /// The N images with the lowest PSNR of each submission
    #[arg(long, value_name = "N", conflicts_with = "images", value_parser = clap::value_parser!(u32).range(1..))]
    worst: Option<u32>,
    /// A table for people, or full precision for scripts
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The convention of FLOPs: hook, fvcore or macs
    #[arg(long, default_value_t = Counter::Hook)]
    counter: Counter,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    #[default]
    Table,
    Csv,
    Json,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let run = Run::open(&args.run)?;
    if let Some(count) = args.worst {
        let rows = run.worst(count as usize);
        let text = match args.format {
            Format::Table => worst_table(&rows),
            Format::Csv => csv_of(&WORST, &rows)?,
            Format::Json => json(&rows)?,
        };
        super::print(&text)?;
        return Ok(exit::DONE);
    }
    let text = match (args.images, args.format) {
        (false, Format::Table) => measure::summary(&run, args.counter, report::colour_on_stdout())?,
        (false, Format::Csv) => entries_csv(&run, args.counter)?,
        (false, Format::Json) => json(&run.entries(args.counter)?)?,
        (true, Format::Table) => images_table(&run.images()),
        (true, Format::Csv) => csv_of(&HEADER, &run.images())?,
        (true, Format::Json) => json(&run.images())?,
    };
    super::print(&text)?;
    Ok(exit::DONE)
}

fn json(rows: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(rows).map_err(|e| Error::Usage(format!("not for JSON: {e}")))?;
    Ok(text + "\n")
}

fn csv_of(header: &[&str], rows: &[impl Serialize]) -> Result<String> {
    // The header stands there even if no image does.
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(header).map_err(|e| Error::Usage(e.to_string()))?;
    for row in rows {
        writer.serialize(row).map_err(|e| Error::Usage(e.to_string()))?;
    }
    finish(writer)
}

/// The columns that scripts rely on.
const HEADER: [&str; 9] =
    ["submission", "split", "image", "lr_height", "lr_width", "psnr_rgb", "psnr_y", "ssim_y", "runtime_ms"];

const WORST: [&str; 7] = ["submission", "split", "image", "psnr_rgb", "ssim_y", "to_best", "best"];

fn worst_table(rows: &[WorstImage]) -> String {
    if rows.is_empty() {
        return "No image was compared with HR: there is no PSNR to go by.\n".to_owned();
    }
    let mut table = Table::new([
        ("submission", Align::Left),
        ("split", Align::Left),
        ("image", Align::Left),
        ("PSNR-RGB [dB]", Align::Right),
        ("SSIM-Y", Align::Right),
        ("to the best [dB]", Align::Right),
        ("best there", Align::Left),
    ]);
    for row in rows {
        let best = if row.to_best > 0.0 { row.best.clone() } else { "itself".to_owned() };
        table.row([
            row.submission.clone(),
            row.split.clone(),
            row.image.clone(),
            text::fixed(row.psnr_rgb, 4),
            text::fixed(row.ssim_y, 6),
            text::fixed(row.to_best, 4),
            best,
        ]);
    }
    format!("{table}\n")
}

fn entries_csv(run: &Run, counter: Counter) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["team", "submission"].into_iter().chain(Metric::ALL.map(Metric::name)).chain(["failure"]);
    writer.write_record(header).map_err(|e| Error::Usage(e.to_string()))?;
    for entry in run.entries(counter)? {
        let metrics = Metric::ALL.map(|m| entry.get(m).map_or_else(String::new, |v| v.to_string()));
        let failure = entry.failure.clone().unwrap_or_default();
        let cells = [entry.team.clone(), entry.submission.clone()].into_iter().chain(metrics).chain([failure]);
        writer.write_record(cells).map_err(|e| Error::Usage(e.to_string()))?;
    }
    finish(writer)
}

fn finish(writer: csv::Writer<Vec<u8>>) -> Result<String> {
    let bytes = writer.into_inner().map_err(|e| Error::Usage(e.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn images_table(rows: &[ImageRow]) -> String {
    let mut table = Table::new([
        ("submission", Align::Left),
        ("split", Align::Left),
        ("image", Align::Left),
        ("LR", Align::Right),
        ("PSNR-RGB [dB]", Align::Right),
        ("PSNR-Y [dB]", Align::Right),
        ("SSIM-Y", Align::Right),
        ("Runtime [ms]", Align::Right),
    ]);
    let figure = |value: Option<f64>, decimals| value.map_or("-".to_owned(), |v| text::fixed(v, decimals));
    for row in rows {
        table.row([
            row.submission.clone(),
            row.split.clone(),
            row.image.clone(),
            format!("{} x {}", row.lr_height, row.lr_width),
            figure(row.psnr_rgb, 4),
            figure(row.psnr_y, 4),
            figure(row.ssim_y, 6),
            figure(row.runtime_ms, 2),
        ]);
    }
    format!("{table}\n")
}
