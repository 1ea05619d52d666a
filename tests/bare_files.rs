//! Weights files without a manifest on the command line, with the mock worker: it says of a file what the file says.

#[path = "common/bench.rs"]
#[expect(dead_code, reason = "shared with tests that use all of it")]
mod bench;
#[path = "common/mock.rs"]
mod mock;

use std::process::Command;

use bench::{Bench, told};
use esr_bench::exit;
use esr_bench::run::Run;
use serde_json::json;

const NETWORK: &str = r#"{ "arch": "mock", "config": { "ms": 5.0 }, "assumed": ["slope 0.05"], "form": "deploy" }"#;

fn file(bench: &Bench, name: &str, candidates: &[&str]) {
    let text = format!(
        r#"{{ "candidates": [{}], "near_misses": ["mock: 3 of its 4 tensors fit"], "elements": 30 }}"#,
        candidates.join(", ")
    );
    std::fs::write(bench.path(name), text).unwrap();
}

#[test]
fn measure_takes_a_bare_file_once_its_data_range_is_said() {
    let bench = Bench::new();
    file(&bench, "net.pth", &[NETWORK]);
    file(&bench, "odd.pth", &[]);
    let (code, _, stderr) = told(&bench.measure(&["net.pth", "--rounds", "1"]).output().unwrap());
    assert_eq!(code, i32::from(exit::USAGE), "{stderr}");
    assert!(stderr.contains("net.pth: identified as mock (ms 5.0)"), "{stderr}");
    assert!(stderr.contains("say `--data-range 1` or `--data-range 255`"), "{stderr}");
    let (code, _, stderr) = told(&bench.measure(&["odd.pth"]).output().unwrap());
    assert_eq!(code, i32::from(exit::BAD_INPUT), "{stderr}");
    assert!(stderr.contains("no registered architecture fits these weights (nearest mock: 3 of its 4"), "{stderr}");

    let args = ["net.pth", "--data-range", "255", "--rounds", "1", "--run", "run"];
    let (code, _, stderr) = told(&bench.measure(&args).output().unwrap());
    assert_eq!(code, i32::from(exit::DONE), "{stderr}");
    let run = Run::open(&bench.path("run")).unwrap();
    let planned = &run.manifest().plan.submissions[0].submission;
    assert_eq!((planned.name.as_str(), planned.data_range), ("net", 255.0));
}

#[test]
fn identify_and_inspect_say_what_a_file_is() {
    let bench = Bench::new();
    file(&bench, "net.pth", &[NETWORK]);
    file(&bench, "odd.pth", &[]);
    file(&bench, "two.pth", &[NETWORK, NETWORK]);
    std::fs::write(bench.path("page.pth"), "<html>").unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_esr-bench"));
        told(&command.args(args).arg("--worker").arg(mock::worker()).current_dir(bench.path("")).output().unwrap())
    };
    for (args, expected) in [
        (&["net.pth"][..], exit::DONE),
        (&["net.pth", "odd.pth"][..], exit::CHECK_FAILED),
        (&["two.pth"][..], exit::CHECK_FAILED),
        (&["page.pth", "odd.pth", "net.pth"][..], exit::BAD_INPUT),
    ] {
        let (code, stdout, stderr) = run(&[&["identify"], args].concat());
        assert_eq!(code, i32::from(expected), "{args:?}: {stderr}");
        // A bad file does not hide those after it.
        assert!(args.iter().all(|name| stdout.contains(name)), "{stdout}");
    }
    let (_, stdout, _) = run(&["identify", "net.pth", "page.pth", "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(value[0]["candidates"][0]["arch"], json!("mock"));
    assert_eq!(value[1]["error"], json!("page.pth: no state dict"));
    let (code, stdout, stderr) = run(&["inspect", "net.pth", "--counter", "hook", "--format", "csv"]);
    assert_eq!(code, i32::from(exit::DONE), "{stderr}");
    assert!(stdout.contains("Conv2d"), "{stdout}");
}
