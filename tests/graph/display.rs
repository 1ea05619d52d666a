//! What `inspect` shows, to the letter.

use crate::networks::mini;
use esr_bench::graph::Counter;
use esr_bench::graph::Grouping;
use esr_bench::graph::diff;
use esr_bench::graph::dot;
use esr_bench::graph::inspect;
use esr_bench::report::inspection::{csv, diff_csv, diff_table, json, table};

#[test]
fn by_layer() {
    insta::assert_snapshot!(table(&inspect(&mini(32, 48, 16), Counter::Macs, Grouping::Layer)));
}

#[test]
fn by_block_with_the_hook() {
    insta::assert_snapshot!(table(&inspect(&mini(32, 48, 16), Counter::Hook, Grouping::Block)));
}

#[test]
fn by_operation_with_growth() {
    let at = |n: i64| mini(32 * n, 48 * n, 16);
    let mut inspection = inspect(&at(1), Counter::Fvcore, Grouping::Op);
    inspection.grow(&[at(8), at(16), at(32)]);
    insta::assert_snapshot!(table(&inspection));
}

#[test]
fn rows_as_csv() {
    insta::assert_snapshot!(csv(&inspect(&mini(32, 48, 16), Counter::Macs, Grouping::Op)).unwrap());
}

#[test]
fn json_has_the_keys_that_scripts_lean_on() {
    let text = json(&inspect(&mini(32, 48, 16), Counter::Macs, Grouping::Block)).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    for key in ["params", "flops", "activations", "convs"] {
        assert!(value[key].is_u64(), "{key}: {}", value[key]);
    }
    assert_eq!(value["counter"], "macs");
    assert_eq!(value["input"], serde_json::json!([1, 3, 32, 48]));
    assert_eq!(value["unknown"], serde_json::json!([]));
    insta::assert_snapshot!(text);
}

#[test]
fn two_networks_block_by_block() {
    let (a, b) = (mini(32, 48, 16), mini(32, 48, 12));
    let blocks = diff(&a, &b, Counter::Macs);
    insta::assert_snapshot!(diff_table(&blocks, Counter::Macs, ["a.json", "b.json"]));
    assert!(diff_csv(&blocks).unwrap().starts_with("block,params_a,params_b,flops_a,flops_b,same,changes\n"));
    assert!(diff(&a, &a, Counter::Macs).iter().all(|block| block.same()));
}

#[test]
fn graphviz() {
    insta::assert_snapshot!(dot(&mini(8, 8, 4), Counter::Macs));
}
