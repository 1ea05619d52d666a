//! `esr-bench inspect` as a process, on graph files.

use std::path::Path;
use std::process::{Command, Output};

use crate::networks::mini;
use esr_bench::exit;
use esr_bench::graph::Builder;
use esr_bench::graph::file;

fn inspect(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_esr-bench")).arg("inspect").args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn save(folder: &Path, name: &str, graph: &esr_bench::graph::OpGraph) -> String {
    let path = folder.join(name);
    file::write(&path, graph).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_graph_file_is_counted_without_a_worker() {
    let folder = tempfile::tempdir().unwrap();
    let path = save(folder.path(), "g.json", &mini(32, 48, 16));
    let out = inspect(&[&path, "--format", "json", "--counter", "hook", "--by", "block"]);
    assert_eq!(out.status.code(), Some(i32::from(exit::DONE)), "{}", text(&out.stderr));
    let value: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(value["counter"], "hook");
    assert_eq!(value["convs"], 6);
    for format in ["table", "csv"] {
        assert!(inspect(&[&path, "--format", format]).status.success());
    }
    assert!(text(&inspect(&[&path, "--format", "dot"]).stdout).starts_with("digraph"));
    let other = save(folder.path(), "h.json", &mini(32, 48, 12));
    assert!(text(&inspect(&[&path, "--against", &other]).stdout).contains("body.0"));
}

#[test]
fn an_unknown_operation_is_refused_by_name_with_its_own_exit_code() {
    let mut b = Builder::new("Custom", [1, 3, 8, 8]);
    let x = b.unary("team::fused_block", 0);
    let x = b.unary("aten::sigmoid", x);
    let folder = tempfile::tempdir().unwrap();
    let path = save(folder.path(), "custom.json", &b.finish(x));
    for counter in ["hook", "fvcore", "macs"] {
        let out = inspect(&[&path, "--counter", counter, "--format", "json"]);
        assert_eq!(out.status.code(), Some(i32::from(exit::UNKNOWN_OPS)));
        let value: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(value["unknown"], serde_json::json!(["team::fused_block"]));
        assert!(text(&out.stderr).contains("team::fused_block"), "{}", text(&out.stderr));
    }
}

#[test]
fn wrong_input_is_a_message_and_a_code() {
    let folder = tempfile::tempdir().unwrap();
    let path = save(folder.path(), "g.json", &mini(32, 48, 16));
    let code = |args: &[&str]| {
        let out = inspect(args);
        assert!(!text(&out.stderr).contains("panicked"));
        (out.status.code(), text(&out.stderr))
    };
    assert_eq!(code(&["nowhere.json"]).0, Some(i32::from(exit::BAD_INPUT)));
    let (status, message) = code(&[&path, "--input", "64x64"]);
    assert_eq!(status, Some(i32::from(exit::USAGE)));
    assert!(message.contains("was recorded at 32x48"), "{message}");
    assert!(inspect(&[&path, "--input", "32x48"]).status.success());
    let (status, message) = code(&[&path, "--counter", "fvcor"]);
    assert_eq!(status, Some(i32::from(exit::USAGE)));
    assert!(message.contains("did you mean `fvcore`?"), "{message}");
    assert_eq!(code(&["no-such-model"]).0, Some(i32::from(exit::USAGE)));
    let broken = folder.path().join("broken.json");
    std::fs::write(&broken, "{").unwrap();
    assert_eq!(code(&[broken.to_str().unwrap()]).0, Some(i32::from(exit::BAD_INPUT)));
}
