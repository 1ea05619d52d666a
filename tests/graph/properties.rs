//! What holds for every network.

use esr_bench::graph::Builder;
use esr_bench::graph::Counter;
use esr_bench::graph::OpGraph;
use esr_bench::graph::build::Conv2d;
use esr_bench::graph::{Grouping, rows};
use esr_bench::graph::{Tally, costs, count};
use proptest::prelude::*;

/// A layer of a random network.
#[derive(Debug, Clone)]
enum Layer {
    Conv { out: i64, kernel: i64, depthwise: bool, module: bool },
    Activation { class: usize, in_place: bool },
    Skip,
    Gate,
    Unknown,
}

fn layer() -> impl Strategy<Value = Layer> {
    prop_oneof![
        4 => (1..9_i64, 0..3_i64, any::<bool>(), any::<bool>())
            .prop_map(|(out, k, depthwise, module)| Layer::Conv { out, kernel: 2 * k + 1, depthwise, module }),
        2 => (0..4_usize, any::<bool>()).prop_map(|(class, in_place)| Layer::Activation { class, in_place }),
        1 => Just(Layer::Skip),
        1 => Just(Layer::Gate),
        1 => Just(Layer::Unknown),
    ]
}

fn network(layers: &[Layer], height: i64, width: i64) -> OpGraph {
    let mut b = Builder::new("Random", [1, 3, height, width]);
    let mut x = 0;
    for (i, layer) in layers.iter().enumerate() {
        // Two layers a block, blocks in a container.
        b.enter("body", "Sequential");
        b.enter(&format!("body.{}", i / 2), "Block");
        let path = format!("body.{}.l{i}", i / 2);
        x = match *layer {
            Layer::Conv { out, kernel, depthwise, module } => {
                let channels = b.shape(x)[1];
                let conv = Conv2d::same(if depthwise { channels } else { out }, kernel);
                let conv = Conv2d { groups: if depthwise { channels } else { 1 }, ..conv };
                if module { b.conv2d(&path, x, conv) } else { b.functional_conv2d(&path, x, conv) }
            }
            Layer::Activation { class, in_place } => {
                let (class, op) = [
                    ("ReLU", "aten::relu"),
                    ("LeakyReLU", "aten::leaky_relu"),
                    ("PReLU", "aten::prelu"),
                    ("SiLU", "aten::silu"),
                ][class];
                b.enter(&path, class);
                let y = if in_place { b.in_place(&format!("{op}_"), x) } else { b.unary(op, x) };
                b.leave();
                y
            }
            Layer::Skip => b.binary("aten::add.Tensor", x, x),
            Layer::Gate => {
                let gate = b.unary("aten::sigmoid", x);
                b.binary("aten::mul.Tensor", x, gate)
            }
            Layer::Unknown => b.unary("team::magic", x),
        };
        b.leave();
        b.leave();
    }
    let x = b.conv2d("tail", x, Conv2d::same(12, 3));
    let x = b.pixel_shuffle("shuffle", x, 2);
    b.finish(x)
}

proptest! {
    #[test]
    fn totals_are_the_sum_of_the_rows(layers in prop::collection::vec(layer(), 0..12), h in 1..40_i64, w in 1..40_i64) {
        let graph = network(&layers, h, w);
        for counter in Counter::ALL {
            let tally = count(&graph, counter);
            for by in [Grouping::Layer, Grouping::Op, Grouping::Block] {
                let rows = rows(&graph, &costs(&graph, counter), by);
                let sum = |f: fn(&esr_bench::graph::Row) -> u64| rows.iter().map(f).sum::<u64>();
                prop_assert_eq!(sum(|r| r.flops), tally.flops);
                prop_assert_eq!(sum(|r| r.macs), tally.macs);
                prop_assert_eq!(sum(|r| r.params), tally.params);
                prop_assert_eq!(sum(|r| r.elementwise), tally.elementwise);
                prop_assert_eq!(sum(|r| r.activations), tally.activations);
                prop_assert_eq!(sum(|r| r.convs), tally.convs);
                prop_assert_eq!(sum(|r| r.elements), tally.elements);
                prop_assert_eq!(sum(|r| r.ops), tally.ops);
                let shares: f64 = rows.iter().map(|r| r.share).sum();
                prop_assert!((shares - 1.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn twice_the_height_and_width_is_four_times_the_macs(
        layers in prop::collection::vec(layer(), 0..12), h in 1..40_i64, w in 1..40_i64,
    ) {
        let one = |h, w| -> Vec<Tally> {
            let graph = network(&layers, h, w);
            Counter::ALL.map(|c| count(&graph, c)).to_vec()
        };
        for (small, large) in one(h, w).iter().zip(one(2 * h, 2 * w)) {
            prop_assert_eq!(4 * small.flops, large.flops);
            prop_assert_eq!(4 * small.macs, large.macs);
            prop_assert_eq!(4 * small.activations, large.activations);
            prop_assert_eq!(4 * small.elements, large.elements);
            prop_assert_eq!(small.params, large.params);
            prop_assert_eq!(small.convs, large.convs);
        }
    }

    #[test]
    fn an_unknown_operation_is_named_by_every_convention(layers in prop::collection::vec(layer(), 0..12)) {
        let graph = network(&layers, 8, 8);
        let expected: Vec<&str> =
            if layers.iter().any(|l| matches!(l, Layer::Unknown)) { vec!["team::magic"] } else { vec![] };
        for counter in Counter::ALL {
            prop_assert_eq!(&count(&graph, counter).unknown, &expected);
        }
    }

    #[test]
    fn a_graph_survives_its_file(layers in prop::collection::vec(layer(), 0..12), h in 1..40_i64, w in 1..40_i64) {
        let graph = network(&layers, h, w);
        let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
        esr_bench::graph::file::write(file.path(), &graph).unwrap();
        prop_assert_eq!(esr_bench::graph::file::read(file.path()).unwrap(), graph);
    }

    #[test]
    fn the_memory_bound_is_at_least_the_weights_and_any_one_operation(
        layers in prop::collection::vec(layer(), 0..12), h in 1..40_i64, w in 1..40_i64,
    ) {
        let graph = network(&layers, h, w);
        let memory = esr_bench::graph::memory(&graph);
        let bytes = |t: usize| graph.tensors[t].numel() * 4;
        prop_assert_eq!(memory.weights_bytes, 4 * count(&graph, Counter::Macs).params);
        for op in &graph.ops {
            let mut storages: Vec<(usize, u64)> = op.inputs().iter().chain(&op.outputs)
                .filter(|&&t| matches!(graph.tensors[t].role, esr_bench::graph::Role::Intermediate | esr_bench::graph::Role::Output))
                .map(|&t| (graph.tensors[t].storage, bytes(t)))
                .collect();
            storages.sort_unstable();
            storages.dedup();
            let there: u64 = storages.iter().map(|s| s.1).sum();
            prop_assert!(memory.peak_bytes >= memory.weights_bytes + memory.input_bytes + there);
        }
        let everything: u64 = (0..graph.tensors.len()).map(bytes).sum();
        prop_assert!(memory.peak_bytes <= everything);
    }
}
