//! A run that is killed at any moment goes on where it was: nothing is measured again, nothing is lost. A damaged run
//! directory is an error, never a panic.

#[path = "common/bench.rs"]
mod bench;
#[path = "common/mock.rs"]
mod mock;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bench::{Bench, events, told};
use esr_bench::graph::Counter;
use esr_bench::run::Run;
use esr_bench::run::RunWriter;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rustix::process::{Pid, Signal, kill_process};

#[test]
fn kill_9_at_random_moments_loses_nothing_and_repeats_nothing() {
    let bench = Bench::new();
    let log = bench.path("log");
    for name in ["a", "b"] {
        bench.submission(name, &format!("{{ ms = 5.0, delay_ms = 25, log = {log:?} }}"));
    }
    bench.data("Tiny", &[(8, 8), (8, 12), (8, 8)]);
    let args = ["a", "b", "--data", "Tiny", "--run", "run", "--rounds", "3", "--baseline", "a", "--resume"];
    let run = bench.path("run");
    let mut rng = rand_pcg::Pcg64::seed_from_u64(7);
    let mut kills = 0;
    for _ in 0..12 {
        let before = whole_lines(&run);
        let mut child = bench.measure(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(rng.random_range(0..900)));
        let over = child.try_wait().unwrap().is_some();
        child.kill().unwrap();
        child.wait().unwrap();
        kills += usize::from(!over);
        assert!(whole_lines(&run).starts_with(&before), "what was recorded stays recorded");
        assert!(all_gone(&log), "a worker outlived the harness");
    }
    let (code, _, stderr) = told(&bench.measure(&args).output().unwrap());
    assert_eq!(code, 0, "{stderr}");

    let mut units: BTreeMap<String, usize> = BTreeMap::new();
    for event in events(&run) {
        let unit = match event["event"].as_str().unwrap() {
            kind @ ("quality" | "memory") => format!("{kind} {} {}", event["submission"], event["image"]),
            "graph" => format!("graph {}", event["submission"]),
            "round" => format!("round {} {}", event["round"], event["label"]),
            _ => continue,
        };
        *units.entry(unit).or_default() += 1;
    }
    assert_eq!(units.len(), 2 * 3 + 2 + 2 + 3 * 3, "{units:?}");
    assert!(units.values().all(|&n| n == 1), "recorded twice: {units:?}");

    // A kill can cost the one request, or the one round, that was under way; nothing that was recorded is asked for again.
    let requests = std::fs::read_to_string(&log).unwrap();
    let asked = |kind: &str| requests.lines().filter(|l| l.split(' ').nth(1) == Some(kind)).count();
    // The reference outputs are written nowhere: each session that times something computes them again, for each submission
    // four of each image, and one for the cold start.
    let references = 2 * (3 * 4 + 1);
    let most = 6 + kills + references * (kills + 1);
    assert!((6 + references..=most).contains(&asked("infer")), "{} for 6 images, {kills} kills", asked("infer"));
    // Each block of three images is a cold start, two requests to warm up for two sizes, and three repeats of each image.
    let block = 1 + 2 + 3 * 3;
    assert!((9 * block..=(9 + kills) * block).contains(&asked("time")), "{}, {kills} kills", asked("time"));
    assert!(kills > 0, "nothing was killed: the delays are too long for this machine");
}

