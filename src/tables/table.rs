//! Reads CSV files of measurements: exports of esr-bench, published tables, and tables that were written by hand.
//!
//! The first line must hold the names of the columns. `team` or `submission` (or both) name the entry; metrics go by the names of
//! [`Metric`] and a few others ([`crate::tables::columns`]). Empty cells are "not measured". Other columns are kept as printed.

use crate::entry::label;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::entry::Entry;
use crate::entry::Metric;
use crate::error::{Error, Place, Result};
use crate::tables::columns;
use crate::tables::columns::{Meaning, MetricColumn};
use crate::util::formula;
use crate::util::input;
use crate::util::input::Kind;

/// More columns than this are no table of measurements.
const MAX_COLUMNS: usize = 1_000;

/// A table of measurements.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// The file.
    pub file: PathBuf,
    /// The columns' names, lower case, in order.
    pub columns: Vec<String>,
    /// The entries, in order.
    pub entries: Vec<Entry>,
    /// Each entry's line, counted from 1.
    pub lines: Vec<usize>,
    /// Warnings about columns whose names are probably misspelt.
    pub warnings: Vec<String>,
}

/// The entries of a CSV.
pub fn read(path: &Path) -> Result<Vec<Entry>> {
    Ok(read_table(path)?.entries)
}

/// The whole of a CSV.
pub fn read_table(path: &Path) -> Result<Table> {
    parse(path, &input::read(path, Kind::Table)?)
}

/// Parses the CSV that was found in `file`.
pub fn parse(file: &Path, bytes: &[u8]) -> Result<Table> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut records = reader.records();
    let header = match records.next() {
        Some(record) => record.map_err(|e| csv_error(file, &e))?,
        None => return Err(Error::input(file, Place::Whole, "a line with the columns' names", "an empty file")),
    };
    let header = Header::new(file, &header)?;
    let mut table = Table { file: file.into(), columns: header.names.clone(), ..Table::default() };
    let mut seen: HashMap<(String, String), (usize, usize, String)> = HashMap::new();
    for record in records {
        let record = record.map_err(|e| csv_error(file, &e))?;
        let line = record.position().map_or(0, |p| p.line() as usize);
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let (entry, track) = header.entry(file, line, &record)?;
        let key = (entry.team.clone(), entry.submission.clone());
        if let Some((first, at, other_track)) = seen.get(&key) {
            match table.entries.get_mut(*at) {
                // An export of several tracks repeats its entries.
                Some(earlier) if *other_track != track && earlier.metrics == entry.metrics => {
                    earlier.baseline |= entry.baseline;
                    continue;
                }
                _ => {
                    let found = format!("`{}` again, as in line {first}", label(&entry));
                    return Err(Error::input(file, Place::Line(line), "each entry once", found));
                }
            }
        }
        seen.insert(key, (line, table.entries.len(), track));
        table.entries.push(entry);
        table.lines.push(line);
    }
    for name in &table.columns {
        if let Some(near) = columns::near_miss(name).filter(|n| !table.columns.iter().any(|c| c == n)) {
            table.warnings.push(format!("{}: column `{name}` is not a metric, did you mean `{near}`?", file.display()));
        }
    }
    Ok(table)
}

struct Header {
    names: Vec<String>,
    meanings: Vec<Meaning>,
}

impl Header {
    fn new(file: &Path, record: &csv::StringRecord) -> Result<Header> {
        let line = record.position().map_or(1, |p| p.line() as usize);
        let names: Vec<String> = record.iter().map(|n| n.trim().to_lowercase()).collect();
        if names.len() > MAX_COLUMNS {
            let (expected, found) = (format!("at most {MAX_COLUMNS} columns"), format!("{} of them", names.len()));
            return Err(Error::input(file, Place::Line(line), expected, found));
        }
        let mut seen = HashSet::new();
        for name in &names {
            if !name.is_empty() && !seen.insert(name.as_str()) {
                return Err(Error::input(file, Place::Line(line), "each column once", format!("`{name}` twice")));
            }
        }
        let meanings: Vec<Meaning> = names.iter().map(|n| columns::meaning(n)).collect();
        let found = || format!("the columns {}", names.join(", "));
        if !meanings.iter().any(|m| matches!(m, Meaning::Team | Meaning::Submission)) {
            return Err(Error::input(file, Place::Line(line), "a column `team` or `submission`", found()));
        }
        if !meanings.iter().any(|m| matches!(m, Meaning::Metric(_))) {
            let known = Metric::ALL.map(Metric::name).join(", ");
            return Err(Error::input(file, Place::Line(line), format!("a column of {known}"), found()));
        }
        Ok(Header { names, meanings })
    }

