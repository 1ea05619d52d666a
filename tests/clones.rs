//! Teams' Python code from end to end: an organisers' repository is imported, measured and linted. Where a test needs a Python
//! with PyTorch and there is none, it says by its name that it was skipped; under `CI=true` it fails instead.

#[path = "common/bench.rs"]
mod bench;
#[path = "common/python.rs"]
mod interpreter;
#[path = "common/mock.rs"]
mod mock;
#[path = "common/skip.rs"]
mod skip;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bench::{Bench, events, told};
use esr_bench::exit;
use esr_bench::run::Run;
use interpreter::python;
use serde_json::Value;

/// The source of the Python package, with its clone of one oddity a branch.
fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python")
}

/// The clone without weights.
fn clone(bench: &Bench) -> PathBuf {
    let root = bench.path("CLONE");
    copy(&package().join("tests/clone"), &root);
    root
}

/// The clone with the weights that the Python tests make for it.
fn clone_with_weights(bench: &Bench, python: &Path) -> PathBuf {
    let code = "import pathlib, sys; sys.path.insert(0, sys.argv[1]); import conftest; conftest.copy_clone(pathlib.Path(sys.argv[2]))";
    let made =
        Command::new(python).args(["-c", code]).arg(package().join("tests")).arg(bench.path("")).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    bench.path("CLONE")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

fn esr_bench(bench: &Bench, python: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_esr-bench"));
    command.args(args).arg("--python").arg(python).arg("--worker").arg(mock::worker());
    command.current_dir(bench.path("")).output().unwrap()
}

fn json(output: &Output) -> Value {
    let (code, stdout, stderr) = told(output);
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).unwrap()
}

/// `esr-bench measure` with the mock worker and this Python.
fn measure(bench: &Bench, python: &Path, args: &[&str]) -> Output {
    bench.measure(args).arg("--python").arg(python).output().unwrap()
}

/// The outcome of an id.
fn outcome(imported: &Value, id: i64) -> Value {
    let rows = imported["rows"].as_array().unwrap();
    rows.iter().find(|row| row["model_id"] == id).unwrap_or_else(|| panic!("no row {id}"))["outcome"].clone()
}

#[test]
fn every_network_of_a_clone_becomes_a_submission_or_a_reason() {
    let name = "every_network_of_a_clone_becomes_a_submission_or_a_reason";
    let Some(python) = python("import ast, sys; assert sys.version_info >= (3, 9)", name) else { return };
    let bench = Bench::new();
    clone(&bench);
    let import = |extra: &[&str]| {
        let args = [&["import", "CLONE", "--as", "python", "-o", "out", "--format", "json"], extra].concat();
        json(&esr_bench(&bench, &python, &args))
    };
    let some = import(&["--ids", "5,2"]);
    assert_eq!(some["rows"].as_array().unwrap().len(), 2);
    assert_eq!(outcome(&some, 5)["written"], "out/CLONE_05_Several_python");
    assert_eq!(outcome(&some, 2)["left"], "the branch makes no network");

    // What is there stays, also where somebody edited it.
    let manifest = bench.path("out/CLONE_05_Several_python/submission.toml");
    let text = std::fs::read_to_string(&manifest).unwrap().replace("Team 5", "Night Owls");
    std::fs::write(&manifest, &text).unwrap();
    let all = import(&[]);
    assert_eq!(outcome(&all, 5)["kept"], "out/CLONE_05_Several_python");
    assert_eq!(std::fs::read_to_string(&manifest).unwrap(), text);
    assert!(outcome(&all, 3)["left"].as_str().unwrap().contains("Team 3 withdrew"), "{all}");
    // Weights are found elsewhere by their names, and only what is nowhere is told as absent.
    let absent: Vec<&str> = all["absent"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect();
    assert!(absent.contains(&"model_zoo/team04_lost.pth"), "{absent:?}");
    std::fs::create_dir_all(bench.path("zoo/deep")).unwrap();
    std::fs::write(bench.path("zoo/deep/team04_lost.pth"), "weights").unwrap();
    let args = ["import", "CLONE", "--as", "python", "-o", "other", "--format", "json", "--ids", "4", "--zoo", "zoo"];
    let found = json(&esr_bench(&bench, &python, &args));
    assert_eq!(found["absent"], serde_json::json!([]), "{found}");
    assert!(!bench.path("CLONE/model_zoo").exists());

    let (code, _, stderr) = told(&esr_bench(&bench, &python, &["import", "CLONE", "--ids", "99"]));
    assert_eq!(code, i32::from(exit::BAD_INPUT));
    assert!(stderr.contains("found none with `99`; there are 0, 1, 2"), "{stderr}");
}

#[test]
fn a_python_without_torch_costs_the_rows_that_need_it() {
    let bench = Bench::new();
    let without = bench.path("python-without-torch");
    std::fs::write(&without, "#!/bin/sh\necho '{\"modules\": [\"esr_torch\"]}'\n").unwrap();
    std::fs::set_permissions(&without, std::fs::Permissions::from_mode(0o755)).unwrap();
    bench.submission("good", "{ ms = 5.0 }");
    let folder = bench.path("theirs");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("net.py"), "").unwrap();
    let manifest = "team = \"A\"\ndata_range = 1.0\n[python]\nfile = \"net.py\"\nclass = \"Net\"\n";
    std::fs::write(folder.join("submission.toml"), manifest).unwrap();
    bench.data("Tiny", &[(8, 8)]);
    let args = ["theirs", "good", "--data", "Tiny", "--run", "run", "--rounds", "1"];
    let (code, stdout, stderr) = told(&measure(&bench, &without, &args));
    assert_eq!(code, i32::from(exit::SOME_FAILED), "{stderr}");
    assert!(stdout.contains("Failed: theirs: ") && stdout.contains("has no module `torch`: run `"), "{stdout}");
    let run = Run::open(&bench.path("run")).unwrap();
    assert_eq!(run.samples().iter().map(|s| s.rounds.len()).collect::<Vec<_>>(), [0, 1]);
    assert!(run.manifest().python.is_none());
}

