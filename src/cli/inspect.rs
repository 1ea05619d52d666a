//! `esr-bench inspect`: the costs of a network, operation by operation.

use std::path::{Path, PathBuf};

use esr_bench::error::{Error, Result};
use esr_bench::exit;
use esr_bench::graph;
use esr_bench::graph::Counter;
use esr_bench::graph::Grouping;
use esr_bench::graph::Inspection;
use esr_bench::graph::{OpGraph, Recorded};
use esr_bench::measure::{Named, launches};
use esr_bench::protocol::Weights;
use esr_bench::report::{Format, inspection as report};
use esr_bench::submission::card::Card;
use esr_bench::submission::identify::Identifier;
use esr_bench::submission::{GraphRecorder, MANIFEST, Submission};
use esr_bench::worker_process::{Launch, Limits, locate};

use super::clones::refuse_clone;
use super::output;

/// Arguments of `inspect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name or file of a model card, folder of a submission, recorded graph (.json), or weights file
    #[arg(value_name = "MODEL|SUBMISSION|GRAPH|FILE")]
    what: String,
    /// LR height and width [default: 256x256, or the size of the recorded graph]
    #[arg(long, value_name = "HxW", value_parser = parse_size)]
    input: Option<[i64; 2]>,
    /// Rows of the table: layer, op or block
    #[arg(long, default_value = "layer")]
    by: Grouping,
    /// Convention for FLOPs: hook (NTIRE 2022 and 2023), fvcore (from 2024 on), or macs (multiply-accumulates)
    #[arg(long, default_value = "macs")]
    counter: Counter,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = output::formats(&[Format::Table, Format::Csv, Format::Json, Format::Dot]))]
    format: Format,
    /// Compare with another network, block by block
    #[arg(long, value_name = "MODEL|SUBMISSION|GRAPH")]
    against: Option<String>,
    /// Also write the recorded graph to this file
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Run the network on real data even where shapes alone are sufficient
    #[arg(long)]
    real: bool,
    /// Worker program [default: esr-worker in the folder of esr-bench]
    #[arg(long, value_name = "FILE")]
    worker: Option<PathBuf>,
    /// Python that runs teams' code [default: ESR_BENCH_PYTHON, an active virtual environment, or python3]
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
}

/// The challenge counts at this size.
const DEFAULT_INPUT: [i64; 2] = [256, 256];

fn parse_size(text: &str) -> Result<[i64; 2], String> {
    let sides = text.split_once(['x', 'X']).map(|(h, w)| (h.trim().parse::<i64>(), w.trim().parse::<i64>()));
    match sides {
        Some((Ok(h), Ok(w))) if (1..=65_536).contains(&h) && (1..=65_536).contains(&w) => Ok([h, w]),
        _ => Err(format!("expected height x width in pixels, such as 256x256, found `{text}`")),
    }
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let dot = args.format == Format::Dot;
    if dot && args.against.is_some() {
        return Err(Error::Usage("--format dot shows one network: remove --against".into()));
    }
    let source = GraphSource::of(&args.what, args)?;
    let recorded = source.record(args, args.against.is_none() && !dot)?;
    let graph = &recorded.graph;
    if let Some(path) = &args.save {
        graph::file::write(path, graph)?;
    }
    if dot {
        output::print(&graph::dot(graph, args.counter))?;
        return finish(&args.what, [graph], args.counter);
    }
    if let Some(other) = &args.against {
        let other_graph = GraphSource::of(other, args)?.record(args, false)?.graph;
        let blocks = graph::diff(graph, &other_graph, args.counter);
        output::print(&match args.format {
            Format::Csv => report::diff_csv(&blocks)?,
            Format::Json => output::json(&blocks)?,
            _ => report::diff_table(&blocks, args.counter, [&args.what, other]),
        })?;
        return finish(&args.what, [graph, &other_graph], args.counter);
    }
    let mut inspection: Inspection = graph::inspect(graph, args.counter, args.by);
    if let Some(larger) = &recorded.larger {
        inspection.grow(larger);
    }
    if let Some(flops_g) = source.published() {
        inspection.explain(flops_g);
    }
    output::print(&match args.format {
        Format::Csv => report::csv(&inspection)?,
        Format::Json => report::json(&inspection)?,
        _ => report::table(&inspection),
    })?;
    finish(&args.what, [graph], args.counter)
}

