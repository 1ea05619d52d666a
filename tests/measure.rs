//! `esr-bench measure` and `show` from end to end, with the mock worker: every stage, every kind of failure.

#[path = "common/bench.rs"]
mod bench;
#[path = "common/mock.rs"]
mod mock;
#[path = "common/skip.rs"]
mod skip;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use bench::{Bench, events, told};
use esr_bench::entry::Metric;
use esr_bench::exit;
use esr_bench::graph::Counter;
use esr_bench::run::Run;
use esr_bench::stats::Protocol;
use serde_json::Value;

/// `esr-bench show`.
fn show(bench: &Bench, args: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_esr-bench");
    Command::new(program).arg("show").args(args).current_dir(bench.path("")).output().unwrap()
}

/// The summary without the run's folder, which differs, and without the verdict above it, which depends on what else the
/// machine does.
fn table(stdout: &str) -> String {
    let (verdict, rest) = stdout.split_once("\n\n").unwrap();
    assert!(verdict.starts_with("NOT FIT TO RANK"), "few rounds are never fit: {verdict}");
    rest.lines().filter(|l| !l.starts_with("Recorded in")).collect::<Vec<_>>().join("\n")
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

    for (option, value, planned) in [
        ("--device", "cuda:3", "cpu"),
        ("--seed", "9", "0"),
        ("--baseline", "nosuch", "none"),
        ("--warmup", "5", "2"),
        ("--data", "Other", "Tiny/image0"),
    ] {
        bench.data("Other", &[(8, 8)]);
        let (code, _, stderr) = told(&bench.measure(&["--resume", "--run", "run", option, value]).output().unwrap());
        assert_eq!(code, i32::from(exit::USAGE), "{option}: {stderr}");
        assert!(stderr.contains(&format!("{option}: the run in run was planned with {planned}, found ")), "{stderr}");
    }
    let fewer = ["--resume", "--run", "run", "--rounds", "0"];
    let (code, _, stderr) = told(&bench.measure(&fewer).output().unwrap());
    assert_eq!(code, i32::from(exit::USAGE));
    assert!(stderr.contains("rounds can only be added"), "{stderr}");
    let agreed = ["a", "--data", "Tiny", "--run", "run", "--rounds", "1", "--seed", "0", "--device", "cpu", "--resume"];
    let (code, _, stderr) = told(&bench.measure(&agreed).output().unwrap());
    assert_eq!(code, 0, "{stderr}");

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
fn rounds_grow_by_an_event_and_the_manifest_stays_as_it_was() {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 5.0 }");
    bench.data("Tiny", &[(8, 8)]);
    let args = ["a", "--data", "Tiny", "--run", "run", "--rounds", "1", "--baseline", "a"];
    assert_eq!(told(&bench.measure(&args).output().unwrap()).0, 0);
    let manifest = std::fs::read_to_string(bench.path("run/run.json")).unwrap();
    for (more, rounds) in [(["--rounds", "3"], 3), (["--add-rounds", "2"], 5), (["--rounds", "5"], 5)] {
        let args = [&["--resume", "--run", "run"][..], &more].concat();
        let (code, stdout, stderr) = told(&bench.measure(&args).output().unwrap());
        assert_eq!(code, 0, "{stderr}");
        assert!(stdout.contains(&format!("median of {rounds} rounds")), "{stdout}");
        let run = Run::open(&bench.path("run")).unwrap();
        let counts: Vec<usize> = run.samples().iter().map(|s| s.rounds.len()).collect();
        assert_eq!(counts, [rounds, rounds], "of the baseline and its control");
    }
    assert_eq!(std::fs::read_to_string(bench.path("run/run.json")).unwrap(), manifest);
    let added = events(&bench.path("run")).iter().filter(|e| e["event"] == "rounds_added").count();
    assert_eq!(added, 2, "the third asked for what was there");
}

