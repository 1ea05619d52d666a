//! What a run has measured so far, for people: the session's verdict on itself, a table, and what a reader must know of it.

use std::collections::BTreeMap;

use crate::entry::Entry;
use crate::entry::Metric;
use crate::entry::Trust;
use crate::error::Result;
use crate::results::Basis;
use crate::run::Run;
use crate::stats::Protocol;
use crate::text;
use crate::text::{Align, Cell, Style, Table};

/// Columns of every table, where any entry has them.
const METRICS: [Metric; 6] =
    [Metric::RuntimeMs, Metric::ParamsM, Metric::FlopsG, Metric::ActsM, Metric::Convs, Metric::MemM];

/// The session's verdict on itself, the run as a table, and below it what a reader must know.
pub fn summary(run: &Run, basis: impl Into<Basis>, colour: bool) -> Result<String> {
    let basis = basis.into();
    let entries = run.entries(basis.clone())?;
    let metrics: Vec<Metric> = METRICS.into_iter().filter(|m| entries.iter().any(|e| e.get(*m).is_some())).collect();
    let mut extra = runtime_columns(run)?;
    extra.extend(quality_columns(run));
    // Where all are registered networks the column would say nothing.
    let foreign = entries.iter().any(|e| e.trust.is_some_and(|t| t != Trust::Registered));
    let teams = entries.iter().any(|e| e.team != e.submission);
    let headings = std::iter::once(("submission".to_owned(), Align::Left))
        .chain(teams.then(|| ("team".to_owned(), Align::Left)))
        .chain(foreign.then(|| ("class".to_owned(), Align::Left)))
        .chain(metrics.iter().map(|m| (m.heading().to_owned(), Align::Right)))
        .chain(extra.iter().map(|c| (c.heading.clone(), Align::Right)))
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
        cells.extend(extra.iter().map(|c| {
            let value = c.values.get(&entry.submission);
            Cell::new(value.map_or("-".into(), |v| text::fixed(*v, c.decimals)))
        }));
        cells.push(if entry.failure.is_some() { Cell::new("failed").style(Style::Bad) } else { Cell::new("") });
        table.row(cells);
    }
    let mut out = String::new();
    if !run.results().rounds.is_empty() {
        out += &format!("{}\n", run.fitness(basis.clone())?);
    }
    out += &format!("{table}\n\n");
    out += &failures(&entries);
    out += &checks(run, &entries);
    for (note, names) in notes(&entries) {
        out += &match names.len() == entries.len() {
            true => format!("{}.\n", text::capitalised(&note)),
            false => format!("{}: {note}.\n", names.join(", ")),
        };
    }
    out += &how(run, &basis, entries.iter().any(|e| e.get(Metric::FlopsG).is_some()));
    for note in run.merge_notes() {
        out += &format!("{}.\n", text::capitalised(&note));
    }
    out += &control(run, basis)?;
    Ok(out)
}

/// A figure that is shown beside the ranked ones.
struct ExtraColumn {
    heading: String,
    decimals: usize,
    /// By submission.
    values: BTreeMap<String, f64>,
}

/// The runtime of each split alone, where there are several, and the first forward of a process.
fn runtime_columns(run: &Run) -> Result<Vec<ExtraColumn>> {
    let mut columns = Vec::new();
    if run.splits().len() > 1 {
        let all = run.split_runtimes()?;
        for split in run.splits() {
            let of_split = all.iter().filter(|(_, s, _)| s == split);
            let values: BTreeMap<String, f64> = of_split.map(|(label, _, ms)| (label.clone(), *ms)).collect();
            if !values.is_empty() {
                columns.push(ExtraColumn { heading: format!("{split} [ms]"), decimals: 2, values });
            }
        }
    }
    let values: BTreeMap<String, f64> = run
        .plan()
        .submissions
        .iter()
        .filter_map(|p| Some((p.submission.name.clone(), run.cold_start_ms(&p.submission.name)?)))
        .collect();
    if !values.is_empty() {
        columns.push(ExtraColumn { heading: "Cold start [ms]".to_owned(), decimals: 2, values });
    }
    Ok(columns)
}

fn quality_columns(run: &Run) -> Vec<ExtraColumn> {
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
                columns.push(ExtraColumn { heading: format!("{split} {heading}"), decimals, values });
            }
        }
    }
    columns
}

fn failures(entries: &[Entry]) -> String {
    let line = |e: &Entry| Some(format!("Failed: {}: {}\n", e.submission, text::one_line(e.failure.as_ref()?)));
    entries.iter().filter_map(line).collect()
}

/// Which checks of their figures the submissions passed: one line for all that passed the same ones.
fn checks(run: &Run, entries: &[Entry]) -> String {
    let mut passed: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for entry in entries {
        let checks = run.checks(&entry.submission);
        let names: Vec<String> = checks.iter().filter(|c| c.reason.is_none()).map(|c| c.check.to_string()).collect();
        if !names.is_empty() {
            passed.entry(names.join(", ")).or_default().push(&entry.submission);
        }
    }
    let line = |(checks, names): (String, Vec<&str>)| match names.len() == entries.len() {
        true => format!("Checks passed: {checks}.\n"),
        false => format!("Checks passed by {}: {checks}.\n", names.join(", ")),
    };
    passed.into_iter().map(line).collect()
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

fn how(run: &Run, basis: &Basis, counted: bool) -> String {
    let plan = run.plan();
    let rounds = if plan.rounds == 1 { "1 round".to_owned() } else { format!("{} rounds", plan.rounds) };
    let splits = run.ranked_splits(basis).join(" and ");
    let mut out = match plan.protocol {
        Protocol::Robust => format!(
            "Runtime on {}: median of {} repeats of each image after {} untimed ones, mean over the images of {splits}, median of {rounds}.\n",
            plan.device, plan.repeats, plan.warmup
        ),
        Protocol::Published => format!(
            "Runtime on {} by the published protocol: one pass, first image included, mean over the images of {splits} and {rounds}.\n",
            plan.device
        ),
    };
    if counted {
        let [height, width] = plan.recorded_at;
        out +=
            &format!("FLOPs, activations and convolutions at {height} x {width} by the {} counter.\n", basis.counter);
    }
    out
}

/// How far apart the baseline is from itself.
fn control(run: &Run, basis: Basis) -> Result<String> {
    let Some(control) = run.control(basis)? else { return Ok(String::new()) };
    let percent = |fraction: f64| format!("{:+.2} %", 100.0 * fraction);
    let interval = control
        .interval
        .map_or_else(String::new, |i| format!(" (95 % interval {} to {})", percent(i.low), percent(i.high)));
    Ok(format!(
        "A/A control: {} differs from itself by {:.2} %{interval}, the median over {} paired rounds.\n",
        control.baseline,
        100.0 * control.floor(),
        control.rounds
    ))
}