#[test]
fn a_clone_is_measured_beside_a_submission_of_the_other_worker() {
    let Some(python) = python("import torch, pytest", "a_clone_is_measured_beside_a_submission_of_the_other_worker")
    else {
        return;
    };
    let bench = Bench::new();
    clone_with_weights(&bench, &python);
    // A mock of network 0 in another form.
    let mock = bench.submission("mock", "{ ms = 5.0 }").join("submission.toml");
    let origin = std::fs::read_to_string(&mock).unwrap() + "[origin]\nclone = \"CLONE\"\nmodel_id = 0\n";
    std::fs::write(&mock, origin).unwrap();
    bench.data("Tiny", &[(16, 16)]);
    let args = [
        "CLONE",
        "mock",
        "--as",
        "python",
        "--ids",
        "0,2,4,8",
        "--data",
        "Tiny",
        "--run",
        "run",
        "--rounds",
        "2",
        "--warmup",
        "1",
        "--repeats",
        "1",
    ];
    let (code, stdout, stderr) = told(&measure(&bench, &python, &args));
    assert_eq!(code, i32::from(exit::SOME_FAILED), "{stderr}");
    let run = Run::open(&bench.path("run")).unwrap();
    let manifest = run.manifest();
    assert!(manifest.python.as_ref().unwrap().worker.starts_with("esr-worker-torch"), "{:?}", manifest.python);
    assert!(!manifest.worker.worker.contains("torch"), "{:?}", manifest.worker);
    assert_eq!(manifest.plan.baseline.as_deref(), Some("00_Plain_baseline"));
    // Both workers in each round, the baseline twice.
    let timed = |label: &str| run.samples().iter().find(|s| s.label == label).unwrap().rounds.len();
    assert_eq!(["00_Plain_baseline", "00_Plain_baseline (A/A control)", "mock"].map(timed), [2, 2, 2]);
    assert!(stdout.contains("model_id 2: the branch makes no network"), "{stdout}");
    let reason = |name: &str| run.results().submissions[name].failure().unwrap();
    assert!(reason("04_Lost").contains("team04_lost.pth is not there"), "{}", reason("04_Lost"));
    assert!(reason("08_Needs").contains("needs the Python module `"), "{}", reason("08_Needs"));
    // The code that was imported, and the weights, are in the record.
    let loaded = events(&bench.path("run")).into_iter().find(|e| e["event"] == "loaded").unwrap();
    let hashes = loaded["loaded"]["hashes"].as_array().unwrap();
    let has = |end: &str| hashes.iter().any(|h| h["path"].as_str().unwrap().ends_with(end) && h["sha256"] != "");
    assert!(has("test_demo.py") && has("models/team00_plain.py") && has("model_zoo/team00_plain.pth"), "{hashes:?}");
    assert_eq!(loaded["loaded"]["network"]["name"], "00_Plain_baseline");

    let forms = run.forms().unwrap();
    let [form] = &forms[..] else { panic!("one pair: {forms:?}") };
    assert_eq!(
        (form.eager.as_str(), form.other.as_str(), form.sr.images, form.sr.same),
        ("00_Plain_baseline", "mock", 1, 0)
    );
    assert!(form.sr.largest_db.unwrap() > 0.0 && form.overhead.as_ref().unwrap().rounds_ms.len() == 2);

    // The rest of a killed run needs no name again, and a file that changed is told.
    let events_file = bench.path("run/events.jsonl");
    let log = std::fs::read_to_string(&events_file).unwrap();
    let of_round_1 = |l: &&str| l.contains("\"event\":\"round\"") && l.contains("\"round\":1");
    let without: Vec<&str> = log.lines().take_while(|l| !of_round_1(l)).collect();
    std::fs::write(&events_file, without.join("\n") + "\n").unwrap();
    let code = bench.path("CLONE/models/team00_plain.py");
    std::fs::write(&code, std::fs::read_to_string(&code).unwrap() + "\n# changed\n").unwrap();
    let (_, stdout, _) = told(&measure(&bench, &python, &["--resume", "--run", "run"]));
    assert!(stdout.contains("team00_plain.py changed during the run"), "{stdout}");
}

#[test]
fn lint_takes_a_clone() {
    let Some(python) = python("import torch, pytest", "lint_takes_a_clone") else { return };
    let bench = Bench::new();
    clone_with_weights(&bench, &python);
    let args = ["lint", "CLONE", "--as", "python", "--ids", "0,2,15", "--format", "table"];
    let (code, stdout, stderr) = told(&esr_bench(&bench, &python, &args));
    assert_eq!(code, i32::from(exit::CHECK_FAILED), "{stderr}");
    assert!(stdout.contains("1 of 2 valid") && stdout.contains("model_id 2: the branch makes no network"), "{stdout}");
}
