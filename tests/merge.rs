//! Shards of a plan are measured apart and merged: nothing is lost, every sample keeps its origin, and the table is that of one
//! session. Runs that do not agree are refused, with the difference.

#[path = "common/bench.rs"]
mod bench;
#[path = "common/mock.rs"]
mod mock;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use bench::{Bench, events, told};
use esr_bench::graph::Counter;
use esr_bench::results::Unfit;
use esr_bench::run::{Run, RunWriter};
use esr_bench::verify::verify;
use rustix::process::{Pid, Signal, kill_process};

const COMMON: [&str; 12] =
    ["base", "b", "c", "d", "--data", "val=Tiny", "--rounds", "6", "--repeats", "2", "--baseline", "base"];

/// Four submissions and a data set of two images.
fn challenge() -> Bench {
    let bench = Bench::new();
    for (name, ms) in [("base", 10.0), ("b", 8.0), ("c", 14.0), ("d", 9.0)] {
        bench.submission(name, &format!("{{ ms = {ms:?} }}"));
    }
    bench.data("Tiny", &[(8, 8), (8, 12)]);
    bench
}

fn measured(bench: &Bench, run: &str, more: &[&str], slowness: &str) {
    let mut command = bench.measure(&COMMON);
    let output = command.args(["--run", run]).args(more).env("MOCK_SLOWNESS", slowness).output().unwrap();
    let (code, _, stderr) = told(&output);
    assert_eq!(code, 0, "{run}: {stderr}");
}

fn merge(bench: &Bench, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_esr-bench"));
    command.arg("merge").args(args).current_dir(bench.path(".")).output().unwrap()
}

fn labels(run: &Run) -> Vec<(String, usize)> {
    run.samples().into_iter().map(|samples| (samples.label, samples.rounds.len())).collect()
}

#[test]
fn shards_merge_to_the_table_of_one_session() {
    let bench = challenge();
    measured(&bench, "whole", &[], "1");
    // The second machine is slower by half.
    measured(&bench, "one", &["--shard", "1/2"], "1");
    measured(&bench, "two", &["--shard", "2/2"], "1.5");
    let (code, stdout, stderr) = told(&merge(&bench, &["two", "one", "-o", "merged"]));
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.starts_with("Merged 2 runs into merged: 4 submissions, 6 rounds of each, "), "{stdout}");

    let [whole, one, two, merged] = ["whole", "one", "two", "merged"].map(|run| Run::open(&bench.path(run)).unwrap());
    assert_eq!(
        labels(&one).iter().map(|(l, _)| l.as_str()).collect::<Vec<_>>(),
        ["base", "b", "d", "base (A/A control)"]
    );
    assert_eq!(labels(&two).iter().map(|(l, _)| l.as_str()).collect::<Vec<_>>(), ["base", "c", "base (A/A control)"]);
    assert_eq!(labels(&merged), labels(&whole));
    assert_eq!(merged.plan().submissions, whole.plan().submissions);

    // On the common scale, which is the geometric mean of both machines, ratios are those of one session.
    let scale = 1.5_f64.sqrt();
    let (of_whole, of_merged) = (whole.entries(Counter::Hook).unwrap(), merged.entries(Counter::Hook).unwrap());
    for (a, b) in of_whole.iter().zip(&of_merged) {
        assert_eq!((&a.submission, &a.notes, a.baseline), (&b.submission, &b.notes, b.baseline));
        for (metric, value) in &a.metrics {
            let factor = if metric.name().starts_with("runtime") { scale } else { 1.0 };
            let found = b.get(*metric).unwrap();
            assert!((found / (value * factor) - 1.0).abs() < 1e-12, "{} {metric}: {value}, {found}", a.submission);
        }
    }
    assert_eq!(merged.images().len(), whole.images().len());
    assert!(merged.control(Counter::Hook).unwrap().unwrap().floor() < 1e-12);
    assert!(merged.merge_notes()[0].starts_with("merged from 2 runs: a runtime is its ratio to base"));
}

