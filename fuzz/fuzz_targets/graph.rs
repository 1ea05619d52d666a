//! Any bytes as the graph of a network; one that can be read is counted, and counted again with independent operations
//! exchanged.
#![no_main]

use std::path::Path;

use esr_bench::graph::{self, Counter};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(read) = graph::file::parse(Path::new("graph.json"), data) else { return };
    let counters = [Counter::Hook, Counter::Fvcore, Counter::Macs];
    let tallies = |graph: &graph::OpGraph| {
        counters.map(|counter| {
            let mut tally = graph::count(graph, counter);
            tally.unknown.sort();
            (tally.flops, tally.activations, tally.params, tally.convs, tally.unknown)
        })
    };
    let before = tallies(&read);
    let _ = graph::memory(&read);
    let _ = graph::receptive(&read);
    let mut other = read.clone();
    let mut at = 0;
    while at + 1 < other.ops.len() {
        let (first, second) = (&other.ops[at], &other.ops[at + 1]);
        let touches = |a: &graph::Op, b: &graph::Op| {
            let ids = b.inputs();
            a.outputs.iter().any(|t| ids.contains(t) || b.outputs.contains(t))
        };
        // Operations of one module count together for some conventions: their order is theirs.
        if !touches(first, second) && !touches(second, first) && first.scope == second.scope {
            other.ops.swap(at, at + 1);
            at += 1;
        }
        at += 1;
    }
    assert_eq!(before, tallies(&other));
});
