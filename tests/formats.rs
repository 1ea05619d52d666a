//! The formats of files that others read: their JSON Schemas accept what is written and refuse what is wrong, and runs of every
//! earlier version are read.

#[path = "common/bench.rs"]
mod bench;
#[path = "common/mock.rs"]
mod mock;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use bench::{Bench, told};
use esr_bench::entry::Metric;
use esr_bench::graph::Counter;
use esr_bench::run::{Event, Run, RunWriter};
use esr_bench::schemas;
use esr_bench::verify::verify;
use jsonschema::Validator;
use serde_json::{Value, json};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The schemas as the files hold them.
fn validators() -> BTreeMap<&'static str, Validator> {
    let read = |schema: &schemas::Schema| -> Value {
        serde_json::from_slice(&std::fs::read(root().join("schemas").join(schema.file())).unwrap()).unwrap()
    };
    schemas::all().iter().map(|schema| (schema.name, jsonschema::validator_for(&read(schema)).unwrap())).collect()
}

fn accept(validators: &BTreeMap<&str, Validator>, name: &str, value: &Value) {
    let errors: Vec<String> =
        validators[name].iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}\n{value:#}");
}

fn parsed(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn accept_run(validators: &BTreeMap<&str, Validator>, run: &Path) {
    accept(validators, "run", &parsed(&run.join("run.json")));
    for event in bench::events(run) {
        accept(validators, "event", &event);
    }
    let mut graphs = 0;
    for graph in std::fs::read_dir(run.join("graphs")).unwrap() {
        accept(validators, "graph", &parsed(&graph.unwrap().path()));
        graphs += 1;
    }
    assert!(graphs > 0);
}

#[test]
fn the_files_of_schemas_are_those_of_the_types() {
    let folder = root().join("schemas");
    let update = std::env::var_os("ESR_BENCH_UPDATE_SCHEMAS").is_some();
    let mut names = Vec::new();
    for schema in schemas::all() {
        let text = serde_json::to_string_pretty(&schema.schema).unwrap() + "\n";
        let path = folder.join(schema.file());
        if update {
            std::fs::write(&path, &text).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        let how = "`ESR_BENCH_UPDATE_SCHEMAS=1 cargo test --test formats` writes it; change the version if files that were right are not any more";
        assert!(found == text, "{} is not the schema of the types: {how}", path.display());
        names.push(schema.file());
    }
    for file in std::fs::read_dir(&folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&name) || name == "README.md", "{name} is the schema of nothing");
    }
}

#[test]
fn what_is_written_is_accepted() {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 10.0 }");
    bench.submission("b", "{ ms = 12.0 }");
    bench.submission("bad", "{ fault = \"refuse\", at = \"infer\" }");
    bench.data("Tiny", &[(8, 8), (8, 12)]);
    let common = ["a", "b", "bad", "--data", "val=Tiny", "--rounds", "2", "--baseline", "a"];
    for (shard, run) in [("1/2", "one"), ("2/2", "two")] {
        let output = bench.measure(&common).args(["--shard", shard, "--run", run]).output().unwrap();
        let (code, _, stderr) = told(&output);
        assert!(code == 0 || code == i32::from(esr_bench::exit::SOME_FAILED), "{stderr}");
    }
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_esr-bench")).args(args).current_dir(bench.path(".")).output();
        let (code, stdout, stderr) = told(&output.unwrap());
        assert_eq!(code, 0, "{args:?}: {stderr}");
        stdout
    };
    run(&["merge", "one", "two", "-o", "merged"]);
    let validators = validators();
    for name in ["one", "two", "merged"] {
        accept_run(&validators, &bench.path(name));
    }
    for args in [&["rank", "--format", "json"][..], &["rank", "--rules", "ntire2025", "--format", "json"]] {
        accept(&validators, "leaderboard", &serde_json::from_str(&run(args)).unwrap());
    }
    let mut manifests: Vec<PathBuf> = vec![bench.path("a/submission.toml")];
    let examples = std::fs::read_dir(root().join("tests/fixtures/programs")).unwrap();
    manifests.extend(examples.map(|e| e.unwrap().path().join("submission.toml")).filter(|path| path.is_file()));
    assert!(manifests.len() > 5);
    for path in manifests {
        let text = std::fs::read_to_string(&path).unwrap();
        let value = toml::from_str::<toml::Value>(&text).unwrap();
        accept(&validators, "submission", &serde_json::to_value(value).unwrap());
    }
}

