//! `esr-bench models`: the networks of the registry.

use std::path::PathBuf;

use esr_bench::graph;
use esr_bench::graph::Counter;
use esr_bench::graph::OpGraph;
use esr_bench::protocol::Weights;
use esr_bench::report::{Format, description};
use esr_bench::rules::Rules;
use esr_bench::submission::card::Card;
use esr_bench::submission::{GraphRecorder, Submission};
use esr_bench::text::{Align, Table};
use esr_bench::worker_process::{Launch, Limits, locate};
use esr_bench::{Error, Result, exit};

use super::output;

/// Arguments of `models`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Output format of the list
    #[arg(long, value_name = "FORMAT", default_value = "table", conflicts_with = "describe",
          value_parser = output::formats(&[Format::Table, Format::Json]))]
    format: Format,
    /// Describe one network: its card, its block diagram, and its published figures beside recomputed ones
    #[arg(long, value_name = "NAME")]
    describe: Option<String>,
    /// Worker program for --describe [default: esr-worker in the folder of esr-bench]
    #[arg(long, value_name = "FILE", requires = "describe")]
    worker: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    if let Some(name) = &args.describe {
        return describe(&Card::find(name)?, args);
    }
    let cards = Card::all()?;
    if args.format == Format::Json {
        output::print(&output::json(&cards)?)?;
        return Ok(exit::DONE);
    }
    let heading = |name| (name, if name == "range" { Align::Right } else { Align::Left });
    let mut table = Table::new(["model", "arch", "title", "year", "range", "paper"].map(heading));
    for card in &cards {
        table.row([
            card.name.clone(),
            card.arch.clone(),
            card.title.clone(),
            card.year.to_string(),
            card.data_range.to_string(),
            card.paper.clone(),
        ]);
    }
    output::print(&format!("{table}\n"))?;
    Ok(exit::DONE)
}

fn describe(card: &Card, args: &Args) -> Result<u8> {
    output::print(&description::card(card))?;
    let (counter, input) = conventions(card)?;
    match record(card, args, input) {
        Ok(graph) => {
            let root = graph::tree(&graph, &graph::costs(&graph, Counter::Macs));
            output::print(&format!("\n{}", description::diagram(&root, graph.input)))?;
            let ours = graph::count(&graph, counter);
            output::print(&format!("\n{}", description::figures(&card.published, Some(&ours))))?;
        }
        // The card alone is worth reading; a worker that was asked for by name must be there.
        Err(Error::Worker(why)) if args.worker.is_none() => {
            output::print(&format!("\n{}", description::figures(&card.published, None)))?;
            output::print(&format!("\nThe block diagram and the recomputed figures need a worker: {why}\n"))?;
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
