//! `esr-bench models`: the registry, as cards describe it.

use std::path::PathBuf;

use comfy_table::{Table, presets};
use esr_bench::graph;
use esr_bench::graph::Counter;
use esr_bench::graph::OpGraph;
use esr_bench::protocol::Weights;
use esr_bench::report::description;
use esr_bench::rules::Rules;
use esr_bench::submission::Submission;
use esr_bench::submission::card::Card;
use esr_bench::worker_process::GraphRecorder;
use esr_bench::worker_process::{Launch, Limits, locate};
use esr_bench::{Error, Result, exit};

/// Arguments of `models`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// One JSON array instead of a table.
    #[arg(long, conflicts_with = "describe")]
    json: bool,
    /// One network instead: its card, its block diagram, and its published figures beside ours.
    #[arg(long, value_name = "NAME")]
    describe: Option<String>,
    /// The worker program, for --describe; default: `esr-worker` beside this one.
    #[arg(long, value_name = "FILE", requires = "describe")]
    worker: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    if let Some(name) = &args.describe {
        return describe(&Card::find(name)?, args);
    }
    let cards = Card::all()?;
    if args.json {
        let text = serde_json::to_string_pretty(&cards).expect("cards are plain data");
        super::print(&(text + "\n"))?;
        return Ok(exit::DONE);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["model", "arch", "title", "year", "range", "paper"]);
    for card in &cards {
        table.add_row([
            card.name.clone(),
            card.arch.clone(),
            card.title.clone(),
            card.year.to_string(),
            card.data_range.to_string(),
            card.paper.clone(),
        ]);
    }
    super::print(&format!("{table}\n"))?;
    Ok(exit::DONE)
}

fn describe(card: &Card, args: &Args) -> Result<u8> {
    super::print(&description::card(card))?;
    let (counter, input) = conventions(card)?;
    match record(card, args, input) {
        Ok(graph) => {
            let root = graph::tree(&graph, &graph::costs(&graph, Counter::Macs));
            super::print(&format!("\n{}", description::diagram(&root, graph.input)))?;
            let ours = graph::count(&graph, counter);
            super::print(&format!("\n{}", description::figures(&card.published, Some(&ours))))?;
        }
        // The card alone is worth reading; a worker that was asked for by name must be there.
        Err(Error::Worker(why)) if args.worker.is_none() => {
            super::print(&format!("\n{}", description::figures(&card.published, None)))?;
            super::print(&format!("\nWithout a worker there is no block diagram and no count of ours: {why}\n"))?;
        }
        Err(error) => return Err(error),
    }
    Ok(exit::DONE)
}

/// How the card's edition counts, and at which LR size.
fn conventions(card: &Card) -> Result<(Counter, [i64; 2])> {
    let Some(edition) = &card.edition else { return Ok((Counter::Macs, [256, 256])) };
    let costs = Rules::embedded(edition)?.costs;
    let [_, height, width] = costs.input;
    Ok((costs.counter, [height, width].map(i64::from)))
}

fn record(card: &Card, args: &Args, input: [i64; 2]) -> Result<OpGraph> {
    let launch = Launch::new(locate(args.worker.as_deref())?, Limits::default());
    // Neither shapes nor costs depend on the weights' values.
    let submission = Submission::from_card(card, Weights::Random { seed: 0 });
    let mut recorder = GraphRecorder::start(&launch, &submission)?;
    let graph = recorder.record(input, None)?;
    recorder.finish()?;
    Ok(graph)
}
