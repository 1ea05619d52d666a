//! `esr-bench measure` and `show` from end to end, with the mock worker: every stage, every kind of failure.

#[path = "common/bench.rs"]
mod bench;
#[path = "common/mock.rs"]
mod mock;

use std::process::{Command, Output};

use bench::{Bench, events, told};
use esr_bench::exit;
use esr_bench::run::Run;

/// `esr-bench show`.
fn show(bench: &Bench, args: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_esr-bench");
    Command::new(program).arg("show").args(args).current_dir(bench.path("")).output().unwrap()
}

/// The summary without the run's folder, which differs.
fn table(stdout: &str) -> String {
    stdout.lines().filter(|l| !l.starts_with("Recorded in")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_run_measures_everything_and_says_so() {
    let bench = Bench::new();
    bench.submission("fast", "{ ms = 5.0 }");
    bench.submission("slow", "{ ms = 20.0 }");
    bench.data("Tiny", &[(16, 16), (8, 16), (8, 16)]);
    let args = ["fast", "slow", "--data", "Tiny", "--run", "run", "--rounds", "2", "--baseline", "slow"];
    let (code, stdout, stderr) = told(&bench.measure(&args).output().unwrap());
    assert_eq!(code, i32::from(exit::DONE), "{stderr}");
    insta::assert_snapshot!(table(&stdout));

    let run = Run::open(&bench.path("run")).unwrap();
    let labels: Vec<(String, usize)> = run.samples().into_iter().map(|s| (s.label, s.rounds.len())).collect();
    assert_eq!(labels, [("fast".into(), 2), ("slow".into(), 2), ("slow (A/A control)".into(), 2)]);
    let kinds = |kind: &str| events(&bench.path("run")).iter().filter(|e| e["event"] == kind).count();
    assert_eq!([kinds("quality"), kinds("memory"), kinds("graph"), kinds("round"), kinds("finished")], [6, 2, 2, 6, 1]);
    assert!(!bench.path("run/exchange.tmp").exists());
}

#[test]
fn show_has_a_fixed_header_and_full_precision() {
    let bench = Bench::new();
    bench.submission("a", "{}");
    bench.data("Tiny", &[(16, 16)]);
    let (code, _, stderr) =
        told(&bench.measure(&["a", "--data", "val=Tiny", "--run", "run", "--rounds", "1"]).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    let (_, csv, _) = told(&show(&bench, &["run", "--images", "--format", "csv"]));
    insta::assert_snapshot!(csv);
    let (_, csv, _) = told(&show(&bench, &["run", "--format", "csv"]));
    insta::assert_snapshot!(csv);
    let (_, table, _) = told(&show(&bench, &["run", "--images"]));
    insta::assert_snapshot!(table);
    let (_, json, _) = told(&show(&bench, &["run", "--images", "--format", "json"]));
    let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(rows[0]["image"], "image0");
}

#[test]
fn each_bad_submission_is_one_failure_row_and_the_others_go_on() {
    let bench = Bench::new();
    let faults = [
        ("segfault", "infer"),
        ("hang", "memory"),
        ("rubbish", "record"),
        ("exit_code", "time"),
        ("refuse", "load"),
        ("wrong_size", "infer"),
        ("cut_file", "infer"),
        ("differ", "time"),
    ];
    for (fault, at) in faults {
        bench.submission(fault, &format!("{{ fault = \"{fault}\", at = \"{at}\" }}"));
    }
    bench.submission("good", "{ ms = 5.0 }");
    bench.data("Tiny", &[(8, 8), (8, 12)]);
    let mut args: Vec<&str> = faults.iter().map(|(fault, _)| *fault).collect();
    args.extend(["good", "--data", "Tiny", "--run", "run", "--rounds", "2", "--time-limit", "10"]);
    let (code, stdout, stderr) = told(&bench.measure(&args).output().unwrap());
    assert_eq!(code, i32::from(exit::SOME_FAILED), "{stderr}");
    let failures: String = stdout.lines().filter(|l| l.starts_with("Failed")).map(|l| format!("{l}\n")).collect();
    insta::assert_snapshot!(failures);
    let good: Vec<&str> = stdout.lines().filter(|l| l.starts_with("good ")).collect();
    assert!(good.len() == 1 && !good[0].contains("failed"), "{stdout}");
    let failed = events(&bench.path("run")).iter().filter(|e| e["event"] == "failure").count();
    assert_eq!(failed, faults.len(), "one row each");
    let run = Run::open(&bench.path("run")).unwrap();
    assert_eq!(run.samples().iter().find(|s| s.label == "good").unwrap().rounds.len(), 2);
}

#[test]
fn a_resumed_run_measures_nothing_twice_and_can_retry_failures() {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 5.0 }");
    bench.submission("bad", "{ fault = \"refuse\", at = \"time\" }");
    bench.data("Tiny", &[(8, 8)]);
    let args = ["a", "bad", "--data", "Tiny", "--run", "run", "--rounds", "2"];
    assert_eq!(told(&bench.measure(&args).output().unwrap()).0, i32::from(exit::SOME_FAILED));
    let before = events(&bench.path("run"));

    let again = [&args[..], &["--resume"]].concat();
    assert_eq!(told(&bench.measure(&again).output().unwrap()).0, i32::from(exit::SOME_FAILED));
    let kinds: Vec<String> =
        events(&bench.path("run"))[before.len()..].iter().map(|e| e["event"].to_string()).collect();
    assert_eq!(kinds, ["\"started\"", "\"finished\""], "nothing was missing");

    let (code, _, stderr) = told(&bench.measure(&["--resume", "--run", "run", "--retry-failed"]).output().unwrap());
    assert_eq!(code, i32::from(exit::SOME_FAILED), "{stderr}");
    let all = events(&bench.path("run"));
    assert_eq!(all.iter().filter(|e| e["event"] == "failure").count(), 2, "it failed again");
    assert_eq!(all.iter().filter(|e| e["event"] == "round").count(), 2, "rounds of `a` were there");
}

#[test]
fn another_plan_and_changed_files_are_refused_on_resume() {
    let bench = Bench::new();
    let folder = bench.submission("a", "{}");
    bench.data("Tiny", &[(8, 8)]);
    let args = ["a", "--data", "Tiny", "--run", "run", "--rounds", "1"];
    assert_eq!(told(&bench.measure(&args).output().unwrap()).0, 0);

    let (code, _, stderr) = told(&bench.measure(&args).output().unwrap());
    assert_eq!(code, i32::from(exit::USAGE));
    assert!(stderr.contains("run is not empty") && stderr.contains("--resume"), "{stderr}");

    let more = ["a", "--data", "Tiny", "--run", "run", "--rounds", "2", "--resume"];
    let (code, _, stderr) = told(&bench.measure(&more).output().unwrap());
    assert_eq!(code, i32::from(exit::USAGE));
    assert!(stderr.contains("has other rounds, warm-up or repeats"), "{stderr}");

    std::fs::write(folder.join("weights.pth"), "others").unwrap();
    let (code, _, stderr) = told(&bench.measure(&["--resume", "--run", "run"]).output().unwrap());
    assert_eq!(code, i32::from(exit::BAD_INPUT));
    assert!(stderr.contains("weights.pth: expected the file that the run began with"), "{stderr}");
}

#[test]
fn without_data_or_weights_only_efficiency_is_measured_and_the_table_says_so() {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 5.0 }");
    let card = "title = \"Mock\"\npaper = \"none\"\nyear = 2026\narch = \"mock\"\nscale = 4\ndata_range = 1.0\n";
    std::fs::write(bench.path("mock.toml"), card).unwrap();
    let args =
        ["a", "--model", "mock.toml", "--model", "mock.toml", "--weights", "random", "--run", "run", "--rounds", "1"];
    let (code, stdout, stderr) = told(&bench.measure(&args).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    insta::assert_snapshot!(table(&stdout));
}

#[test]
fn the_published_protocol_times_one_pass_without_warm_up() {
    let bench = Bench::new();
    let log = bench.path("log");
    bench.submission("a", &format!("{{ log = {log:?} }}"));
    bench.data("Tiny", &[(8, 8), (8, 8)]);
    let args = ["a", "--data", "val=Tiny", "--run", "run", "--rounds", "3", "--protocol", "published"];
    let (code, stdout, stderr) = told(&bench.measure(&args).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("by the published protocol: one pass, first image included"), "{stdout}");
    let run = Run::open(&bench.path("run")).unwrap();
    assert!(run.samples()[0].rounds.iter().flat_map(|r| &r.images).all(|i| i.ms.len() == 1));
    assert_eq!(run.manifest().plan.warmup, 0);
    let requests = std::fs::read_to_string(log).unwrap();
    assert_eq!(requests.lines().filter(|l| l.contains(" time ")).count(), 6);
}

#[test]
fn a_run_directory_is_ranked_like_any_table() {
    let bench = Bench::new();
    bench.submission("fast", "{ ms = 5.0 }");
    bench.submission("slow", "{ ms = 20.0 }");
    bench.submission("bad", "{ fault = \"refuse\", at = \"load\" }");
    let args = ["slow", "bad", "fast", "--run", "run", "--rounds", "1"];
    assert_eq!(told(&bench.measure(&args).output().unwrap()).0, i32::from(exit::SOME_FAILED));
    let mut rank = Command::new(env!("CARGO_BIN_EXE_esr-bench"));
    rank.args(["rank", "run", "--track", "runtime", "--format", "csv"]).current_dir(bench.path(""));
    let (code, stdout, stderr) = told(&rank.output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    insta::assert_snapshot!(stdout);
}

#[test]
fn usage_errors_name_what_is_wrong() {
    let bench = Bench::new();
    bench.submission("a", "{}");
    bench.data("Tiny", &[(8, 8)]);
    let usage = i32::from(exit::USAGE);
    for (args, code, words) in [
        (&["a", "--baseline", "b"][..], usage, "no submission `b` for the baseline"),
        (&[][..], usage, "nothing to measure"),
        (&["--resume", "--run", "none"][..], usage, "no run in none"),
        (&["a", "--device", "gpu"][..], usage, "expected cpu or cuda:N"),
        (&["a", "--device", "cuda:3"][..], usage, "no device `cuda:3`; mock-worker 1 has cpu"),
        (&["a", "--data", "Tiny", "--data", "Tiny"][..], usage, "two data sets called `Tiny`"),
        (&["--model", "rlfm"][..], usage, "did you mean `rlfn`?"),
        (&["a/weights.pth"][..], i32::from(exit::BAD_INPUT), "a/weights.pth: no state dict"),
        (&["none"][..], i32::from(exit::BAD_INPUT), "none/submission.toml"),
        (&["a", "--data", "none"][..], i32::from(exit::BAD_INPUT), "none"),
    ] {
        let (found, _, stderr) = told(&bench.measure(args).output().unwrap());
        assert!(stderr.contains(words), "{args:?}: {stderr}");
        assert_eq!(found, code, "{args:?}: {stderr}");
    }
}

#[test]
fn a_worker_of_another_protocol_is_refused_before_anything_is_written() {
    let bench = Bench::new();
    bench.submission("a", "{}");
    let (code, _, stderr) = told(&bench.measure(&["a", "--run", "run"]).env("MOCK_PROTOCOL", "99").output().unwrap());
    assert_eq!(code, i32::from(exit::NO_WORKER));
    assert!(stderr.contains("speaks version 99 of the worker protocol, expected 1"), "{stderr}");
    assert!(!bench.path("run").exists());
}

#[test]
fn a_baseline_is_named_by_any_part_that_no_other_has() {
    let bench = Bench::new();
    bench.submission("04_RLFN", "{}");
    bench.submission("01_EFDN", "{}");
    bench.data("Tiny", &[(8, 8)]);
    let measure = |run: &str, part: &str| {
        let args = ["04_RLFN", "01_EFDN", "--data", "Tiny", "--run", run, "--rounds", "1", "--baseline", part];
        told(&bench.measure(&args).output().unwrap())
    };
    let (code, _, stderr) = measure("run", "rlfn");
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(Run::open(&bench.path("run")).unwrap().manifest().plan.baseline.as_deref(), Some("04_RLFN"));
    let (code, _, stderr) = measure("other", "0");
    assert_eq!(code, i32::from(exit::USAGE));
    assert!(stderr.contains("`0` for the baseline is part of several names: 04_RLFN, 01_EFDN"), "{stderr}");
    let (_, _, stderr) = measure("other", "span");
    assert!(stderr.contains("no submission `span` for the baseline"), "{stderr}");
}
