//! What a confined worker cannot do, and what it still can. Where the kernel has no sandbox, the tests are skipped by name.

#[expect(dead_code, reason = "shared with tests that use all of it")]
#[path = "common/bench.rs"]
mod bench;
#[path = "common/mock.rs"]
mod mock;
#[path = "common/skip.rs"]
mod skip;

use bench::{Bench, events, told};
use esr_bench::exit;
use esr_bench::worker_process::sandbox::Support;

/// Whether the kernel offers the whole sandbox; if not, says which test is skipped.
fn offered(test: &str) -> bool {
    let support = Support::probe();
    if !support.is_whole() {
        skip::skipped(test, &support.to_string());
    }
    support.is_whole()
}

/// How the attempts of a submission went, with `--sandbox MODE`.
fn attempts(mode: &str) -> Vec<String> {
    let bench = Bench::new();
    let hr = bench.data("set", &[(16, 16)]).join("HR/image0.png");
    let other = bench.submission("other", "{}").join("weights.pth");
    let written = bench.path("written");
    let list = [
        format!("read {}", bench.path("a/weights.pth").display()),
        "thread".to_owned(),
        "temporary".to_owned(),
        format!("read {}", hr.display()),
        format!("read {}", other.display()),
        format!("read {}", bench.path("run/run.json").display()),
        format!("write {}", written.display()),
        format!("write {}", bench.path("a/weights.pth").display()),
        "variable SECRET_TOKEN".to_owned(),
        "socket".to_owned(),
        "program".to_owned(),
        "session".to_owned(),
        "signal".to_owned(),
        "limits".to_owned(),
        "parent".to_owned(),
    ];
    let quoted: Vec<String> = list.iter().map(|what| format!("{what:?}")).collect();
    bench.submission("a", &format!("{{ attempts = [{}] }}", quoted.join(", ")));
    let args = ["a", "--data", "val=set", "--rounds", "1", "--run", "run"];
    let mut measure = bench.measure_in_default_sandbox(&args);
    let output = measure.args(["--sandbox", mode]).env("SECRET_TOKEN", "x").output().unwrap();
    let (code, stdout, stderr) = told(&output);
    assert_eq!(code, 0, "{stdout}{stderr}");
    let events = events(&bench.path("run"));
    let state = events.iter().find(|e| e["event"] == "started").unwrap()["sandbox"].as_str().unwrap().to_owned();
    assert_eq!(state.starts_with("off"), mode == "off", "{state}");
    let loaded = events.iter().find(|e| e["event"] == "loaded").unwrap();
    loaded["loaded"]["notes"].as_array().unwrap().iter().map(|n| n.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_confined_worker_reaches_its_own_files_alone() {
    if !offered("a_confined_worker_reaches_its_own_files_alone") {
        return;
    }
    let told = attempts("required");
    let (own, others) = told.split_at(3);
    assert_eq!(own, ["read: allowed", "thread: allowed", "temporary: allowed"]);
    for line in others {
        let absent = line.starts_with("variable") && line.contains("not found");
        let refused = line.contains("denied") || line.contains("not permitted") || absent;
        assert!(refused, "{line}: {told:?}");
    }
    assert_eq!(others.len(), 12);
}

#[test]
fn without_the_sandbox_the_same_attempts_succeed() {
    let told = attempts("off");
    // A leader of a process group cannot begin a session in any case.
    let failed: Vec<&String> = told.iter().filter(|line| !line.ends_with("allowed")).collect();
    assert!(failed.iter().all(|line| line.starts_with("session")), "{told:?}");
    assert_eq!(told.len(), 15);
}

#[test]
fn a_process_that_is_started_in_spite_of_the_sandbox_costs_one_row() {
    if !offered("a_process_that_is_started_in_spite_of_the_sandbox_costs_one_row") {
        return;
    }
    let bench = Bench::new();
    bench.submission("forks", "{ fault = \"orphan\", at = \"time\" }");
    bench.submission("honest", "{}");
    let args = ["forks", "honest", "--rounds", "1", "--run", "run"];
    let (code, stdout, stderr) = told(&bench.measure_in_default_sandbox(&args).output().unwrap());
    assert_eq!(code, i32::from(exit::SOME_FAILED), "{stdout}{stderr}");
    assert!(stdout.contains("Operation not permitted"), "{stdout}");
    let timed = |name: &str| events(&bench.path("run")).iter().any(|e| e["event"] == "round" && e["label"] == name);
    assert_eq!([timed("forks"), timed("honest")], [false, true]);
}

#[test]
fn a_worker_that_fills_the_disk_with_temporary_files_costs_one_row_and_they_are_removed() {
    if !offered("a_worker_that_fills_the_disk_with_temporary_files_costs_one_row_and_they_are_removed") {
        return;
    }
    let bench = Bench::new();
    bench.submission("fills", "{ fault = \"fill_disk\", at = \"time\" }");
    bench.submission("honest", "{}");
    let folder = bench.path("temporary");
    std::fs::create_dir(&folder).unwrap();
    let args = ["fills", "honest", "--rounds", "1", "--run", "run"];
    let (code, stdout, stderr) =
        told(&bench.measure_in_default_sandbox(&args).env("TMPDIR", &folder).output().unwrap());
    assert_eq!(code, i32::from(exit::SOME_FAILED), "{stdout}{stderr}");
    assert!(stdout.contains("80 MiB of temporary files") && stdout.contains("the limit is 64 MiB"), "{stdout}");
    let timed = |name: &str| events(&bench.path("run")).iter().any(|e| e["event"] == "round" && e["label"] == name);
    assert_eq!([timed("fills"), timed("honest")], [false, true]);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}
