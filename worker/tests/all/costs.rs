//! Every card's network costs what the field's counters say of the published code: to the integer.

use esr_bench::card::Card;
use esr_bench::graph::{self, Counter};
use serde::Deserialize;
use serde_json::Value;

use crate::common;
use crate::support::Worker;

/// A row of `cost_truth.csv`, as far as it is of use here. Costs do not depend on the weights' values.
#[derive(Debug, Deserialize)]
struct Row {
    name: String,
    params: u64,
    flops_hook: u64,
    flops_fvcore: u64,
    acts: u64,
    conv: u64,
}

#[test]
fn published_networks_cost_what_the_fields_counters_say() {
    let Some(shared) = common::shared("published_networks_cost_what_the_fields_counters_say") else { return };
    let mut reader = csv::Reader::from_path(shared.join("truth/cost_truth.csv")).unwrap();
    let rows = reader.deserialize().map(Result::unwrap);
    let cards: Vec<(Row, Card)> =
        rows.filter_map(|row: Row| Card::find(&row.name).ok().map(|card| (row, card))).collect();
    assert!(!cards.is_empty());
    for (row, card) in cards {
        let graph = Worker::with_seeded(&card.arch, Value::Object(card.config)).record(256, 256, None);
        let hook = graph::count(&graph, Counter::Hook);
        let fvcore = graph::count(&graph, Counter::Fvcore);
        let ours = [hook.params, hook.flops, fvcore.flops, hook.activations, hook.convs];
        let truth = [row.params, row.flops_hook, row.flops_fvcore, row.acts, row.conv];
        assert_eq!(ours, truth, "{}: params, flops_hook, flops_fvcore, acts, conv", row.name);
        assert_eq!((hook.buffers, hook.unused_params), (0, 0), "{}", row.name);
        assert!(fvcore.unknown.is_empty(), "{}: {:?}", row.name, fvcore.unknown);
    }
}
