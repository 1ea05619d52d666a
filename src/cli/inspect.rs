//! `esr-bench inspect`: what a network costs, operation by operation.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use esr_bench::error::{Error, Result};
use esr_bench::exit;
use esr_bench::graph;
use esr_bench::graph::By;
use esr_bench::graph::Counter;
use esr_bench::graph::Inspection;
use esr_bench::graph::{OpGraph, Recorded};
use esr_bench::protocol::Weights;
use esr_bench::report::inspection as report;
use esr_bench::submission::card::Card;
use esr_bench::submission::identify::Identifier;
use esr_bench::submission::{MANIFEST, Submission};
use esr_bench::worker_process::GraphRecorder;
use esr_bench::worker_process::{Launch, Limits, locate};

/// Arguments of `inspect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A model card's name or file, a submission's folder, a recorded graph (`.json`), or a bare weights file.
    #[arg(value_name = "MODEL|SUBMISSION|GRAPH|FILE")]
    what: String,
    /// LR height and width; default 256x256, or the recorded graph's own.
    #[arg(long, value_name = "HxW", value_parser = parse_size)]
    input: Option<[i64; 2]>,
    /// Rows: layer, op or block.
    #[arg(long, default_value = "layer")]
    by: By,
    /// The convention for FLOPs: hook (NTIRE 2022, 2023), fvcore (2024 on), macs (true multiply-accumulates).
    #[arg(long, default_value = "macs")]
    counter: Counter,
    /// Output format.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Compare with another network, block by block.
    #[arg(long, value_name = "MODEL|SUBMISSION|GRAPH")]
    against: Option<String>,
    /// A Graphviz graph instead (`| dot -Tsvg`).
    #[arg(long, conflicts_with_all = ["against", "format"])]
    dot: bool,
    /// Also write the recorded graph to this file.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Run the network on real data even where its shapes alone would do.
    #[arg(long)]
    real: bool,
    /// The worker program; default: `esr-worker` beside this one.
    #[arg(long, value_name = "FILE")]
    worker: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Table,
    Csv,
    Json,
}

/// The challenge counts at this size.
const DEFAULT_INPUT: [i64; 2] = [256, 256];

fn parse_size(text: &str) -> Result<[i64; 2], String> {
    let sides = text.split_once(['x', 'X']).map(|(h, w)| (h.trim().parse::<i64>(), w.trim().parse::<i64>()));
    match sides {
        Some((Ok(h), Ok(w))) if (1..=65_536).contains(&h) && (1..=65_536).contains(&w) => Ok([h, w]),
        _ => Err(format!("expected height x width in pixels, as 256x256, found `{text}`")),
    }
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let source = Source::of(&args.what, args)?;
    let recorded = source.record(args, args.against.is_none() && !args.dot)?;
    let graph = &recorded.graph;
    if let Some(path) = &args.save {
        graph::file::write(path, graph)?;
    }
    if args.dot {
        super::print(&graph::dot(graph, args.counter))?;
        return finish(&args.what, [graph], args.counter);
    }
    if let Some(other) = &args.against {
        let other_graph = Source::of(other, args)?.record(args, false)?.graph;
        let blocks = graph::diff(graph, &other_graph, args.counter);
        super::print(&match args.format {
            Format::Table => report::diff_table(&blocks, args.counter, [&args.what, other]),
            Format::Csv => report::diff_csv(&blocks)?,
            Format::Json => report::to_json(&blocks)?,
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
    super::print(&match args.format {
        Format::Table => report::table(&inspection),
        Format::Csv => report::csv(&inspection)?,
        Format::Json => report::json(&inspection)?,
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
enum Source {
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

impl Source {
    fn of(what: &str, args: &Args) -> Result<Source> {
        let path = Path::new(what);
        if path.extension().is_some_and(|e| e == "json") {
            return Ok(Source::File(path.to_path_buf()));
        }
        if path.is_dir() || path.file_name().is_some_and(|n| n == MANIFEST) {
            let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
            return Ok(Source::Worker(Box::new(Submission::read(folder)?)));
        }
        if path.is_file() && path.extension().is_none_or(|e| e != "toml") {
            let launch = Launch::new(locate(args.worker.as_deref())?, Limits::default());
            return Ok(Source::Worker(Box::new(Identifier::new(launch).for_costs(path)?)));
        }
        // Costs do not depend on the weights' values.
        let card = Card::find(what)?;
        Ok(Source::Worker(Box::new(Submission::from_card(&card, Weights::Random { seed: 0 }))))
    }

    /// The FLOPs that the card's publication prints, in units of 10^9.
    fn published(&self) -> Option<f64> {
        let Source::Worker(submission) = self else { return None };
        Card::find(submission.card.as_deref()?).ok()?.published.flops_g
    }

    fn record(&self, args: &Args, growth: bool) -> Result<Recording> {
        let submission = match self {
            Source::File(path) => {
                let graph = graph::file::read(path)?;
                let own = [graph.input[2], graph.input[3]];
                if let Some([h, w]) = args.input.filter(|size| *size != own) {
                    let [own_h, own_w] = own;
                    let path = path.display();
                    return Err(Error::Usage(format!(
                        "{path} was recorded at {own_h}x{own_w}: --input {h}x{w} needs the network itself"
                    )));
                }
                return Ok(Recording { graph, larger: None });
            }
            Source::Worker(submission) => submission,
        };
        let launch = Launch::new(locate(args.worker.as_deref())?, Limits::default());
        let mut recorder = GraphRecorder::start(&launch, submission)?;
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
