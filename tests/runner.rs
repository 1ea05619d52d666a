//! Whatever a worker does, the harness gets a reason in one line, and no process is left behind.

#[path = "common/mock.rs"]
mod mock;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use esr_bench::protocol::{Load, Network, Reply, Request, Slot, Switches, Weights};
use esr_bench::worker_process::Exchange;
use esr_bench::worker_process::Failure;
use esr_bench::worker_process::Worker;
use esr_bench::worker_process::{Launch, Limits};
use serde_json::{Value, json};

fn start(limits: Limits) -> Worker {
    let launch = Launch::new(mock::worker().to_path_buf(), limits);
    Worker::start(&launch, Arc::default()).unwrap()
}

fn generous() -> Limits {
    Limits::default()
}

fn load(script: Value) -> Request {
    let Value::Object(config) = script else { panic!("a script is an object") };
    Request::Load(Box::new(Load {
        network: Network::Registry { arch: "mock".into(), config, weights: Weights::Random { seed: 0 } },
        device: "cpu".into(),
        scale: 4,
        data_range: 1.0,
        tile: None,
        switches: Switches::default(),
    }))
}

fn slot(folder: &Path) -> (Exchange, Slot) {
    let exchange = Exchange::create(&folder.join("exchange")).unwrap();
    let slot = exchange.put(&[7; 2 * 3 * 3], 2, 3, 4).unwrap();
    (exchange, slot)
}

/// What becomes of a `time` request that goes wrong as `fault` says.
fn fault(fault: &str, limits: Limits) -> Failure {
    let folder = tempfile::tempdir().unwrap();
    let (_exchange, slot) = slot(folder.path());
    let mut worker = start(limits);
    worker.request(&load(json!({ "fault": fault })), "loading").unwrap();
    let request = Request::Time { slot, warmup: 0, repeats: 1 };
    match worker.request(&request, "timing baby") {
        Err(failure) => failure,
        Ok(_) => worker.finish("the end").unwrap_err(),
    }
}

#[test]
fn pixels_go_out_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let (exchange, slot) = slot(folder.path());
    let mut worker = start(generous());
    assert_eq!(worker.hello().worker, "mock-worker 1");
    worker.request(&load(json!({})), "loading").unwrap();
    let Reply::Inferred(inferred) = worker.request(&Request::Infer { slot: slot.clone() }, "a test").unwrap() else {
        panic!("not a reply to infer")
    };
    assert_eq!((inferred.height, inferred.width), (8, 12));
    assert_eq!(exchange.take(&slot, 8, 12).unwrap(), Some(vec![7; 8 * 12 * 3]));
    assert_eq!(exchange.take(&slot, 9, 12).unwrap(), None, "there is no more than the slot holds");
    worker.finish("a test").unwrap();
}

#[test]
fn every_way_to_fail_has_its_reason() {
    let reason = |name| fault(name, generous()).to_string();
    assert_eq!(
        reason("segfault"),
        "the worker was killed by SIGSEGV (invalid memory access) during timing baby; it last said: about to read a null pointer"
    );
    let panicked = reason("panic");
    assert!(
        panicked.starts_with("the worker ended with exit code 101 during timing baby; it last said: "),
        "{panicked}"
    );
    assert!(panicked.ends_with("a tensor of the wrong shape"), "{panicked}");
    assert_eq!(reason("exit_code"), "the worker ended with exit code 9 during timing baby");
    assert_eq!(
        reason("rubbish"),
        "stray output during timing baby: the line \"Segmentation maps: 3\" (expected value at line 1 column 1)"
    );
    assert_eq!(reason("unfinished"), "stray output during timing baby: an unfinished line: \"{\\\"id\\\":\"");
    let chatter = reason("chatter");
    assert!(chatter.starts_with("stray output during the end: the "), "{chatter}");
    assert!(chatter.contains("line \"done with time\""), "{chatter}");
    assert_eq!(reason("wrong_id"), "stray output during timing baby: a reply to request 4, expected one to request 3");
    assert_eq!(reason("refuse"), "the network threw: shape mismatch");
}