#[test]
fn ctrl_c_keeps_what_was_measured() {
    let bench = Bench::new();
    let log = bench.path("log");
    bench.submission("a", &format!("{{ delay_ms = 100, log = {log:?} }}"));
    bench.data("Tiny", &[(8, 8), (8, 8), (8, 8)]);
    let args = ["a", "--data", "Tiny", "--run", "run", "--rounds", "50"];
    let child = bench.measure(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    while !events(&bench.path("run")).iter().any(|e| e["event"] == "round") {
        assert!(Instant::now() < deadline, "no round was recorded");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let (code, stdout, stderr) = told(&child.wait_with_output().unwrap());
    assert_eq!(code, i32::from(esr_bench::exit::INTERRUPTED), "{stderr}");
    assert!(stdout.contains("of 50 rounds timed"), "{stdout}");
    assert!(stderr.contains("`esr-bench measure --resume --run run` resumes the run"), "{stderr}");
    assert_eq!(events(&bench.path("run")).last().unwrap()["event"], "interrupted");
    assert!(all_gone(&log));
}

#[test]
fn every_signal_gives_130_and_a_message_at_any_moment() {
    let bench = Bench::new();
    let log = bench.path("log");
    bench.submission("a", &format!("{{ delay_ms = 15, log = {log:?} }}"));
    bench.data("Tiny", &[(8, 8), (8, 8)]);
    let mut rng = rand_pcg::Pcg64::seed_from_u64(3);
    for (number, signal) in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP].into_iter().cycle().take(18).enumerate() {
        let run = format!("run{number}");
        let args = ["a", "--data", "Tiny", "--run", &run, "--rounds", "100"];
        // Most of the time a worker is starting.
        let mut measure = bench.measure(&args);
        measure.env("MOCK_START_DELAY_MS", "120").stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = measure.spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        // Before the program's own code runs, the system's default holds: that is not ours to change.
        let listens = || {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let caught = status.lines().find_map(|l| l.strip_prefix("SigCgt:")).unwrap_or_default().trim();
            u64::from_str_radix(caught, 16).is_ok_and(|caught| caught & (1 << (signal - 1)) != 0)
        };
        let deadline = Instant::now() + Duration::from_secs(60);
        while !listens() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(rng.random_range(0..900)));
        // SAFETY: kill takes numbers alone; the child is not reaped yet.
        unsafe { libc::kill(pid, signal) };
        let (code, _, stderr) = told(&child.wait_with_output().unwrap());
        assert_eq!(code, i32::from(esr_bench::exit::INTERRUPTED), "signal {signal}: {stderr}");
        assert!(stderr.contains("interrupted"), "{stderr}");
        assert!(!events(&bench.path(&run)).iter().any(|e| e["event"] == "failure"), "nobody is to blame");
    }
    assert!(all_gone(&log));
}

#[test]
fn two_measures_cannot_write_to_one_run() {
    let bench = measured();
    let copy = copied(bench);
    let (_held, _) = RunWriter::resume(copy.path()).unwrap();
    let error = RunWriter::resume(copy.path()).unwrap_err().to_string();
    assert!(error.ends_with("another `esr-bench measure` is writing to this run"), "{error}");
}

#[test]
fn a_newer_format_is_refused_and_left_as_it_is() {
    let copy = copied(measured());
    let path = copy.path().join("run.json");
    let newer = std::fs::read_to_string(&path).unwrap().replacen("\"format\": 2", "\"format\": 3", 1);
    std::fs::write(&path, &newer).unwrap();
    for error in [Run::open(copy.path()).unwrap_err(), RunWriter::resume(copy.path()).unwrap_err()] {
        let text = error.to_string();
        assert!(
            text.ends_with(
                "`format`: expected a version from 1 to 2, found 3, of another esr-bench: it is left as it is"
            ),
            "{text}"
        );
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), newer);
}