/// Unknown operations make the figures worthless: the exit code says so, after the output.
fn finish<'a>(what: &str, graphs: impl IntoIterator<Item = &'a OpGraph>, counter: Counter) -> Result<u8> {
    let mut ops: Vec<String> = graphs.into_iter().flat_map(|g| graph::count(g, counter).unknown).collect();
    ops.sort();
    ops.dedup();
    if ops.is_empty() {
        return Ok(exit::DONE);
    }
    Err(Error::UnknownOps { what: what.to_owned(), counter: counter.to_string(), ops })
}

/// Where a graph comes from.
enum GraphSource {
    /// A file.
    File(PathBuf),
    /// A worker that runs this.
    Worker(Box<Submission>),
}

struct Recording {
    graph: OpGraph,
    /// The same network at three sizes.
    larger: Option<[OpGraph; 3]>,
}

impl GraphSource {
    fn of(what: &str, args: &Args) -> Result<GraphSource> {
        let path = Path::new(what);
        if path.extension().is_some_and(|e| e == "json") {
            return Ok(GraphSource::File(path.to_path_buf()));
        }
        if path.is_dir() || path.file_name().is_some_and(|n| n == MANIFEST) {
            let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
            refuse_clone(folder)?;
            return Ok(GraphSource::Worker(Box::new(Submission::read(folder)?)));
        }
        if path.is_file() && path.extension().is_none_or(|e| e != "toml") {
            let launch = Launch::new(locate(args.worker.as_deref())?, Limits::default());
            return Ok(GraphSource::Worker(Box::new(Identifier::new(launch).for_costs(path)?)));
        }
        // Costs do not depend on the weights' values.
        let card = Card::find(what)?;
        Ok(GraphSource::Worker(Box::new(Submission::from_card(&card, Weights::Random { seed: 0 }))))
    }

    /// The FLOPs that the card's publication prints, in units of 10^9.
    fn published(&self) -> Option<f64> {
        let GraphSource::Worker(submission) = self else { return None };
        Card::find(submission.card.as_deref()?).ok()?.published.flops_g
    }

    fn record(&self, args: &Args, growth: bool) -> Result<Recording> {
        let submission = match self {
            GraphSource::File(path) => {
                let graph = graph::file::read(path)?;
                let own = [graph.input[2], graph.input[3]];
                if let Some([h, w]) = args.input.filter(|size| *size != own) {
                    let [own_h, own_w] = own;
                    let path = path.display();
                    return Err(Error::Usage(format!(
                        "{path} was recorded at {own_h}x{own_w}: for --input {h}x{w} give the network instead of its graph"
                    )));
                }
                return Ok(Recording { graph, larger: None });
            }
            GraphSource::Worker(submission) => submission,
        };
        let named = Named { worker: args.worker.clone(), python: args.python.clone(), ..Named::default() };
        let launches = launches(&named, &Limits::default(), true);
        let launch = launches.of(&submission.network).map_err(|why| Error::Worker(why.to_owned()))?;
        let mut recorder = GraphRecorder::start(launch, submission)?;
        let size = args.input.unwrap_or(DEFAULT_INPUT);
        let graph = recorder.record(size, args.real.then_some(Recorded::Real))?;
        let mut larger = None;
        if growth && graph.recorded == Recorded::Meta {
            let mut at = |times: i64| recorder.record(size.map(|n| n * times), Some(Recorded::Meta));
            // A program may be bound to its size: then there is no growth to show.
            if let (Ok(twice), Ok(four)) = (at(2), at(4)) {
                larger = Some([graph.clone(), twice, four]);
            }
        }
        recorder.finish()?;
        Ok(Recording { graph, larger })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_height_by_width() {
        assert_eq!(parse_size("339x510"), Ok([339, 510]));
        for wrong in ["256", "0x4", "axb", "-1x3", "100000x2", ""] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