#[test]
fn runtime_is_ranked_by_the_splits_of_the_rules_and_others_are_shown() {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 64.0 }");
    for (name, size) in [("A", (16, 16)), ("B", (16, 32)), ("C", (64, 64))] {
        bench.data(name, &[size]);
    }
    let splits = ["--data", "val=A", "--data", "test=B", "--data", "other=C"];
    let args = [&["a", "--run", "run", "--rounds", "1", "--repeats", "1"][..], &splits].concat();
    let (code, stdout, stderr) = told(&bench.measure(&args).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    // 64 ms are those of 128 x 128: 1 ms, 2 ms and 16 ms.
    let run = Run::open(&bench.path("run")).unwrap();
    let entry = &run.entries(Counter::Hook).unwrap()[0];
    let of = |metric| entry.get(metric).unwrap();
    assert_eq!([of(Metric::RuntimeMs), of(Metric::RuntimeValMs), of(Metric::RuntimeTestMs)], [1.5, 1.0, 2.0]);
    assert!(!entry.notes.iter().any(|note| note.starts_with("runtime is")), "{:?}", entry.notes);
    assert!(stdout.contains("other [ms]") && stdout.contains("16.00"), "{stdout}");
    assert!(stdout.contains("mean over the images of val and test,"), "{stdout}");
    let ranked = run.ranked_samples(Counter::Hook);
    assert!(ranked[0].rounds[0].images.iter().all(|image| image.split != "other"), "uncertainty sees the same splits");

    let args = ["a", "--run", "elsewhere", "--rounds", "1", "--repeats", "1", "--data", "other=C"];
    assert_eq!(told(&bench.measure(&args).output().unwrap()).0, 0);
    let entry = &Run::open(&bench.path("elsewhere")).unwrap().entries(Counter::Hook).unwrap()[0];
    assert_eq!(entry.get(Metric::RuntimeMs), Some(16.0));
    assert!(entry.notes.contains(&"runtime is that of other".to_owned()), "{:?}", entry.notes);
}

/// Makes a run say that it was measured on the host `host`.
fn move_to(run: &Path, host: &str) {
    let path = run.join("run.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    manifest["machine"]["host"] = host.into();
    std::fs::write(&path, manifest.to_string()).unwrap();
    rewrite(run, |event| {
        if let Some(machine) = event.get_mut("machine") {
            machine["host"] = host.into();
        }
    });
}

/// Changes every event of a run.
fn rewrite(run: &Path, change: impl Fn(&mut Value)) {
    let mut all = events(run);
    all.iter_mut().for_each(change);
    let lines: String = all.iter().map(|event| format!("{event}\n")).collect();
    std::fs::write(run.join("events.jsonl"), lines).unwrap();
}

#[test]
fn another_machine_is_refused_unless_allowed_and_then_every_table_says_so() {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 5.0 }");
    let run = bench.path("run");
    assert_eq!(told(&bench.measure(&["a", "--run", "run", "--rounds", "1"]).output().unwrap()).0, 0);
    let started = &events(&run)[0]["machine"];
    assert!(started.is_object(), "each session names its machine: {started}");
    let more = ["--resume", "--run", "run", "--add-rounds", "1"];
    assert_eq!(told(&bench.measure(&more).output().unwrap()).0, 0, "the same machine is no change");

    move_to(&run, "elsewhere");
    let (code, _, stderr) = told(&bench.measure(&more).output().unwrap());
    assert_eq!(code, i32::from(exit::USAGE), "{stderr}");
    assert!(stderr.contains("on another machine (host: elsewhere before, "), "{stderr}");

    let allowed = [&more[..], &["--allow-machine-change"]].concat();
    let (code, stdout, stderr) = told(&bench.measure(&allowed).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("igures of 2 machines are mixed: elsewhere"), "{stdout}");
    let (code, stdout, stderr) = told(&rank(&bench, &["run", "--track", "runtime"]).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("figures of 2 machines are mixed"), "{stdout}");
    assert!(stdout.contains("measured on 2 machines: measure all of them on one"), "{stdout}");
    assert_eq!(told(&bench.measure(&more).output().unwrap()).0, 0, "a machine that was allowed before");
}

fn rank(bench: &Bench, args: &[&str]) -> Command {
    let mut rank = Command::new(env!("CARGO_BIN_EXE_esr-bench"));
    rank.arg("rank").args(args).current_dir(bench.path(""));
    rank
}

#[test]
fn a_graph_that_is_not_the_recorded_one_is_refused() {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 5.0 }");
    assert_eq!(told(&bench.measure(&["a", "--run", "run", "--rounds", "1"]).output().unwrap()).0, 0);
    assert_eq!(told(&rank(&bench, &["run", "--track", "runtime"]).output().unwrap()).0, 0);
    let path = bench.path("run/graphs/a.json");
    let graph = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, graph.replacen("[1,3,256,256]", "[1,3,128,128]", 1)).unwrap();
    let (code, _, stderr) = told(&rank(&bench, &["run", "--track", "runtime"]).output().unwrap());
    assert_eq!(code, i32::from(exit::BAD_INPUT));
    assert!(stderr.contains("graphs/a.json: expected the graph that the run recorded (SHA-256 "), "{stderr}");
}

