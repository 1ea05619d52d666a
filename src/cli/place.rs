//! `esr-bench where`: the place that an entry would take in a published table, and what would gain it one more.

use std::path::{Path, PathBuf};

use comfy_table::{CellAlignment, Table, presets};
use esr_bench::entry::Entry;
use esr_bench::entry::Metric;
use esr_bench::entry::label;
use esr_bench::graph;
use esr_bench::protocol::Weights;
use esr_bench::rank::Options;
use esr_bench::rank::placement;
use esr_bench::rank::placement::{Gain, Standing};
use esr_bench::rules::Rules;
use esr_bench::submission::Submission;
use esr_bench::submission::card::Card;
use esr_bench::worker_process::GraphRecorder;
use esr_bench::worker_process::{Launch, Limits, locate};
use esr_bench::{Error, Result, exit};
use serde::Serialize;

use super::sources;

/// Arguments of `where`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A run directory, a CSV of measurements, an organisers' results.json, or a model card (its costs are recorded, the rest
    /// can be `--set`)
    #[arg(value_name = "MODEL|RUN|CSV")]
    input: String,
    /// The edition whose published table is entered: its id, its folder, or a file of rules beside a published.csv
    #[arg(long, value_name = "ID|FILE", default_value = "ntire2022")]
    rules: String,
    /// The entry, where the input holds several: its team or submission
    #[arg(long, value_name = "NAME")]
    entry: Option<String>,
    /// What if a metric were this: `runtime_ms=30`; may repeat
    #[arg(long, value_name = "METRIC=VALUE", value_parser = assignment)]
    set: Vec<(Metric, f64)>,
    /// The worker program that records a model's costs; default: `esr-worker` beside this one
    #[arg(long, value_name = "FILE")]
    worker: Option<PathBuf>,
    /// One JSON array
    #[arg(long)]
    json: bool,
}

fn assignment(text: &str) -> Result<(Metric, f64), String> {
    let (name, value) = text.split_once('=').ok_or("a metric and its value: `runtime_ms=30`")?;
    let metric: Metric = name.trim().parse()?;
    let value: f64 = value.trim().parse().map_err(|_| format!("`{value}` is not a number"))?;
    if value.is_finite() && value >= 0.0 {
        Ok((metric, value))
    } else {
        Err(format!("`{value}` is not a figure of {metric}"))
    }
}

/// An answer, as JSON writes it.
#[derive(Debug, Serialize)]
struct Answer {
    entry: String,
    rules: String,
    notes: Vec<String>,
    tracks: Vec<Standing>,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let rules = Rules::find(&args.rules)?;
    let table = rules.published()?;
    let answers = entries(args, &rules)?
        .into_iter()
        .map(|(mut entry, mut notes)| {
            entry.metrics.extend(args.set.iter().copied());
            if !args.set.is_empty() {
                let set: Vec<String> = args.set.iter().map(|(m, v)| format!("{m} = {v}")).collect();
                notes.push(format!("what if: {}", set.join(", ")));
            }
            notes.extend(remarks(&entry, &rules));
            let tracks = placement::place(&entry, &table, &rules, &Options::default())?;
            Ok(Answer { entry: label(&entry), rules: rules.id.clone(), notes, tracks })
        })
        .collect::<Result<Vec<Answer>>>()?;
    let text = if args.json {
        let failed = |e: serde_json::Error| Error::Usage(format!("the answer cannot be written as JSON: {e}"));
        serde_json::to_string_pretty(&answers).map_err(failed)? + "\n"
    } else {
        answers.iter().map(|a| shown(a, &rules)).collect::<Vec<_>>().join("\n")
    };
    super::print(&text)?;
    Ok(exit::DONE)
}

/// The entries of the input with what must be said of them.
fn entries(args: &Args, rules: &Rules) -> Result<Vec<(Entry, Vec<String>)>> {
    let path = Path::new(&args.input);
    let is_edition = Rules::ids().contains(&args.input);
    if !path.exists() && !is_edition || path.extension().is_some_and(|e| e == "toml") {
        return Ok(vec![recorded(args, rules)?]);
    }
    let sources = sources::read(std::slice::from_ref(&args.input), rules)?;
    let all = sources.entries;
    let chosen: Vec<Entry> = match &args.entry {
        None => all,
        Some(name) => {
            let named = |e: &Entry| e.team == *name || e.submission == *name || label(e) == *name;
            let labels: Vec<String> = all.iter().map(label).collect();
            let hint = esr_bench::util::toml_file::nearest(name, labels.iter().map(String::as_str));
            let found: Vec<Entry> = all.into_iter().filter(named).collect();
            if found.is_empty() {
                return Err(Error::Usage(format!("{} has no entry `{name}`{hint}", args.input)));
            }
            found
        }
    };
    Ok(chosen.into_iter().map(|entry| (entry, sources.notes.clone())).collect())
}

