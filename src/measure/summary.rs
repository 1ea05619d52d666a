//! What a run has measured so far, for people.

use std::collections::BTreeMap;

use crate::entry::Entry;
use crate::entry::Metric;
use crate::entry::Trust;
use crate::error::Result;
use crate::graph::Counter;
use crate::run::Run;
use crate::stats;
use crate::stats::Protocol;
use crate::text;
use crate::text::{Align, Cell, Style, Table};

/// Columns of every table, where any entry has them.
const METRICS: [Metric; 6] =
    [Metric::RuntimeMs, Metric::ParamsM, Metric::FlopsG, Metric::ActsM, Metric::Convs, Metric::MemM];

/// The run as a table, with what a reader must know below it. FLOPs are counted by `counter`.
pub fn summary(run: &Run, counter: Counter, colour: bool) -> Result<String> {
    let entries = run.entries(counter)?;
    let metrics: Vec<Metric> = METRICS.into_iter().filter(|m| entries.iter().any(|e| e.get(*m).is_some())).collect();
    let quality = quality_columns(run);
    // Where all are registered networks the column would say nothing.
    let foreign = entries.iter().any(|e| e.trust.is_some_and(|t| t != Trust::Registered));
    let teams = entries.iter().any(|e| e.team != e.submission);
    let headings = std::iter::once(("submission".to_owned(), Align::Left))
        .chain(teams.then(|| ("team".to_owned(), Align::Left)))
        .chain(foreign.then(|| ("class".to_owned(), Align::Left)))
        .chain(metrics.iter().map(|m| (m.heading().to_owned(), Align::Right)))
        .chain(quality.iter().map(|c| (c.heading.clone(), Align::Right)))
        .chain([("".to_owned(), Align::Left)]);
    let mut table = Table::new(headings).colour(colour);
    for entry in &entries {
        let mut cells = vec![Cell::new(&entry.submission)];
        if teams {
            cells.push(Cell::new(&entry.team));
        }
        if foreign {
            cells.push(Cell::new(entry.trust.map_or("-", Trust::name)));
        }
        cells.extend(
            metrics.iter().map(|m| Cell::new(entry.get(*m).map_or("-".into(), |v| text::fixed(v, m.decimals())))),
        );
        cells.extend(quality.iter().map(|c| {
            let value = c.values.get(&entry.submission);
            Cell::new(value.map_or("-".into(), |v| text::fixed(*v, c.decimals)))
        }));
        cells.push(if entry.failure.is_some() { Cell::new("failed").style(Style::Bad) } else { Cell::new("") });
        table.row(cells);
    }
    let mut out = format!("{table}\n\n");
    out += &failures(&entries);
    for (note, names) in notes(&entries) {
        out += &match names.len() == entries.len() {
            true => format!("{}.\n", text::capitalised(&note)),
            false => format!("{}: {note}.\n", names.join(", ")),
        };
    }
    out += &how(run, counter, entries.iter().any(|e| e.get(Metric::FlopsG).is_some()));
    out += &control(run);
    Ok(out)
}

/// A quality figure of a split.
struct QualityColumn {
    heading: String,
    decimals: usize,
    /// By submission.
    values: BTreeMap<String, f64>,
}

fn quality_columns(run: &Run) -> Vec<QualityColumn> {
    type Figure = fn(&crate::quality::Quality) -> f64;
    let figures: [(&str, usize, Figure); 3] =
        [("PSNR-RGB [dB]", 2, |q| q.psnr_rgb), ("PSNR-Y [dB]", 2, |q| q.psnr_y), ("SSIM-Y", 4, |q| q.ssim_y)];
    let mut columns = Vec::new();
    for split in run.splits() {
        for (heading, decimals, figure) in figures {
            let values: BTreeMap<String, f64> = run
                .results()
                .submissions
                .iter()
                .filter_map(|(name, results)| Some((name.clone(), run.mean_of(results, split, figure)?)))
                .collect();
            if !values.is_empty() {
                columns.push(QualityColumn { heading: format!("{split} {heading}"), decimals, values });
            }
        }
    }
    columns
}

fn failures(entries: &[Entry]) -> String {
    let line = |e: &Entry| Some(format!("Failed: {}: {}\n", e.submission, text::one_line(e.failure.as_ref()?)));
    entries.iter().filter_map(line).collect()
}

/// Every remark with those whom it is about.
fn notes(entries: &[Entry]) -> BTreeMap<String, Vec<String>> {
    let mut notes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in entries {
        for note in &entry.notes {
            notes.entry(note.clone()).or_default().push(entry.submission.clone());
        }
        if !entry.unknown_ops.is_empty() {
            let note = format!("not counted: {}", entry.unknown_ops.join(", "));
            notes.entry(note).or_default().push(entry.submission.clone());
        }
    }
    notes
}

fn how(run: &Run, counter: Counter, counted: bool) -> String {
    let plan = &run.manifest().plan;
    let rounds = if plan.rounds == 1 { "1 round".to_owned() } else { format!("{} rounds", plan.rounds) };
    let mut out = match plan.protocol {
        Protocol::Robust => format!(
            "Runtime on {}: median of {} repeats an image after {} untimed, mean over images and splits, median of {rounds}.\n",
            plan.device, plan.repeats, plan.warmup
        ),
        Protocol::Published => format!(
            "Runtime on {} by the published protocol: one pass, first image included, mean over images, splits and {rounds}.\n",
            plan.device
        ),
    };
    if counted {
        out += &format!("FLOPs, activations and convolutions at 256 x 256 by the {counter} counter.\n");
    }
    out
}

/// How far apart the baseline is from itself.
fn control(run: &Run) -> String {
    let plan = &run.manifest().plan;
    let labels = plan.labels();
    let Some((label, baseline)) = labels.iter().find(|(label, submission)| label != submission) else {
        return String::new();
    };
    let samples = run.samples();
    let runtime = |label: &str| {
        let samples = samples.iter().find(|s| s.label == label)?;
        Some(stats::summarise(samples, plan.protocol).ok()?.runtime_ms)
    };
    match (runtime(baseline), runtime(label)) {
        (Some(one), Some(other)) => format!(
            "A/A control: {baseline} against itself differs by {} %.\n",
            text::fixed(100.0 * (other - one).abs() / one, 2)
        ),
        _ => String::new(),
    }
}