#[test]
fn what_is_wrong_is_refused() {
    let validators = validators();
    let run = parsed(&root().join("tests/fixtures/runs/format_1_chained/run.json"));
    let without = |key: &str| {
        let mut value = run.clone();
        value.as_object_mut().unwrap().remove(key);
        value
    };
    let with = |key: &str, new: Value| {
        let mut value = run.clone();
        value["plan"][key] = new;
        value
    };
    let at = "2026-01-01T00:00:00Z";
    let round = json!({ "round": 0, "label": "a", "position": 0, "images": [{ "split": "val", "image": "x", "ms": [1.0], "cpu_ms": [1.0] }] });
    let mut event = round.clone();
    event["at"] = at.into();
    event["event"] = "round".into();
    accept(&validators, "event", &event);
    let mut bad_ms = event.clone();
    bad_ms["images"][0]["ms"] = json!(["fast"]);
    let mut unknown = event.clone();
    unknown["event"] = "lap".into();
    for (name, wrong) in [
        ("run", without("plan")),
        ("run", without("format")),
        ("run", with("rounds", json!("many"))),
        ("run", with("protocol", json!("guess"))),
        ("run", with("rounds", json!(-1))),
        ("event", bad_ms),
        ("event", unknown),
        ("event", json!({ "at": at, "event": "retry" })),
        (
            "graph",
            json!({ "format": 1, "network": "x", "recorded": "meta", "input": [1, 3, 8], "tensors": [], "ops": [] }),
        ),
        ("leaderboard", json!({ "rules": "ntire2022", "rows": [] })),
        ("submission", json!({ "team": "x", "model": { "card": "rlfn", "weights": "w.pth" }, "colour": "red" })),
        ("submission", json!({ "model": { "card": "rlfn", "weights": "w.pth" } })),
        ("submission", json!({ "team": "x", "scale": "four" })),
    ] {
        assert!(!validators[name].is_valid(&wrong), "{name}: {wrong}");
    }
    accept(&validators, "submission", &json!({ "team": "x", "model": { "card": "rlfn", "weights": "w.pth" } }));
    accept(
        &validators,
        "graph",
        &json!({ "format": 1, "network": "x", "recorded": "meta", "input": [1, 3, 8, 8], "tensors": [], "ops": [] }),
    );
}

#[test]
fn runs_of_every_earlier_version_are_read_shown_and_resumed() {
    for (name, chained) in [("format_1_unchained", false), ("format_1_chained", true)] {
        let fixture = root().join("tests/fixtures/runs").join(name);
        let run = Run::open(&fixture).unwrap();
        let labels: Vec<(String, usize)> = run.samples().into_iter().map(|s| (s.label, s.rounds.len())).collect();
        assert_eq!(labels, [("one".into(), 3), ("two".into(), 3), ("one (A/A control)".into(), 3)], "{name}");
        let entries = run.entries(Counter::Hook).unwrap();
        let ms: Vec<f64> = entries.iter().map(|e| e.get(Metric::RuntimeMs).unwrap()).collect();
        assert!((ms[1] / ms[0] - 1.25).abs() < 1e-9, "{name}: 12.5 ms against 10 ms");
        assert!(entries.iter().all(|e| e.get(Metric::PsnrVal).is_some() && e.get(Metric::FlopsG).is_some()));
        let verified = verify(&fixture, None).unwrap();
        assert_eq!((verified.findings, verified.chained > 0), (vec![], chained), "{name}");

        let copy = tempfile::tempdir().unwrap();
        let target = copy.path().join("run");
        assert!(Command::new("cp").arg("-r").args([&fixture, &target]).status().unwrap().success());
        let (mut writer, _) = RunWriter::resume(&target).unwrap();
        writer.append(Event::RoundsAdded { rounds: 9 }).unwrap();
        assert_eq!(Run::open(&target).unwrap().plan().rounds, 9);
        let text = std::fs::read_to_string(target.join("run.json")).unwrap();
        assert!(text.contains("\"format\": 1,"), "the manifest stays as it was");
    }
}