/// A model card's costs, from a graph that the worker records: never the card's published figures.
fn recorded(args: &Args, rules: &Rules) -> Result<(Entry, Vec<String>)> {
    let card = Card::find(&args.input)?;
    let mut entry = Entry { team: card.name.clone(), ..Entry::default() };
    let costs = [Metric::ParamsM, Metric::FlopsG, Metric::ActsM, Metric::Convs];
    if costs[..3].iter().all(|m| args.set.iter().any(|(set, _)| set == m)) {
        return Ok((entry, Vec::new()));
    }
    // Costs do not depend on the weights' values.
    let submission = Submission::from_card(&card, Weights::Random { seed: 0 });
    let launch = Launch::new(locate(args.worker.as_deref())?, Limits::default());
    let mut recorder = GraphRecorder::start(&launch, &submission)?;
    let [_, height, width] = rules.costs.input;
    let graph = recorder.record([height.into(), width.into()], None)?;
    recorder.finish()?;
    let tally = graph::count(&graph, rules.costs.counter);
    let values =
        [tally.params as f64 / 1e6, tally.flops as f64 / 1e9, tally.activations as f64 / 1e6, tally.convs as f64];
    entry.metrics.extend(costs.into_iter().zip(values));
    entry.unknown_ops = tally.unknown;
    let note = format!("costs are those of the recorded network, by {} at {height} x {width}", rules.costs.counter);
    Ok((entry, vec![note]))
}

/// What is assumed of the entry, and what is not comparable.
fn remarks(entry: &Entry, rules: &Rules) -> Vec<String> {
    let mut notes = Vec::new();
    let assumed: Vec<&str> =
        rules.cuts.iter().filter(|c| entry.get(c.metric).is_none()).map(|c| c.metric.name()).collect();
    if !assumed.is_empty() {
        notes.push(format!("not measured, taken to pass the cut: {}", assumed.join(", ")));
    }
    if entry.get(Metric::RuntimeMs).is_some() {
        let device = rules.runtime.device.as_deref().unwrap_or("a GPU that is not stated");
        notes.push(format!(
            "runtimes of the table are from {device}; a runtime from elsewhere is not comparable with them"
        ));
    }
    if !rules.published.complete {
        notes.push(format!("the published table is not complete: {}", rules.published.note));
    }
    notes
}

fn shown(answer: &Answer, rules: &Rules) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "track",
        "place",
        "of",
        "figure",
        "above it",
        "what would gain a place",
    ]);
    for column in [1, 2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for standing in &answer.tracks {
        let decimals = if standing.score_heading == "rank sum" { 0 } else { 2 };
        let figure = |score: Option<f64>| score.map_or_else(String::new, |s| format!("{s:.decimals$}"));
        let place = standing.place.map_or_else(|| "-".to_owned(), |p| p.to_string());
        let above = standing.above.as_ref().map_or_else(String::new, |(name, score)| match score {
            Some(_) => format!("{name} ({})", figure(*score)),
            None => name.clone(),
        });
        let last = match &standing.unranked {
            Some(reason) => format!("not ranked: {reason}"),
            None => standing.gains.iter().map(gain).collect::<Vec<_>>().join("; "),
        };
        let shared = standing.shared_with.join(", ");
        let place = if shared.is_empty() { place } else { format!("{place} (with {shared})") };
        table.add_row([&standing.track, &place, &standing.of.to_string(), &figure(standing.score), &above, &last]);
    }
    let notes: String = answer.notes.iter().map(|n| format!("note: {n}\n")).collect();
    format!("{} in {} ({})\n\n{}\n{notes}", answer.entry, rules.title, rules.id, table.trim_fmt())
}

fn gain(gain: &Gain) -> String {
    let decimals = gain.metric.decimals();
    let percent = if gain.from > 0.0 { 100.0 * (gain.to - gain.from) / gain.from } else { 0.0 };
    format!("{} {:.decimals$} ({percent:+.1} %) takes place {}", gain.metric, gain.to, gain.place)
}