#[test]
fn a_hanging_worker_is_killed_at_the_time_limit() {
    let limits = Limits { forward: Duration::from_millis(300), ..generous() };
    assert_eq!(fault("hang", limits).to_string(), "no answer within 0.3 s during timing baby");
}

#[test]
fn a_greedy_worker_is_killed_at_the_memory_limit() {
    let limits = Limits { memory: Some(256 << 20), ..generous() };
    let failure = fault("allocate", limits);
    assert!(matches!(failure, Failure::OverMemory { resident, .. } if resident > 256 << 20), "{failure}");
    assert!(failure.to_string().ends_with("of memory during timing baby, the limit is 256 MiB"), "{failure}");
}

/// A worker that goes wrong as `fault` says in its answer to `exit`.
fn fault_at_exit(fault: &str, limits: Limits) -> Result<(), Failure> {
    let mut worker = start(limits);
    worker.request(&load(json!({ "fault": fault, "at": "exit" })), "loading").unwrap();
    worker.finish("the end")
}

#[test]
fn a_worker_that_does_not_exit_costs_the_time_limit_and_no_more() {
    let limits = Limits { forward: Duration::from_millis(300), ..generous() };
    let begin = Instant::now();
    let failure = fault_at_exit("linger", limits).unwrap_err();
    assert_eq!(failure.to_string(), "no answer within 0.3 s during the end");
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
}

#[test]
fn a_child_that_holds_stdout_open_is_not_waited_for() {
    let begin = Instant::now();
    assert_eq!(fault_at_exit("orphan", generous()), Ok(()));
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    // The same while an answer is due: the worker's end is noticed although its output never ends.
    let folder = tempfile::tempdir().unwrap();
    let (_exchange, slot) = slot(folder.path());
    let mut worker = start(generous());
    worker.request(&load(json!({ "fault": "orphan", "at": "load" })), "loading").unwrap();
    worker.request(&load(json!({ "fault": "exit_code" })), "loading").unwrap();
    let failure = worker.request(&Request::Time { slot, warmup: 0, repeats: 1 }, "timing baby").unwrap_err();
    assert_eq!(failure.to_string(), "the worker ended with exit code 9 during timing baby");
    assert!(begin.elapsed() < Duration::from_secs(18), "{:?}", begin.elapsed());
}

#[test]
fn a_worker_that_left_its_process_group_is_killed_all_the_same() {
    let limits = Limits { forward: Duration::from_millis(300), ..generous() };
    let begin = Instant::now();
    assert_eq!(fault("regroup", limits).to_string(), "no answer within 0.3 s during timing baby");
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
}

#[test]
fn an_interrupt_ends_the_wait() {
    let interrupt = Arc::new(AtomicBool::new(false));
    let launch = Launch::new(mock::worker().to_path_buf(), generous());
    let mut worker = Worker::start(&launch, interrupt.clone()).unwrap();
    interrupt.store(true, Ordering::Relaxed);
    let request = load(json!({ "fault": "hang", "at": "load" }));
    assert_eq!(worker.request(&request, "loading"), Err(Failure::Interrupted));
}

#[test]
fn a_refusal_leaves_the_worker_alive_and_a_death_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let (_exchange, slot) = slot(folder.path());
    let mut worker = start(generous());
    worker.request(&load(json!({ "fault": "refuse", "at": "infer" })), "loading").unwrap();
    let infer = Request::Infer { slot };
    assert!(matches!(worker.request(&infer, "a test"), Err(Failure::Refused(_))));
    assert!(worker.request(&infer, "a test").is_ok());
    worker.request(&load(json!({ "fault": "segfault", "at": "infer", "nth": 3 })), "loading").unwrap();
    assert!(matches!(worker.request(&infer, "a test"), Err(Failure::Died { .. })));
    assert!(matches!(worker.request(&infer, "again"), Err(Failure::Died { .. })), "it stays dead");
}

