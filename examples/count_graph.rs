//! Counts the costs of a recorded graph by each convention. A run keeps its graphs in `graphs/`; `esr-bench inspect --save FILE`
//! writes one.
//!
//!     cargo run --example count_graph -- results/demo/graphs/rlfn.json

use std::path::PathBuf;

use esr_bench::Error;
use esr_bench::graph::{self, Counter};

#[allow(clippy::print_stdout, reason = "an example prints its result")]
fn main() -> Result<(), Error> {
    for path in std::env::args_os().skip(1).map(PathBuf::from) {
        let graph = graph::file::read(&path)?;
        for counter in [Counter::Hook, Counter::Fvcore, Counter::Macs] {
            let tally = graph::count(&graph, counter);
            println!("{} by {counter}: {} FLOPs, {} parameters", graph.network, tally.flops, tally.params);
        }
    }
    Ok(())
}
