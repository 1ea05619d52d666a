//! The figures of a run, one row for each submission or for each image.

use crate::entry::{Entry, Metric};
use crate::error::{Error, Result};
use crate::results::{ImageRow, WorstImage};
use crate::text::{Align, Table, fixed};
use serde::Serialize;

fn failed(error: csv::Error) -> Error {
    Error::io("write", "CSV")(error.into())
}

/// One row for each image, in full precision.
pub fn images_csv(rows: &[ImageRow]) -> Result<String> {
    rows_csv(&IMAGES, rows)
}

/// The images with the lowest PSNR, in full precision.
pub fn worst_csv(rows: &[WorstImage]) -> Result<String> {
    rows_csv(&WORST, rows)
}

fn rows_csv(header: &[&str], rows: &[impl Serialize]) -> Result<String> {
    // The header is there even without rows.
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(header).map_err(failed)?;
    for row in rows {
        writer.serialize(row).map_err(failed)?;
    }
    finish(writer)
}

/// The columns that scripts rely on.
const IMAGES: [&str; 9] =
    ["submission", "split", "image", "lr_height", "lr_width", "psnr_rgb", "psnr_y", "ssim_y", "runtime_ms"];

const WORST: [&str; 7] = ["submission", "split", "image", "psnr_rgb", "ssim_y", "to_best", "best"];

/// One row for each submission, in full precision.
pub fn entries_csv(entries: &[Entry]) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["team", "submission"].into_iter().chain(Metric::ALL.map(Metric::name)).chain(["failure"]);
    writer.write_record(header).map_err(failed)?;
    for entry in entries {
        let metrics = Metric::ALL.map(|m| entry.get(m).map_or_else(String::new, |v| v.to_string()));
        let failure = entry.failure.clone().unwrap_or_default();
        let cells = [entry.team.clone(), entry.submission.clone()].into_iter().chain(metrics).chain([failure]);
        writer.write_record(cells).map_err(failed)?;
    }
    finish(writer)
}

fn finish(writer: csv::Writer<Vec<u8>>) -> Result<String> {
    let bytes = writer.into_inner().map_err(|e| Error::io("write", "CSV")(e.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// One row for each image, for people.
pub fn images_table(rows: &[ImageRow]) -> String {
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
    let figure = |value: Option<f64>, decimals| value.map_or("-".to_owned(), |v| fixed(v, decimals));
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

/// The images with the lowest PSNR, for people.
pub fn worst_table(rows: &[WorstImage]) -> String {
    if rows.is_empty() {
        return "No image was compared with HR, so that there is no PSNR.\n".to_owned();
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
            fixed(row.psnr_rgb, 4),
            fixed(row.ssim_y, 6),
            fixed(row.to_best, 4),
            best,
        ]);
    }
    format!("{table}\n")
}