#[test]
fn a_program_that_is_no_worker_is_an_error_of_its_own() {
    for (program, what) in [
        ("/bin/true", "/bin/true does not work: the worker ended with exit code 0 during start-up"),
        ("/bin/cat", "/bin/cat does not work: stray output during start-up: the line "),
        ("/nonexistent", "cannot start /nonexistent: No such file or directory (os error 2)"),
    ] {
        let error = Worker::start(&Launch::new(program.into(), generous()), Arc::default()).unwrap_err();
        assert!(error.to_string().starts_with(what), "{error}");
        assert_eq!(error.exit_code(), esr_bench::exit::NO_WORKER);
    }
}

#[test]
fn a_dropped_worker_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut worker = start(generous());
    worker.request(&load(json!({ "log": log })), "loading").unwrap();
    drop(worker);
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(is_gone(text.split(' ').next().unwrap()));
}

fn is_gone(pid: &str) -> bool {
    let deadline = Instant::now() + Duration::from_secs(60);
    while Path::new("/proc").join(pid).exists() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// The failure of a call whose reply lies as `fault` says, held against the clock if `real`.
fn lie(fault: &str, at: &str, real: bool) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (_exchange, slot) = slot(folder.path());
    let mut launch = Launch::new(mock::worker().to_path_buf(), generous());
    if real {
        launch.env.push(("MOCK_CLOCK".into(), "real".into()));
    }
    let mut worker = Worker::start(&launch, Arc::default()).unwrap();
    worker.request(&load(json!({ "ms": 0.0, "fault": fault, "at": at })), "loading").unwrap();
    let failure = match at {
        "time" => worker.time(&slot, 0, 1, "timing baby").unwrap_err(),
        "memory" => worker.memory(&slot, "the memory pass").unwrap_err(),
        _ => worker.record([8, 8], None, "recording").unwrap_err(),
    };
    failure.to_string()
}

#[test]
fn figures_that_cannot_be_true_are_one_failure_with_the_reason() {
    for (fault, words) in [
        ("tiny_time", "expected times from 0.0001 ms to the limit of 600000 ms, found 1e-300 ms"),
        ("huge_time", "found 1e9 ms"),
        ("largest_time", "found 1.7e308 ms"),
    ] {
        let told = lie(fault, "time", false);
        assert!(told.starts_with("the worker's figures cannot be true during timing baby: expected times"), "{told}");
        assert!(told.contains(words), "{told}");
    }
    assert!(lie("five_seconds", "time", true).contains("5000.000 ms in all, while the whole request took "));
    assert!(
        lie("huge_peak", "memory", false).contains("a peak of 9223372036854775808 bytes, more than any machine has")
    );
    assert!(lie("loose_graph", "record", false).contains("no recorded operation made the output"));
}

#[test]
fn an_honest_worker_passes_the_checks_of_its_figures() {
    let folder = tempfile::tempdir().unwrap();
    let (_exchange, slot) = slot(folder.path());
    let mut worker = start(generous());
    worker.request(&load(json!({ "ms": 5.0 })), "loading").unwrap();
    assert!(worker.time(&slot, 0, 3, "timing baby").is_ok());
    assert!(worker.memory(&slot, "the memory pass").is_ok());
    assert!(worker.record([8, 8], None, "recording").is_ok());
    worker.finish("the end").unwrap();
}

#[test]
fn negative_cpu_time_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (_exchange, slot) = slot(folder.path());
    let mut worker = start(generous());
    worker.request(&load(json!({ "ms": 500.0, "fault": "negative_cpu" })), "loading").unwrap();
    let told = worker.time(&slot, 0, 1, "timing baby").unwrap_err().to_string();
    assert!(told.contains("expected 1 CPU times of 0 ms or more, found [-1.0]"), "{told}");
}