#[test]
fn a_run_of_an_older_version_is_read_and_can_grow() {
    use serde_json::Value;
    let remove = |object: &mut Value, keys: &[&str]| {
        if let Some(object) = object.as_object_mut() {
            keys.iter().for_each(|key| drop(object.remove(*key)));
        }
    };
    let copy = copied(measured());
    // What was added to format 1 since it was first written.
    let path = copy.path().join("run.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    remove(&mut manifest["plan"], &["recorded_at", "memory_split", "rules"]);
    std::fs::write(&path, manifest.to_string()).unwrap();
    let mut lines = String::new();
    for mut event in events(copy.path()) {
        remove(&mut event, &["machine", "cold_start_ms"]);
        if event["event"] == "round" {
            remove(&mut event["conditions"], &["governors", "clock_mhz", "running", "activity"]);
        }
        lines += &format!("{event}\n");
    }
    std::fs::write(copy.path().join("events.jsonl"), lines).unwrap();

    let (old, new) = (Run::open(copy.path()).unwrap(), Run::open(&measured().path("run")).unwrap());
    assert_eq!((old.plan(), old.samples(), old.images()), (new.plan(), new.samples(), new.images()));
    assert_eq!(old.entries(Counter::Hook).unwrap(), new.entries(Counter::Hook).unwrap());
    assert_eq!(old.results().machines, new.results().machines, "the machine is that of run.json");
    let (mut writer, _) = RunWriter::resume(copy.path()).unwrap();
    writer.append(esr_bench::run::Event::RoundsAdded { rounds: 9 }).unwrap();
    assert_eq!(Run::open(copy.path()).unwrap().plan().rounds, 9);
    let fewer = writer.append(esr_bench::run::Event::RoundsAdded { rounds: 8 }).unwrap_err().to_string();
    assert!(fewer.contains("8 rounds, expected 9 to "), "{fewer}");
}

#[test]
fn a_torn_last_line_is_cut_off_at_any_byte_and_a_damaged_one_in_the_middle_is_an_error() {
    let log = std::fs::read(measured().path("run").join("events.jsonl")).unwrap();
    let lines = log.iter().filter(|&&b| b == b'\n').count();
    let last = log[..log.len() - 1].iter().rposition(|&b| b == b'\n').unwrap() + 1;
    for cut in last..log.len() {
        let copy = copied(measured());
        let path = copy.path().join("events.jsonl");
        std::fs::write(&path, &log[..cut]).unwrap();
        Run::open(copy.path()).unwrap();
        let (mut recorder, torn) = RunWriter::resume(copy.path()).unwrap();
        // The whole line but for its newline is as good as the line.
        let whole = cut == log.len() - 1;
        assert_eq!(torn, if whole { 0 } else { (cut - last) as u64 });
        recorder.append(esr_bench::run::Event::Interrupted).unwrap();
        assert_eq!(events(copy.path()).len(), lines - usize::from(!whole) + 1);
    }
    let copy = copied(measured());
    let mut damaged = log;
    damaged[3] = b'\\';
    std::fs::write(copy.path().join("events.jsonl"), damaged).unwrap();
    let error = Run::open(copy.path()).unwrap_err().to_string();
    assert!(error.contains("events.jsonl:1: expected an event of a run"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_damage_makes_a_reader_panic(
        file in prop::sample::select(vec!["run.json", "events.jsonl", "graphs/a.json"]),
        cut in 0.0..1.0_f64,
        truncate in any::<bool>(),
        byte in any::<u8>(),
        swap in prop::option::of((0.0..1.0_f64, 0.0..1.0_f64)),
    ) {
        let copy = copied(measured());
        let path = copy.path().join(file);
        let mut bytes = std::fs::read(&path).unwrap();
        let at = |part: f64, len: usize| (part * len as f64) as usize;
        let place = at(cut, bytes.len());
        if truncate { bytes.truncate(place) } else { bytes[place] = byte }
        if let Some((one, other)) = swap && !bytes.is_empty() {
            let len = bytes.len();
            bytes.swap(at(one, len), at(other, len));
        }
        std::fs::write(&path, bytes).unwrap();
        if let Ok(run) = Run::open(copy.path()) {
            let _ = run.entries(Counter::Hook);
            let _ = esr_bench::measure::summary(&run, Counter::Fvcore, false);
            let _ = (run.samples(), run.images());
        }
        let _ = RunWriter::resume(copy.path());
    }
}

/// A small finished run, measured once.
fn measured() -> &'static Bench {
    static RUN: OnceLock<Bench> = OnceLock::new();
    RUN.get_or_init(|| {
        let bench = Bench::new();
        bench.submission("a", "{ ms = 5.0 }");
        bench.data("Tiny", &[(8, 8)]);
        let args = ["a", "--data", "val=Tiny", "--run", "run", "--rounds", "2", "--baseline", "a"];
        let (code, _, stderr) = told(&bench.measure(&args).output().unwrap());
        assert_eq!(code, 0, "{stderr}");
        bench
    })
}

fn copied(bench: &Bench) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    std::fs::create_dir(copy.path().join("graphs")).unwrap();
    for file in ["run.json", "events.jsonl", "graphs/a.json"] {
        std::fs::copy(bench.path("run").join(file), copy.path().join(file)).unwrap();
    }
    copy
}

fn whole_lines(run: &Path) -> Vec<String> {
    let log = std::fs::read_to_string(run.join("events.jsonl")).unwrap_or_default();
    log.split_inclusive('\n').filter(|l| l.ends_with('\n')).map(str::to_owned).collect()
}

/// Whether every worker that the log heard of ends soon.
fn all_gone(log: &Path) -> bool {
    let pids: std::collections::BTreeSet<String> = std::fs::read_to_string(log)
        .unwrap_or_default()
        .lines()
        .filter_map(|l| Some(l.split_once(' ')?.0.to_owned()))
        .collect();
    let deadline = Instant::now() + Duration::from_secs(60);
    let alive = |pid: &String| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.contains("(mock_worker)") && !stat.contains(") Z")
    };
    while pids.iter().any(alive) {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}