#[test]
fn every_event_of_the_shards_is_there_once_with_its_origin_in_a_new_chain() {
    let bench = challenge();
    measured(&bench, "one", &["--shard", "1/2"], "1");
    measured(&bench, "two", &["--shard", "2/2"], "1");
    assert_eq!(told(&merge(&bench, &["one", "two", "-o", "merged"])).0, 0);
    let count = |run: &str| {
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for mut event in events(&bench.path(run)) {
            let object = event.as_object_mut().unwrap();
            object.remove("chain");
            let origin = object.remove("origin");
            let file = origin.map_or(run.to_owned(), |number| if number == 1 { "one".into() } else { "two".into() });
            *count.entry(format!("{file} {event}")).or_default() += 1;
        }
        count
    };
    let mut expected = count("one");
    // Of the baseline the first shard's figures count; its timings are kept of both.
    let again = |line: &String| line.contains(r#""submission":"base""#);
    expected.extend(count("two").into_iter().filter(|(line, _)| !again(line)));
    let mut found = count("merged");
    found.retain(|line, _| !line.starts_with("merged "));
    assert_eq!(found, expected);
    assert!(expected.keys().filter(|line| line.contains(r#""label":"base""#)).count() == 12, "6 rounds of 2 shards");

    let verified = verify(&bench.path("merged"), None).unwrap();
    assert_eq!((verified.findings.len(), verified.chained), (0, verified.lines));
    let merged = Run::open(&bench.path("merged")).unwrap();
    let origins = &merged.manifest().merged.as_ref().unwrap().origins;
    for (origin, run) in origins.iter().zip(["one", "two"]) {
        let head = verify(&bench.path(run), None).unwrap().head;
        assert_eq!((origin.run.as_str(), &origin.head, origin.head.is_some()), (run, &head, true));
    }
    // An edited sample shows.
    let log = bench.path("merged/events.jsonl");
    let text = std::fs::read_to_string(&log).unwrap().replacen("\"origin\":2", "\"origin\":1", 1);
    std::fs::write(&log, text).unwrap();
    assert_eq!(verify(&bench.path("merged"), None).unwrap().findings.len(), 1);
}

#[test]
fn the_merge_of_one_run_is_that_run() {
    let bench = challenge();
    measured(&bench, "one", &[], "1");
    assert_eq!(told(&merge(&bench, &["one", "-o", "merged"])).0, 0);
    let [one, merged] = ["one", "merged"].map(|run| Run::open(&bench.path(run)).unwrap());
    let of = |run: &Run| {
        run.entries(Counter::Hook).unwrap().into_iter().map(|e| (e.submission, e.notes)).collect::<Vec<_>>()
    };
    assert_eq!((of(&one), labels(&one)), (of(&merged), labels(&merged)));
    for (a, b) in one.samples().iter().zip(merged.samples()) {
        let all = |s: &esr_bench::stats::Samples| -> Vec<f64> {
            s.rounds.iter().flat_map(|r| &r.images).flat_map(|i| i.ms.clone()).collect()
        };
        assert!(all(a).iter().zip(all(&b)).all(|(x, y)| (x / y - 1.0).abs() < 1e-12), "{}", a.label);
    }
}

#[test]
fn every_reading_command_takes_a_merged_run_and_measure_does_not() {
    let bench = challenge();
    measured(&bench, "one", &["--shard", "1/2"], "1");
    measured(&bench, "two", &["--shard", "2/2"], "1.2");
    assert_eq!(told(&merge(&bench, &["one", "two", "-o", "merged"])).0, 0);
    let run = |args: &[&str]| {
        told(&Command::new(env!("CARGO_BIN_EXE_esr-bench")).args(args).current_dir(bench.path(".")).output().unwrap())
    };
    for args in [
        &["show", "merged"][..],
        &["show", "merged", "--images"],
        &["rank", "merged", "--rules", "ntire2022", "--track", "runtime", "--uncertainty"],
        &["compare", "b", "c", "--run", "merged"],
        &["verify", "merged"],
        &["report", "merged", "-o", "merged.html"],
    ] {
        let (code, stdout, stderr) = run(args);
        assert_eq!(code, 0, "{args:?}: {stdout}{stderr}");
    }
    let (_, stdout, _) = run(&["compare", "b", "c", "--run", "merged"]);
    assert!(stdout.contains("FASTER") && stdout.contains("-42."), "8 ms against 14 ms: {stdout}");
    let error = RunWriter::resume(&bench.path("merged")).unwrap_err().to_string();
    assert!(error.ends_with("was merged from others: resume those, and merge them again"), "{error}");
}

/// Replaces text in a file of a run, whose log is then not chained any more: what an earlier version wrote.
fn edit(run: &Path, from: &str, to: &str) {
    let path = run.join("run.json");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}");
    std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    let mut log = String::new();
    for mut event in events(run) {
        event.as_object_mut().unwrap().remove("chain");
        log += &format!("{event}\n");
    }
    std::fs::write(run.join("events.jsonl"), log).unwrap();
}

fn copied(bench: &Bench, from: &str, to: &str) {
    let status = Command::new("cp").args(["-r", from, to]).current_dir(bench.path(".")).status().unwrap();
    assert!(status.success());
}

#[test]
fn runs_that_do_not_agree_are_refused_with_the_difference() {
    let bench = challenge();
    measured(&bench, "one", &["--shard", "1/2"], "1");
    measured(&bench, "two", &["--shard", "2/2"], "1");
    let message = |args: &[&str]| {
        let (code, stdout, stderr) = told(&merge(&bench, &[args, &["-o", "merged"]].concat()));
        assert!(code == 2 || code == 3, "{args:?}: {code} {stdout}");
        assert!(!bench.path("merged").exists(), "nothing is left behind");
        stderr
    };
    assert!(message(&["one"]).contains("2 shards make a run: name the run directories of number 2 as well"));
    let twice = message(&["one", "one"]);
    assert!(
        twice.contains("`plan.shard.number`: expected each shard once, found 1/2, which is that of one too"),
        "{twice}"
    );

    for (from, to, expected) in [
        ("\"warmup\": 2", "\"warmup\": 3", "`plan.warmup`: expected 2, as in one, found 3"),
        (
            "\"device\": \"cpu\"",
            "\"device\": \"cuda:0\"",
            "`plan.device`: expected \"cpu\", as in one, found \"cuda:0\"",
        ),
        ("\"worker\": \"mock-worker 1\"", "\"worker\": \"mock-worker 2\"", "`worker`: expected mock-worker 1 on"),
        ("\"scale\": 4", "\"scale\": 2", "`baseline.submission.scale`: expected 4, as in one, found 2"),
        ("\"baseline\": \"base\"", "\"baseline\": null", "`plan.baseline`: expected a baseline"),
    ] {
        copied(&bench, "two", "other");
        edit(&bench.path("other"), from, to);
        let found = message(&["one", "other"]);
        assert!(found.contains(&format!("other/run.json: {expected}")), "{found}");
        std::fs::remove_dir_all(bench.path("other")).unwrap();
    }
    // The control: the same edit of nothing.
    copied(&bench, "two", "other");
    edit(&bench.path("other"), "\"warmup\": 2", "\"warmup\": 2");
    assert_eq!(told(&merge(&bench, &["one", "other", "-o", "good"])).0, 0);

    let log = bench.path("other/events.jsonl");
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, &text[..text.trim_end().rfind('\n').unwrap() + 1]).unwrap();
    assert!(message(&["one", "other"]).contains("expected a finished run, found one with work left"));

    let log = bench.path("two/events.jsonl");
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, text.replacen("\"position\":0", "\"position\":1", 1)).unwrap();
    assert!(
        message(&["one", "two"])
            .contains("expected a line that follows from the one before it, found one that was edited")
    );
}

#[test]
fn another_type_of_machine_is_refused_or_marked_and_another_host_is_not() {
    let bench = challenge();
    measured(&bench, "one", &["--shard", "1/2"], "1");
    measured(&bench, "two", &["--shard", "2/2"], "1");
    let cpu = Run::open(&bench.path("two")).unwrap().manifest().machine.cpu.model.clone();
    let host = Run::open(&bench.path("two")).unwrap().manifest().machine.host.clone();
    let (Some(cpu), Some(host)) = (cpu, host) else { return };
    let replace = |old: &str| {
        for file in ["run.json", "events.jsonl"] {
            let path = bench.path("two").join(file);
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, text.replace(&format!("\"{old}\""), "\"another\"")).unwrap();
        }
        edit(&bench.path("two"), "another", "another");
    };
    replace(&host);
    assert_eq!(told(&merge(&bench, &["one", "two", "-o", "hosts"])).0, 0);
    let hosts = Run::open(&bench.path("hosts")).unwrap();
    assert_eq!(hosts.results().machines.len(), 1, "two machines of one type");

    replace(&cpu);
    let (code, _, stderr) = told(&merge(&bench, &["one", "two", "-o", "types"]));
    assert_eq!(code, 2);
    assert!(stderr.contains("another type of machine than one (CPU: ") && stderr.contains("another here"), "{stderr}");
    let (code, _, stderr) = told(&merge(&bench, &["one", "two", "-o", "types", "--allow-machine-change"]));
    assert!(code == 0 && stderr.starts_with("note: two: CPU: "), "{stderr}");
    let types = Run::open(&bench.path("types")).unwrap();
    let reasons = types.fitness(Counter::Hook).unwrap().reasons;
    assert!(reasons.contains(&Unfit::MachineChanged { machines: 2 }), "{reasons:?}");
    assert!(types.merge_notes()[1].starts_with("the merged runs differ: two: CPU"));
}

