//! Recorded graphs: the same on the meta device as on real data, complete, and quick.

use crate::support::Worker;
use esr_bench::graph::{Arg, OpGraph, Recorded, Role};
use esr_bench::submission::card::Card;
use serde_json::{Value, json};

fn same_but_for_how(name: &str, real: &OpGraph, meta: &OpGraph) {
    assert_eq!((real.recorded, meta.recorded), (Recorded::Real, Recorded::Meta));
    for (r, m) in real.ops.iter().zip(&meta.ops) {
        assert_eq!(r, m, "{name}");
    }
    assert_eq!(real.tensors, meta.tensors, "{name}");
    assert_eq!(&OpGraph { recorded: Recorded::Meta, ..real.clone() }, meta, "{name}");
}

#[test]
fn a_graph_holds_operations_arguments_tensors_and_scopes() {
    let graph = Worker::with_seeded("rlfn", json!({})).record(33, 47, None);
    assert_eq!((graph.network.as_str(), graph.recorded, graph.input), ("rlfn", Recorded::Meta, [1, 3, 33, 47]));
    let first = &graph.ops[0];
    assert_eq!(first.full_name(), "aten::conv2d");
    let names: Vec<&str> = first.args.keys().map(String::as_str).collect();
    assert_eq!(names, ["input", "weight", "bias", "stride", "padding", "dilation", "groups"]);
    assert_eq!(first.args["padding"], Arg::List(vec![Arg::Int(1), Arg::Int(1)]));
    let tensor = |name: &str| &graph.tensors[first.tensor(name).unwrap()];
    assert_eq!((tensor("input").role, tensor("input").shape.as_slice()), (Role::Input, &[1, 3, 33, 47][..]));
    assert_eq!((tensor("weight").role, tensor("weight").name.as_deref()), (Role::Parameter, Some("conv_1.weight")));
    assert_eq!(tensor("weight").dtype, "float32");
    let out = &graph.tensors[first.outputs[0]];
    assert_eq!((out.role, out.shape.as_slice()), (Role::Intermediate, &[1, 52, 33, 47][..]));
    let scope: Vec<_> = first.scope.iter().map(|s| (s.path.as_str(), s.class.as_str())).collect();
    assert_eq!(scope, [("", "RLFN"), ("conv_1", "Conv2d")]);
    let outputs: Vec<_> = graph.tensors.iter().filter(|t| t.role == Role::Output).collect();
    assert_eq!(outputs.len(), 1);
    assert_eq!(outputs[0].shape, [1, 3, 132, 188]);
    let parameters: u64 = graph.tensors.iter().filter(|t| t.role == Role::Parameter).map(|t| t.numel()).sum();
    assert_eq!(parameters, 543_740);
}

#[test]
fn an_operation_in_place_keeps_the_tensor_and_a_module_that_runs_again_counts_its_calls() {
    let graph = Worker::with_seeded("rlfn", json!({})).record(32, 32, None);
    let acts: Vec<_> = graph.ops.iter().filter(|op| op.scope.last().is_some_and(|s| s.path == "block_1.act")).collect();
    assert_eq!(acts.iter().map(|op| op.scope.last().unwrap().call).collect::<Vec<_>>(), [0, 1, 2]);
    for op in acts {
        assert_eq!(op.name, "aten::leaky_relu_");
        assert_eq!(op.args["negative_slope"], Arg::Float(0.05));
        assert_eq!(op.tensor("self"), Some(op.outputs[0]));
    }
}

#[test]
fn every_registered_network_records_the_same_on_meta_as_on_real_data() {
    let cards = Card::all().unwrap();
    assert!(!cards.is_empty());
    let architectures = Worker::start().hello().architectures;
    for card in cards.iter().filter(|card| architectures.contains(&card.arch)) {
        let mut worker = Worker::with_seeded(&card.arch, Value::Object(card.config.clone()));
        let real = worker.record(40, 56, Some(Recorded::Real));
        let meta = worker.record(40, 56, Some(Recorded::Meta));
        same_but_for_how(&card.name, &real, &meta);
        assert!(real.tensors.iter().any(|t| t.role == Role::Output), "{}", card.name);
    }
}

#[test]
fn an_input_that_the_network_cannot_take_is_a_failure_either_way() {
    let mut worker = Worker::with_seeded("rlfn", json!({}));
    for how in [None, Some(Recorded::Real), Some(Recorded::Meta)] {
        let request = esr_bench::protocol::Request::Record { height: 4, width: 4, how };
        assert!(!worker.refused(request).message.is_empty(), "{how:?}");
        // The recorder is off again.
        assert!(!worker.record(32, 32, how).ops.is_empty(), "{how:?}");
    }
    let request = esr_bench::protocol::Request::Record { height: 0, width: 4, how: None };
    assert!(worker.refused(request).message.contains("found 0 x 4"));
}