    /// The entry of a line, and the track that the line belongs to.
    fn entry(&self, file: &Path, line: usize, record: &csv::StringRecord) -> Result<(Entry, String)> {
        if record.len() != self.names.len() {
            let (expected, found) = (format!("{} cells, as the header", self.names.len()), record.len().to_string());
            return Err(Error::input(file, Place::Line(line), expected, found));
        }
        let mut entry = Entry::default();
        let mut printed = BTreeMap::new();
        let mut track = String::new();
        let mut exact: BTreeMap<Metric, bool> = BTreeMap::new();
        for ((name, meaning), cell) in self.names.iter().zip(&self.meanings).zip(record) {
            let cell = formula::unescaped(cell.trim());
            if cell.is_empty() {
                continue;
            }
            printed.insert(name.clone(), cell.to_owned());
            match meaning {
                Meaning::Team => entry.team = cell.to_owned(),
                Meaning::Submission => entry.submission = cell.to_owned(),
                Meaning::Track => track = cell.to_owned(),
                Meaning::Baseline => entry.baseline |= matches!(cell, "true" | "yes" | "1"),
                Meaning::Note => remark(&mut entry, name, cell),
                Meaning::Printed => {}
                Meaning::Metric(source) => {
                    let Some(value) = number(file, line, name, cell, source)? else { continue };
                    let wins = source.exact || !exact.get(&source.metric).copied().unwrap_or(false);
                    if wins {
                        entry.metrics.insert(source.metric, value);
                        exact.insert(source.metric, source.exact);
                    }
                }
            }
        }
        entry.printed = Arc::new(printed);
        // Runtimes of both splits in full beat their printed mean.
        let full = |m: Metric| exact.get(&m).copied().unwrap_or(false).then(|| entry.get(m)).flatten();
        if let (Some(val), Some(test)) = (full(Metric::RuntimeValMs), full(Metric::RuntimeTestMs)) {
            entry.metrics.insert(Metric::RuntimeMs, (val + test) / 2.0);
        }
        if entry.team.is_empty() && entry.submission.is_empty() {
            return Err(Error::input(file, Place::Line(line), "a team or a submission", "neither"));
        }
        if entry.team.is_empty() {
            entry.team = without_number(&entry.submission).to_owned();
        }
        if entry.submission == entry.team {
            entry.submission.clear();
        }
        Ok((entry, track))
    }
}

/// A submission's name without the number that the organisers put before it: `15_DSCF_Fused` is `DSCF_Fused`.
pub(super) fn without_number(name: &str) -> &str {
    match name.split_once('_') {
        Some((number, rest)) if !rest.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => name,
    }
}

fn remark(entry: &mut Entry, column: &str, cell: &str) {
    let lower = cell.to_lowercase();
    if lower.starts_with("baseline") {
        entry.baseline = true;
    }
    // A reason is another ranking's; `not ranked` notes are as well. Neither is a remark on the entry.
    let other_ranking = column == "reason" || lower.starts_with("not ranked") || lower.starts_with("baseline");
    if !other_ranking {
        entry.notes.push(cell.to_owned());
    }
}

/// A metric's value; `None` for the usual ways to write "not measured".
fn number(file: &Path, line: usize, column: &str, cell: &str, source: &MetricColumn) -> Result<Option<f64>> {
    if matches!(cell, "-" | "--" | "n/a" | "N/A" | "na" | "NA") {
        return Ok(None);
    }
    let fail = |expected: &str| {
        Err(Error::input(file, Place::Cell(line, column.to_owned()), expected.to_owned(), format!("`{cell}`")))
    };
    let Ok(value) = cell.parse::<f64>() else { return fail("a number, or nothing") };
    // Equal images have no error: their PSNR is infinite, and that is a measurement.
    let perfect = value == f64::INFINITY && source.metric.higher_is_better();
    if !value.is_finite() && !perfect {
        return fail("a finite number, or nothing");
    }
    if value < 0.0 {
        return fail("a number that is not negative");
    }
    let is_runtime = matches!(source.metric, Metric::RuntimeMs | Metric::RuntimeValMs | Metric::RuntimeTestMs);
    if is_runtime && value == 0.0 {
        return fail("a positive runtime, or nothing");
    }
    if source.divisor > 1.0 && value.fract() != 0.0 {
        return fail(&format!("a whole count (`{}` takes it in its unit)", source.metric));
    }
    Ok(Some(value / source.divisor))
}