#[test]
fn a_shard_is_resumed_and_its_options_are_checked() {
    let bench = challenge();
    measured(&bench, "one", &["--shard", "1/2"], "1");
    measured(&bench, "one", &["--shard", "1/2", "--resume"], "1");
    let refused = |args: &[&str]| {
        let (code, _, stderr) = told(&bench.measure(args).output().unwrap());
        assert_eq!(code, 2, "{args:?}: {stderr}");
        stderr
    };
    let other = refused(&["--run", "one", "--resume", "--shard", "2/2"]);
    assert!(other.contains("--shard: the run in one was planned with 1/2, found 2/2"), "{other}");
    let alone = refused(&["base", "b", "--shard", "1/2"]);
    assert!(alone.contains("--shard needs `--baseline NAME`"), "{alone}");
    let many = refused(&["base", "b", "--baseline", "base", "--shard", "1/2"]);
    assert!(many.contains("--shard 1/2: 1 submissions besides the baseline make at most 1 shards"), "{many}");
}

/// Ends a worker by a signal while rounds are timed, and the harness a moment later. Without the harness: workers, until one of
/// them is a failure, as a start that is killed is tried again.
fn worker_ended(run: &str, harness_too: bool) -> Vec<serde_json::Value> {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 10.0, delay_ms = 100 }");
    bench.data("Tiny", &[(8, 8), (8, 8)]);
    let args = ["a", "--data", "Tiny", "--rounds", "20", "--run", run];
    let mut child = bench.measure(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    let pid = |id: u32| Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
    let harness = pid(child.id());
    let worker = || -> Option<u32> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", harness.as_raw_nonzero())).ok()?;
        let children = |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("children")).ok();
        threads.flatten().filter_map(children).find_map(|ids| ids.split_whitespace().next()?.parse().ok())
    };
    let seen = |kind: &str| events(&bench.path(run)).iter().any(|e| e["event"] == kind);
    while !seen("round") {
        assert!(Instant::now() < deadline, "no round was timed");
        std::thread::sleep(Duration::from_millis(5));
    }
    while child.try_wait().unwrap().is_none() && !seen("failure") {
        let Some(worker) = worker() else { continue };
        // It has said hello by then.
        std::thread::sleep(Duration::from_millis(150));
        let _ = kill_process(pid(worker), Signal::TERM);
        std::thread::sleep(Duration::from_millis(100));
        if harness_too {
            kill_process(harness, Signal::TERM).unwrap();
            break;
        }
    }
    child.wait().unwrap();
    events(&bench.path(run))
}

#[test]
fn a_job_that_is_ended_as_a_whole_blames_no_submission() {
    let events = worker_ended("job", true);
    assert!(!events.iter().any(|e| e["event"] == "failure"), "{events:#?}");
    assert_eq!(events.last().unwrap()["event"], "interrupted");
    let events = worker_ended("worker", false);
    let failure = events.iter().find(|e| e["event"] == "failure").expect("a worker that is killed alone is a failure");
    assert!(failure["reason"].as_str().unwrap().contains("was killed by SIGTERM"), "{failure}");
}
