//! Graph files that are not what they should be.

use std::path::Path;

use crate::networks::mini;
use esr_bench::graph::file::parse;

fn message(edit: impl Fn(&mut serde_json::Value)) -> String {
    let mut value = serde_json::to_value(mini(8, 8, 4)).unwrap();
    edit(&mut value);
    parse(Path::new("g.json"), value.to_string().as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_newer_format_is_refused_before_anything_else_is_looked_at() {
    let text = br#"{"format": 2, "nodes": [1, 2, 3]}"#;
    let error = parse(Path::new("g.json"), text).unwrap_err().to_string();
    assert_eq!(error, "g.json: `format`: expected a graph of format 1 or older, found format 2");
}

#[test]
fn what_is_no_graph_is_named_with_its_line() {
    let error = |text: &str| parse(Path::new("g.json"), text.as_bytes()).unwrap_err().to_string();
    assert_eq!(error("{}"), "g.json: `format`: expected a graph's format version, found no such key");
    assert!(error("{\n\"format\": 1,\n]").starts_with("g.json:3: expected a graph of operations as JSON, found"));
    assert!(error(r#"{"format": 1}"#).contains("missing field `network`"));
    assert!(error("").starts_with("g.json:1: expected a graph"));
}

#[test]
fn numbers_that_cannot_be_are_named_with_their_key() {
    let m = message(|g| g["ops"][0]["args"]["weight"] = serde_json::json!({"t": 999}));
    assert!(m.starts_with("g.json: `ops[0].args.weight`: expected a tensor below"), "{m}");
    let m = message(|g| g["ops"][2]["outputs"] = serde_json::json!([100_000]));
    assert!(m.starts_with("g.json: `ops[2].outputs`"), "{m}");
    let m = message(|g| g["tensors"][1]["shape"] = serde_json::json!([4, -3]));
    assert!(m.starts_with("g.json: `tensors[1].shape`"), "{m}");
    let huge = i64::MAX;
    let m = message(|g| g["tensors"][1]["shape"] = serde_json::json!([huge, huge, huge]));
    assert!(m.starts_with("g.json: `tensors[1].shape`"), "{m}");
    let m = message(|g| g["tensors"][0]["dtype"] = "float33".into());
    assert_eq!(m, "g.json: `tensors[0].dtype`: expected a dtype of PyTorch: float32, ..., found `float33`");
    let m = message(|g| g["input"] = serde_json::json!([1, 3, 0, 8]));
    assert!(m.starts_with("g.json: `input`"), "{m}");
}

#[test]
fn absurd_numbers_are_counted_without_overflow() {
    use esr_bench::graph::Counter;
    use esr_bench::graph::Grouping;
    use esr_bench::graph::inspect;
    let mut value = serde_json::to_value(mini(8, 8, 4)).unwrap();
    for tensor in value["tensors"].as_array_mut().unwrap() {
        let rank = tensor["shape"].as_array().unwrap().len() as u32;
        tensor["shape"] = vec![1_i64 << (40 / rank.max(1)); rank as usize].into();
    }
    for op in value["ops"].as_array_mut().unwrap() {
        for (name, arg) in op["args"].as_object_mut().unwrap() {
            if arg.is_array() && name != "dim" {
                *arg = serde_json::json!([i64::MAX, i64::MIN]);
            } else if arg.is_number() {
                *arg = i64::MAX.into();
            }
        }
    }
    let graph = parse(Path::new("g.json"), value.to_string().as_bytes()).unwrap();
    for counter in Counter::ALL {
        let inspection = inspect(&graph, counter, Grouping::Block);
        assert_eq!(inspection.tally.macs, u64::MAX);
        assert!(!esr_bench::report::inspection::table(&inspection).is_empty());
    }
}