fn csv_error(file: &Path, error: &csv::Error) -> Error {
    let place = error.position().map_or(Place::Whole, |p| Place::Line(p.line() as usize));
    let found = match error.kind() {
        csv::ErrorKind::Utf8 { err, .. } => format!("bytes that are not UTF-8 in cell {}", err.field() + 1),
        _ => error.to_string(),
    };
    Error::input(file, place, "CSV in UTF-8", found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        parse(Path::new("t.csv"), text.as_bytes()).unwrap()
    }

    fn message(text: &str) -> String {
        parse(Path::new("t.csv"), text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn empty_cells_are_not_measured() {
        let table = table("team,runtime_ms,mem_m\nA,1.5,\nB,-,2\n\n");
        assert_eq!(table.entries[0].get(Metric::MemM), None);
        assert_eq!(table.entries[1].get(Metric::RuntimeMs), None);
        assert_eq!(table.lines, [2, 3]);
    }

    #[test]
    fn a_wrong_cell_is_named_by_line_and_column() {
        assert_eq!(
            message("team,runtime_ms\nA,fast\n"),
            "t.csv:2: column `runtime_ms`: expected a number, or nothing, found `fast`"
        );
        assert_eq!(
            message("team,runtime_ms\nA,1\nB,NaN\n"),
            "t.csv:3: column `runtime_ms`: expected a finite number, or nothing, found `NaN`"
        );
        assert_eq!(
            message("team,runtime_ms\nA,-1\n"),
            "t.csv:2: column `runtime_ms`: expected a number that is not negative, found `-1`"
        );
        assert_eq!(
            message("team,runtime_ms\nA,0.0\n"),
            "t.csv:2: column `runtime_ms`: expected a positive runtime, or nothing, found `0.0`"
        );
        assert_eq!(
            message("team,params\nA,0.317\n"),
            "t.csv:2: column `params`: expected a whole count (`params_m` takes it in its unit), found `0.317`"
        );
    }

    #[test]
    fn the_shape_of_the_table_is_checked() {
        assert_eq!(message(""), "t.csv: expected a line with the columns' names, found an empty file");
        assert_eq!(message("team,runtime_ms\nA\n"), "t.csv:2: expected 2 cells, as the header, found 1");
        assert_eq!(
            message("who,runtime_ms\nA,1\n"),
            "t.csv:1: expected a column `team` or `submission`, found the columns who, runtime_ms"
        );
        assert!(message("team,speed\nA,1\n").starts_with("t.csv:1: expected a column of runtime_ms, "));
        assert_eq!(message("team,psnr_val,psnr_val\n"), "t.csv:1: expected each column once, found `psnr_val` twice");
        assert_eq!(message("team,runtime_ms\n,1\n"), "t.csv:2: expected a team or a submission, found neither");
        assert_eq!(
            message("team,runtime_ms\nA,1\nB,1\nA,2\n"),
            "t.csv:4: expected each entry once, found `A` again, as in line 2"
        );
        let bytes = b"team,runtime_ms\n\xff,1\n";
        let error = parse(Path::new("t.csv"), bytes).unwrap_err().to_string();
        assert_eq!(error, "t.csv:2: expected CSV in UTF-8, found bytes that are not UTF-8 in cell 1");
    }

    #[test]
    fn rows_of_several_tracks_are_one_entry() {
        let text = "track,team,runtime_ms,ranked,reason\nruntime,A,1,true,\noverall,A,1,false,baseline\n";
        let table = table(text);
        assert_eq!(table.entries.len(), 1);
        assert!(table.entries[0].baseline);
        let other = "track,team,runtime_ms\nruntime,A,1\noverall,A,2\n";
        assert!(message(other).contains("each entry once"));
    }

    #[test]
    fn full_precision_wins_over_print_whatever_the_order() {
        let text = "team,flops_g,flops,runtime_ms,runtime_val_full,runtime_test_full\nA,9.83,9833807872,7.74,8.5,7.5\n";
        let entry = &table(text).entries[0];
        assert_eq!(entry.get(Metric::FlopsG), Some(9.833807872));
        assert_eq!(entry.get(Metric::RuntimeMs), Some(8.0));
        let text = "team,flops,flops_g\nA,9833807872,9.83\n";
        assert_eq!(table(text).entries[0].get(Metric::FlopsG), Some(9.833807872));
    }

    #[test]
    fn a_slip_in_a_columns_name_is_pointed_out() {
        let warnings = table("team,runtime_m,psnr_val\nA,1,2\n").warnings;
        assert_eq!(warnings, ["t.csv: column `runtime_m` is not a metric, did you mean `runtime_ms`?"]);
    }

    #[test]
    fn a_byte_order_mark_and_upper_case_names_do_no_harm() {
        assert_eq!(table("\u{feff}Team, Runtime_MS\r\nA, 2\r\n").entries[0].get(Metric::RuntimeMs), Some(2.0));
    }
}