#[test]
fn rules_give_the_defaults_and_a_departure_from_them_is_told() {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 5.0 }");
    let (code, _, stderr) = told(&bench.measure(&["a", "--run", "ruled", "--rules", "ntire2024"]).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    let plan = Run::open(&bench.path("ruled")).unwrap().plan().clone();
    assert_eq!((plan.rounds, plan.protocol, plan.rules.as_deref()), (5, Protocol::Published, Some("ntire2024")));
    assert_eq!(
        (plan.recorded_at, plan.switches.tf32_conv),
        ([256, 256], None),
        "switches of a GPU stay out of a CPU's run"
    );
    let by_2024 = |run| told(&rank(&bench, &[run, "--rules", "ntire2024", "--track", "runtime"]).output().unwrap()).1;
    assert!(!by_2024("ruled").contains("departs"), "{}", by_2024("ruled"));

    let own = std::fs::read_to_string("challenges/ntire2024/rules.toml").unwrap();
    let own = own.replacen("input = [3, 256, 256]", "input = [3, 64, 96]", 1).replacen(
        "warm_up = false",
        "warm_up = true",
        1,
    );
    std::fs::write(bench.path("own.toml"), own).unwrap();
    let args = ["a", "--run", "own", "--rules", "own.toml", "--rounds", "1"];
    let (code, _, stderr) = told(&bench.measure(&args).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    let run = Run::open(&bench.path("own")).unwrap();
    assert_eq!((run.plan().protocol, run.graph("a").unwrap().unwrap().input), (Protocol::Robust, [1, 3, 64, 96]));
    let told = by_2024("own");
    for words in [
        "the run departs from the rules: timed by the robust protocol, the rules have the published one",
        "the run departs from the rules: rounds: 1, the rules have 5",
        "the run departs from the rules: operations recorded at 64 x 96, the rules count at 256 x 256",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    std::fs::write(bench.path("idle.toml"), "[runtime]\nsummary = \"median\"\n").unwrap();
    let mut check = Command::new(env!("CARGO_BIN_EXE_esr-bench"));
    let output = check.args(["rules", "check", "idle.toml"]).current_dir(bench.path("")).output().unwrap();
    assert_eq!(output.status.code(), Some(i32::from(exit::CHECK_FAILED)));
    assert!(String::from_utf8_lossy(&output.stdout).contains("the unknown key `summary`"));
}

#[test]
fn a_session_says_whether_it_is_fit_to_rank() {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 5.0 }");
    bench.submission("b", "{ ms = 9.0 }");
    let args = ["a", "b", "--run", "run", "--baseline", "a", "--rounds", "6", "--repeats", "1"];
    assert_eq!(told(&bench.measure(&args).output().unwrap()).0, 0);
    // What else this machine did meanwhile is not what is tested here.
    rewrite(&bench.path("run"), |event| drop(event.as_object_mut().unwrap().remove("conditions")));
    let (code, stdout, stderr) = told(&rank(&bench, &["run", "--track", "runtime", "--require-fit"]).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.starts_with("run: FIT TO RANK: 6 rounds; one network differs from itself by 0.0 %\n"), "{stdout}");
    assert!(told(&show(&bench, &["run"])).1.starts_with("FIT TO RANK"), "the first line of every table");

    // The control of three rounds of six took twice as long.
    rewrite(&bench.path("run"), |event| {
        if event["label"] == "a (A/A control)" && event["round"].as_u64().unwrap() >= 2 {
            event["images"][0]["ms"][0] = 10.0.into();
        }
    });
    let require = ["run", "--track", "runtime", "--require-fit"];
    let (code, stdout, _) = told(&rank(&bench, &require).output().unwrap());
    assert_eq!(code, i32::from(exit::CHECK_FAILED));
    assert!(stdout.starts_with("run: NOT FIT TO RANK, for"), "{stdout}");
    assert!(stdout.contains("the baseline differs from itself by "), "{stdout}");
    assert!(stdout.contains("Runtime [ms]"), "the table is printed all the same: {stdout}");
    let (code, _, _) = told(&rank(&bench, &require[..3]).output().unwrap());
    assert_eq!(code, 0, "without the option the verdict is only told");
    let (code, _, stderr) = told(&rank(&bench, &["ntire2022", "--require-fit"]).output().unwrap());
    assert_eq!(code, i32::from(exit::USAGE), "{stderr}");
}

#[test]
fn measure_and_compare_print_one_figure_for_the_control() {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 5.0 }");
    let args = ["a", "--run", "run", "--baseline", "a", "--rounds", "6", "--repeats", "1"];
    assert_eq!(told(&bench.measure(&args).output().unwrap()).0, 0);
    // Rounds drift by far more than the two labels differ within a round: the ratio of medians is another figure.
    let base = [10.0, 14.0, 10.1, 20.0, 10.2, 31.0];
    let ratio = [1.30, 1.01, 1.01, 1.01, 1.30, 1.01];
    rewrite(&bench.path("run"), |event| {
        if let Some(round) = event["round"].as_u64().map(|round| round as usize) {
            let control = event["label"] == "a (A/A control)";
            event["images"][0]["ms"][0] = (base[round] * if control { ratio[round] } else { 1.0 }).into();
        }
    });
    let (_, shown, _) = told(&show(&bench, &["run"]));
    assert!(shown.contains("A/A control: a differs from itself by 1.00 %"), "{shown}");
    let mut compare = Command::new(env!("CARGO_BIN_EXE_esr-bench"));
    compare.args(["compare", "a", "a (A/A control)", "--run", "run"]).current_dir(bench.path(""));
    let (_, compared, stderr) = told(&compare.output().unwrap());
    assert!(compared.contains("A/A control 1.00 %"), "{compared}{stderr}");
}

