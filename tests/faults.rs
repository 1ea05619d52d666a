//! What the machine and the worker can do to a run: nothing that was measured is lost, nothing is booked on a submission that was
//! not its fault, and every command ends.

#[path = "common/bench.rs"]
mod bench;
#[path = "common/mock.rs"]
mod mock;

use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use bench::{Bench, events, told};
use esr_bench::exit;
use esr_bench::run::Run;

const PATIENCE: Duration = Duration::from_secs(120);

fn ended(command: &mut Command) -> Output {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begin = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begin.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{command:?} does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

/// Sets a limit of the kernel's for a command and what it starts. A write beyond a file's limit is cut short, the next one
/// fails: as on a full disk.
fn limited(command: &mut Command, resource: libc::__rlimit_resource_t, limit: u64) -> &mut Command {
    // SAFETY: between fork and exec only async-signal-safe calls are made: setrlimit and signal.
    unsafe {
        command.pre_exec(move || {
            libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
            let limit = libc::rlimit { rlim_cur: limit, rlim_max: limit };
            if libc::setrlimit(resource, &limit) != 0 {
                return Err(std::io::Error::last_os_error());
            }
            Ok(())
        })
    }
}

/// The run is complete and sound, whatever happened before.
fn complete(bench: &Bench, run: &str, rounds: usize, what: &str) {
    let dir = bench.path(run);
    let results = Run::open(&dir).unwrap();
    assert!(results.results().finished, "{what}");
    assert_eq!(results.results().rounds.len(), rounds, "{what}");
    assert_eq!(results.results().failed(), 0, "{what}: {:?}", results.results());
    let output = Command::new(env!("CARGO_BIN_EXE_esr-bench")).arg("verify").arg(&dir).output().unwrap();
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_write_that_is_cut_short_anywhere_loses_nothing_and_is_nobodys_failure() {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 5.0 }");
    bench.submission("b", "{ ms = 6.0 }");
    let plan = ["a", "b", "--data", "synthetic", "--rounds", "2"];
    let (code, _, stderr) = told(&ended(bench.measure(&plan).args(["--run", "whole"])));
    assert_eq!(code, 0, "{stderr}");
    // The exchange file is the largest; limits below its size, and around the log's lines, hit everything else.
    let log = std::fs::metadata(bench.path("whole/events.jsonl")).unwrap().len();
    let exchange = 256 * 256 * 3 * 17;
    let mut stopped = 0;
    for limit in (1..log + 2_000).step_by(usize::try_from(log / 12).unwrap()).chain([exchange - 1, exchange]) {
        let run = format!("limit{limit}");
        let mut command = bench.measure(&plan);
        let (code, _, stderr) = told(&ended(limited(command.args(["--run", &run]), libc::RLIMIT_FSIZE, limit)));
        assert!([0, i32::from(exit::FAILED)].contains(&code), "{limit} bytes: exit code {code}: {stderr}");
        stopped += usize::from(code != 0);
        let dir = bench.path(&run);
        assert!(events(&dir).iter().all(|event| event["event"] != "failure"), "{limit} bytes: {stderr}");
        let mut command = bench.measure(if dir.join("run.json").exists() { &["--resume"] } else { &plan });
        let (code, _, stderr) = told(&ended(command.args(["--run", &run])));
        assert_eq!(code, 0, "{limit} bytes, resumed: {stderr}");
        complete(&bench, &run, 4, &format!("{limit} bytes"));
    }
    assert!(stopped > 5, "{stopped} limits were felt");
}

#[test]
fn a_log_alone_that_hits_the_limit_goes_on_where_it_was_cut() {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 5.0 }");
    // LR of 8 x 9: the exchange file is smaller than the log, so that the log is what is cut.
    bench.data("set", &[(8, 9)]);
    let plan = ["a", "--data", "val=set", "--rounds", "12"];
    let mut torn = 0;
    for limit in (4_500..8_000).step_by(173) {
        let run = format!("limit{limit}");
        let mut command = bench.measure(&plan);
        let (code, _, stderr) = told(&ended(limited(command.args(["--run", &run]), libc::RLIMIT_FSIZE, limit)));
        assert!([0, i32::from(exit::FAILED)].contains(&code), "{limit} bytes: exit code {code}: {stderr}");
        let dir = bench.path(&run);
        let before = std::fs::read(dir.join("events.jsonl")).unwrap_or_default();
        torn += usize::from(!before.is_empty() && !before.ends_with(b"\n"));
        assert!(events(&dir).iter().all(|event| event["event"] != "failure"), "{limit} bytes: {stderr}");
        let mut command = bench.measure(if dir.join("run.json").exists() { &["--resume"] } else { &plan });
        let (code, _, stderr) = told(&ended(command.args(["--run", &run])));
        assert_eq!(code, 0, "{limit} bytes, resumed: {stderr}");
        let after = std::fs::read(dir.join("events.jsonl")).unwrap();
        let whole = before.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        assert!(after.starts_with(&before[..whole]), "{limit} bytes: events were lost");
        complete(&bench, &run, 12, &format!("{limit} bytes"));
    }
    assert!(torn > 3, "{torn} lines were cut");
}

