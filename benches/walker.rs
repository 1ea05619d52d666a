//! Walking a graph of 400 operations: counting by each convention, and everything that `inspect` works out.
//!
//! The network is the one that `scripts/bench_walker.py` builds in PyTorch to time fvcore on: 133 times a 3x3 convolution,
//! a ReLU and an addition, and a last convolution. The bench prints its FLOPs for the script to compare.

use criterion::Criterion;
use esr_bench::graph::Builder;
use esr_bench::graph::Counter;
use esr_bench::graph::Grouping;
use esr_bench::graph::OpGraph;
use esr_bench::graph::build::Conv2d;
use esr_bench::graph::count;
use esr_bench::graph::inspect;
use std::hint::black_box;

/// The blocks of the network, its channels, and the side of its input.
const BLOCKS: usize = 133;
const CHANNELS: i64 = 16;
const SIDE: i64 = 64;

fn network() -> OpGraph {
    let mut b = Builder::new("Chain", [1, CHANNELS, SIDE, SIDE]);
    let mut x = 0;
    for i in 0..BLOCKS {
        let path = format!("blocks.{i}");
        b.enter(&path, "Block");
        let y = b.conv2d(&format!("{path}.conv"), x, Conv2d::same(CHANNELS, 3));
        let y = b.activation(&format!("{path}.act"), "ReLU", "aten::relu", y);
        x = b.binary("aten::add.Tensor", y, x);
        b.leave();
    }
    let x = b.conv2d("tail", x, Conv2d::same(3, 3));
    b.finish(x)
}

fn walker(c: &mut Criterion) {
    let graph = network();
    assert_eq!(graph.ops.len(), 400);
    // The script reads this line; benches have no other way to report a figure.
    eprintln!("fvcore_flops {}", count(&graph, Counter::Fvcore).flops);
    for counter in Counter::ALL {
        c.bench_function(&format!("count_400_ops_{counter}"), |b| b.iter(|| count(black_box(&graph), counter)));
    }
    c.bench_function("inspect_400_ops", |b| b.iter(|| inspect(black_box(&graph), Counter::Fvcore, Grouping::Layer)));
    let bytes = serde_json::to_vec(&graph).expect("a graph is plain data");
    c.bench_function("read_400_ops", |b| {
        b.iter(|| {
            esr_bench::graph::file::parse("graph.json".as_ref(), black_box(&bytes)).expect("it was just written")
        });
    });
}

fn main() {
    let mut criterion = Criterion::default().sample_size(50).configure_from_args();
    walker(&mut criterion);
    criterion.final_summary();
}
