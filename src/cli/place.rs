//! `esr-bench place`: the place that an entry would take in a published table, and the changes that would improve it.

use std::path::{Path, PathBuf};

use esr_bench::entry::{Entry, Metric, label};
use esr_bench::inputs::{card, sources};
use esr_bench::measure::{Named, launches};
use esr_bench::rank::{self, placement};
use esr_bench::report::Format;
use esr_bench::report::placement::{self as report, Placed};
use esr_bench::rules::Rules;
use esr_bench::submission::card::Card;
use esr_bench::submission::{MANIFEST, Submission};
use esr_bench::util::input::STDIN;
use esr_bench::worker_process::{Launch, Limits, locate};
use esr_bench::{Error, Result, exit};

use super::clones::refuse_clone;
use super::output;

/// Arguments of `place`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run directory, CSV file of measurements, organisers' results.json, or model card or submission folder (its costs are
    /// recorded; --set gives the other metrics)
    #[arg(value_name = "MODEL|SUBMISSION|RUN|CSV")]
    input: String,
    /// Edition whose published table the entry joins: its id, its folder, or a rules file beside a published.csv
    #[arg(long, value_name = "ID|FILE", default_value = "ntire2022")]
    rules: String,
    /// Team or submission, where the input holds several entries
    #[arg(long, value_name = "NAME")]
    entry: Option<String>,
    /// Assume a value for a metric, such as `runtime_ms=30`; may be repeated
    #[arg(long, value_name = "METRIC=VALUE", value_parser = assignment)]
    set: Vec<(Metric, f64)>,
    /// Worker program that records costs [default: esr-worker in the folder of esr-bench]
    #[arg(long, value_name = "FILE")]
    worker: Option<PathBuf>,
    /// Python that runs teams' code [default: ESR_BENCH_PYTHON, an active virtual environment, or python3]
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = output::formats(&[Format::Table, Format::Json]))]
    format: Format,
}

fn assignment(text: &str) -> Result<(Metric, f64), String> {
    let (name, value) = text.split_once('=').ok_or("expected METRIC=VALUE, such as runtime_ms=30")?;
    let metric: Metric = name.trim().parse()?;
    let value: f64 = value.trim().parse().map_err(|_| format!("`{value}` is not a number"))?;
    if value.is_finite() && value >= 0.0 {
        Ok((metric, value))
    } else {
        Err(format!("expected a number that is not negative for {metric}, found {value}"))
    }
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
                notes.push(format!("assumed: {}", set.join(", ")));
            }
            notes.extend(placement::assumptions(&entry, &rules));
            let tracks = placement::place(&entry, &table, &rules, &rank::Options::default())?;
            Ok(Placed { entry: label(&entry), rules: rules.id.clone(), notes, tracks })
        })
        .collect::<Result<Vec<Placed>>>()?;
    let text = match args.format {
        Format::Json => output::json(&answers)?,
        _ => answers.iter().map(|a| report::table(a, &rules)).collect::<Vec<_>>().join("\n"),
    };
    output::print(&text)?;
    Ok(exit::DONE)
}

/// The entries of the input, each with its notes.
fn entries(args: &Args, rules: &Rules) -> Result<Vec<(Entry, Vec<String>)>> {
    let path = Path::new(&args.input);
    let is_edition = Rules::ids().contains(&args.input);
    if args.input != STDIN && !path.exists() && !is_edition || path.extension().is_some_and(|e| e == "toml") {
        return Ok(vec![recorded(args, rules)?]);
    }
    refuse_clone(path)?;
    if path.join(MANIFEST).is_file() {
        return Ok(vec![submitted(args, path, rules)?]);
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

/// The entry of a model card, with recorded costs unless all of them are set.
fn recorded(args: &Args, rules: &Rules) -> Result<(Entry, Vec<String>)> {
    let found = Card::find(&args.input)?;
    let costs = [Metric::ParamsM, Metric::FlopsG, Metric::ActsM];
    if costs.iter().all(|m| args.set.iter().any(|(set, _)| set == m)) {
        return Ok((Entry { team: found.name, ..Entry::default() }, Vec::new()));
    }
    let launch = Launch::new(locate(args.worker.as_deref())?, Limits::default());
    let (entry, note) = card::entry(&found, rules, &launch)?;
    Ok((entry, vec![note]))
}

/// The entry of a submission's folder, with recorded costs.
fn submitted(args: &Args, folder: &Path, rules: &Rules) -> Result<(Entry, Vec<String>)> {
    let submission = Submission::read(folder)?;
    let named = Named { worker: args.worker.clone(), python: args.python.clone(), ..Named::default() };
    let launches = launches(&named, &Limits::default(), true);
    let launch = launches.of(&submission.network).map_err(|why| Error::Worker(why.to_owned()))?;
    let (entry, note) = card::of_submission(&submission, rules, launch)?;
    Ok((entry, vec![note]))
}