#[test]
fn too_few_file_handles_are_the_machines_failure() {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 5.0 }");
    let plan = ["a", "--rounds", "1"];
    for handles in [3, 5, 7, 9, 11, 13, 16, 24, 64] {
        let run = format!("handles{handles}");
        let mut command = bench.measure(&plan);
        let (code, _, stderr) = told(&ended(limited(command.args(["--run", &run]), libc::RLIMIT_NOFILE, handles)));
        // A worker that cannot be started for lack of handles is one that cannot be started.
        let machine = [0, i32::from(exit::FAILED), i32::from(exit::NO_WORKER), 127];
        assert!(machine.contains(&code), "{handles} handles: exit code {code}: {stderr}");
        let dir = bench.path(&run);
        let mut command =
            bench.measure(if dir.join("run.json").exists() { &["--resume", "--retry-failed"] } else { &plan });
        let (code, _, stderr) = told(&ended(command.args(["--run", &run])));
        assert_eq!(code, 0, "{handles} handles, resumed: {stderr}");
        complete(&bench, &run, 1, &format!("{handles} handles"));
    }
}

/// Everything that a worker can do wrong, at every request that it can be asked.
#[test]
fn a_worker_that_stops_in_any_state_costs_its_own_row_alone() {
    let bench = Bench::new();
    bench.data("set", &[(8, 9), (9, 8)]);
    let faults =
        ["exit_code", "panic", "segfault", "unfinished", "rubbish", "chatter", "wrong_id", "wrong_kind", "hang"];
    let mut names = vec!["honest".to_owned()];
    bench.submission("honest", "{ ms = 5.0 }");
    for at in ["load", "infer", "memory", "record", "time"] {
        for fault in faults {
            for nth in [1, 2] {
                // One load and one record a process, and the memory of the largest image alone.
                if nth == 2 && ["load", "record", "memory"].contains(&at) {
                    continue;
                }
                let name = format!("{fault}-{at}-{nth}");
                bench.submission(&name, &format!("{{ ms = 5.0, fault = \"{fault}\", at = \"{at}\", nth = {nth} }}"));
                names.push(name);
            }
        }
    }
    let mut command = bench.measure(&["--data", "val=set", "--rounds", "1", "--time-limit", "2", "--run", "run"]);
    let (code, _, stderr) = told(&ended(command.args(&names)));
    assert_eq!(code, i32::from(exit::SOME_FAILED), "{stderr}");
    let run = Run::open(&bench.path("run")).unwrap();
    let results = run.results();
    assert!(results.finished);
    for (name, of) in &results.submissions {
        let failure = of.failure();
        if name == "honest" {
            assert_eq!(failure, None);
            assert_eq!(of.images.len(), 2);
        } else {
            let reason = failure.unwrap_or_else(|| panic!("{name} has no failure"));
            assert!(reason.len() < 600 && !reason.contains('\n'), "{name}: {reason}");
        }
    }
    // What has SR is timed, also where its memory or its operations could not be told; nothing else is.
    let timed = |label: &String| label == "honest" || label.contains("-memory-") || label.contains("-record-");
    assert!(results.rounds.keys().all(|(label, _)| timed(label)), "{:?}", results.rounds.keys());
    assert!(results.rounds.contains_key(&("honest".to_owned(), 0)));
    let output =
        Command::new(env!("CARGO_BIN_EXE_esr-bench")).args(["verify", "run"]).current_dir(bench.path(".")).output();
    assert!(output.unwrap().status.success());
}