#[test]
fn a_worker_that_is_killed_while_it_starts_costs_one_row() {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 5.0 }");
    bench.submission("b", "{ ms = 9.0 }");
    let mut measure = bench.measure(&["a", "b", "--run", "run", "--rounds", "1"]);
    // The first start is for the manifest; the second one is the quality pass of `a`.
    measure.env("MOCK_STARTS", bench.path("starts")).env("MOCK_KILLED_START", "2");
    let (code, stdout, stderr) = told(&measure.output().unwrap());
    assert_eq!(code, i32::from(exit::SOME_FAILED), "{stderr}");
    assert!(stdout.contains("Failed: a: the worker was killed by SIGKILL"), "{stdout}");
    let failures = events(&bench.path("run")).iter().filter(|e| e["event"] == "failure").count();
    let rounds = events(&bench.path("run")).iter().filter(|e| e["event"] == "round").count();
    assert_eq!((failures, rounds), (1, 1), "`b` went on");
}

#[test]
fn a_log_that_cannot_grow_is_the_machines_failure_and_nobody_elses() {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 5.0 }");
    bench.data("Tiny", &[(8, 8)]);
    let args = ["a", "--data", "Tiny", "--run", "run", "--rounds", "200", "--repeats", "30"];
    let measure = bench.measure(&args);
    // Files of at most 32 or 64 KiB, by the shell.
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -f 64; trap '' XFSZ; exec \"$@\"", "sh"]).arg(measure.get_program());
    limited.args(measure.get_args()).current_dir(bench.path(""));
    let (code, _, stderr) = told(&limited.output().unwrap());
    assert_eq!(code, i32::from(exit::FAILED), "{stderr}");
    assert!(stderr.contains("cannot write run/events.jsonl"), "{stderr}");
    assert!(!events(&bench.path("run")).iter().any(|e| e["event"] == "failure"));
    // With space again the run goes on where it was.
    let more = ["--resume", "--run", "run"];
    let mut child = bench.measure(&more).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let before = events(&bench.path("run")).len();
    let deadline = Instant::now() + Duration::from_secs(60);
    while events(&bench.path("run")).len() < before + 2 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(events(&bench.path("run")).len() >= before + 2);
}

#[test]
fn pixels_on_a_full_disk_are_the_machines_failure_and_nobody_elses() {
    let bench = Bench::new();
    let own = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", script, "sh"]).current_dir(bench.path(""));
        command
    };
    std::fs::create_dir(bench.path("run")).unwrap();
    let mount = "mount -t tmpfs -o size=300k tmpfs run";
    if !own(mount).output().is_ok_and(|output| output.status.success()) {
        let name = "pixels_on_a_full_disk_are_the_machines_failure_and_nobody_elses";
        skip::skipped(name, "no file system can be mounted");
        return;
    }
    bench.submission("a", "{ ms = 5.0 }");
    bench.data("Large", &[(96, 96)]);
    let measure = bench.measure(&["a", "--data", "Large", "--run", "run", "--rounds", "1"]);
    let mut full = own(&format!("{mount} && {{ \"$@\"; code=$?; cat run/events.jsonl; exit $code; }}"));
    full.arg(measure.get_program()).args(measure.get_args());
    let (code, stdout, stderr) = told(&full.output().unwrap());
    assert_eq!(code, i32::from(exit::FAILED), "{stderr}");
    assert!(stderr.contains("No space left on device"), "{stderr}");
    assert!(stdout.contains("\"started\"") && !stdout.contains("\"failure\""), "{stdout}");
}

#[test]
fn every_file_of_a_run_honours_the_umask() {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 5.0 }");
    for (umask, mode) in [("077", 0o600), ("022", 0o644)] {
        let measure = bench.measure(&["a", "--run", umask, "--rounds", "1"]);
        let mut masked = Command::new("sh");
        masked.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]).arg(measure.get_program());
        masked.args(measure.get_args()).current_dir(bench.path(""));
        assert_eq!(told(&masked.output().unwrap()).0, 0);
        for file in ["run.json", "events.jsonl", "graphs/a.json"] {
            let found = std::fs::metadata(bench.path(umask).join(file)).unwrap().permissions().mode() & 0o777;
            assert_eq!(found, mode, "{file} under {umask}: {found:o}");
        }
    }
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
