//! The worker over its pipes: what it answers, what it refuses, and that it goes on.

use crate::support::{Exchange, Worker, seeded};
use esr_bench::protocol::{FailureKind, Load, MemoryHow, Reply, Request, Slot, Switches, Tile};
use serde_json::json;

fn load(worker: &mut Worker, load: Load) -> esr_bench::protocol::Loaded {
    match worker.ask(Request::Load(Box::new(load))) {
        Reply::Loaded(loaded) => loaded,
        other => panic!("{other:?}"),
    }
}

fn infer(worker: &mut Worker, slot: &Slot) -> esr_bench::protocol::Inferred {
    match worker.ask(Request::Infer { slot: slot.clone() }) {
        Reply::Inferred(inferred) => inferred,
        other => panic!("{other:?}"),
    }
}

#[test]
fn hello_names_the_backend_the_devices_and_the_architectures() {
    let hello = Worker::start().hello();
    assert_eq!(hello.worker, format!("esr-worker {}", env!("CARGO_PKG_VERSION")));
    assert_eq!(hello.backend, "libtorch 2.11.0");
    assert_eq!(hello.devices[0].id, "cpu");
    assert!(hello.architectures.contains(&"rlfn".to_owned()));
    assert!(hello.details.contains_key("cuda"), "{:?}", hello.details);
}

#[test]
fn an_image_goes_through_a_network_and_lands_in_the_exchange_file() {
    let mut worker = Worker::start();
    let loaded = load(&mut worker, seeded("rlfn", json!({})));
    assert_eq!((loaded.parameters, loaded.buffers), (543_740, 0));
    assert_eq!(loaded.settings["threads"], 1);
    let exchange = Exchange::new(17, 23);
    let inferred = infer(&mut worker, &exchange.slot);
    assert_eq!((inferred.height, inferred.width, inferred.non_finite), (68, 92, 0));
    assert_eq!(inferred.sha256, esr_bench::util::sha256(&exchange.sr()));
    assert!(exchange.sr().iter().any(|&b| b > 0));
    assert!(inferred.range[0] < inferred.range[1]);
    // The same seed gives the same network in another process.
    let mut other = Worker::with_seeded("rlfn", json!({}));
    assert_eq!(infer(&mut other, &exchange.slot), inferred);
}

#[test]
fn timing_gives_each_repeat_and_the_hash_of_the_same_output() {
    let mut worker = Worker::with_seeded("rlfn", json!({}));
    let exchange = Exchange::new(16, 24);
    let inferred = infer(&mut worker, &exchange.slot);
    let timed = match worker.ask(Request::Time { slot: exchange.slot.clone(), warmup: 1, repeats: 3 }) {
        Reply::Timed(timed) => timed,
        other => panic!("{other:?}"),
    };
    assert_eq!((timed.ms.len(), timed.cpu_ms.len()), (3, 3));
    assert!(timed.ms.iter().chain(&timed.cpu_ms).all(|&ms| ms > 0.0), "{timed:?}");
    assert_eq!(timed.sha256, inferred.sha256);
    let refused = worker.refused(Request::Time { slot: exchange.slot.clone(), warmup: 0, repeats: 0 });
    assert_eq!(refused.kind, FailureKind::Request);
}

#[test]
fn memory_on_the_cpu_is_resident_growth_and_grows_with_the_image() {
    let mut worker = Worker::with_seeded("rlfn", json!({}));
    let mut peak = |height, width| {
        let exchange = Exchange::new(height, width);
        match worker.ask(Request::Memory { slot: exchange.slot.clone() }) {
            Reply::Memory(memory) => {
                assert_eq!(memory.how, MemoryHow::ResidentGrowth);
                memory.peak_bytes
            }
            other => panic!("{other:?}"),
        }
    };
    let (small, large) = (peak(96, 96), peak(192, 192));
    // At the least, the shallow features and one more map of 52 channels live at the same time.
    assert!(small >= 2 * 52 * 96 * 96 * 4, "{small}");
    assert!(large > 3 * small, "{small} {large}");
}

#[test]
fn memory_on_the_cpu_does_not_depend_on_what_ran_before() {
    let exchange = Exchange::new(160, 160);
    let slot = || exchange.slot.clone();
    let peak = |worker: &mut Worker| match worker.ask(Request::Memory { slot: slot() }) {
        Reply::Memory(memory) => memory.peak_bytes as f64,
        other => panic!("{other:?}"),
    };
    let fresh = peak(&mut Worker::with_seeded("rlfn", json!({})));
    // After timed forwards the process keeps what they freed.
    let mut worker = Worker::with_seeded("rlfn", json!({}));
    assert!(matches!(worker.ask(Request::Time { slot: slot(), warmup: 2, repeats: 3 }), Reply::Timed(_)));
    let after_timing = peak(&mut worker);
    assert!(matches!(worker.ask(Request::Time { slot: slot(), warmup: 0, repeats: 2 }), Reply::Timed(_)));
    let again = peak(&mut worker);
    for found in [after_timing, again] {
        assert!((found / fresh - 1.0).abs() < 0.05, "{found} bytes, {fresh} in a fresh worker");
    }
}

#[test]
fn freed_memory_stays_in_the_process_between_timed_forwards() {
    let exchange = Exchange::new(256, 256);
    let mut worker = Worker::with_seeded("rlfn", json!({}));
    let mut timed = |repeats| {
        let request = Request::Time { slot: exchange.slot.clone(), warmup: 0, repeats };
        assert!(matches!(worker.ask(request), Reply::Timed(_)));
        worker.page_faults()
    };
    let before = timed(3);
    let faults = timed(5) - before;
    // A map of 52 channels takes 3328 pages, and a forward makes more than a hundred of them.
    assert!(faults < 5 * 3328, "{faults} page faults in five forwards");
}

#[test]
fn tiles_that_cover_the_image_once_give_what_the_network_gives() {
    let exchange = Exchange::new(24, 24);
    let whole = infer(&mut Worker::with_seeded("rlfn", json!({})), &exchange.slot);
    let mut worker = Worker::start();
    load(&mut worker, Load { tile: Some(Tile { size: 64, overlap: 8 }), ..seeded("rlfn", json!({})) });
    assert_eq!(infer(&mut worker, &exchange.slot), whole);
    // Smaller tiles see less of their surroundings: another image, of the same size.
    load(&mut worker, Load { tile: Some(Tile { size: 20, overlap: 6 }), ..seeded("rlfn", json!({})) });
    let tiled = infer(&mut worker, &exchange.slot);
    assert_eq!((tiled.height, tiled.width), (96, 96));
    assert_ne!(tiled.sha256, whole.sha256);
}

#[test]
fn a_request_that_makes_no_sense_is_refused_and_the_worker_goes_on() {
    let mut worker = Worker::start();
    let exchange = Exchange::new(4, 4);
    let slot = || exchange.slot.clone();
    let refused = worker.refused(Request::Infer { slot: slot() });
    assert_eq!(refused.message, "no network is loaded: send `load` first");
    assert!(worker.refused(Request::Hello { protocol: 999 }).message.contains("protocol 999"));
    let mut load = |change: fn(&mut Load)| {
        let mut request = seeded("rlfn", json!({}));
        change(&mut request);
        worker.refused(Request::Load(Box::new(request))).message
    };
    assert!(load(|l| l.device = "tpu".to_owned()).contains("expected `cpu` or `cuda:N`"));
    assert!(load(|l| l.scale = 0).contains("scale 0"));
    assert!(load(|l| l.data_range = -1.0).contains("data range"));
    assert!(load(|l| l.tile = Some(Tile { size: 8, overlap: 8 })).contains("tile size 8"));
    assert!(load(|l| l.switches = Switches { threads: Some(0), ..Switches::default() }).contains("threads"));
    assert!(load(|l| l.network = seeded("nonesuch", json!({})).network).contains("no architecture `nonesuch`"));
    assert!(load(|l| l.network = seeded("rlfn", json!({"chanels": 3})).network).contains("chanels"));
    for (line, id) in [
        ("rubbish", 0),
        ("[1, 2]", 0),
        (r#"{"id": 41, "do": "dance"}"#, 41),
        (r#"{"id": -1, "do": "exit"}"#, 0),
        (r#"{"id": 42, "do": "time"}"#, 42),
    ] {
        let reply = worker.ask_line(line);
        assert_eq!(reply.id, id, "{line}");
        assert!(matches!(reply.body, Reply::Failed(f) if f.kind == FailureKind::Request), "{line}");
    }
    worker.hello();
    assert_eq!(worker.ask(Request::Exit), Reply::Bye);
    assert!(worker.close());
}

#[test]
fn a_cuda_device_that_is_not_there_is_refused_with_the_reason() {
    let mut worker = Worker::start();
    let there = worker.hello().devices.len() - 1;
    let device = format!("cuda:{there}");
    let refused = worker.refused(Request::Load(Box::new(Load { device: device.clone(), ..seeded("rlfn", json!({})) })));
    assert_eq!(refused.kind, FailureKind::Request);
    assert!(refused.message.starts_with(&format!("device `{device}` is not available: ")), "{}", refused.message);
}

#[test]
fn what_libtorch_throws_costs_the_request_and_not_the_worker() {
    let mut worker = Worker::with_seeded("rlfn", json!({}));
    // ESA's convolutions and its pooling need more than these pixels.
    let tiny = Exchange::new(4, 4);
    let refused = worker.refused(Request::Infer { slot: tiny.slot.clone() });
    assert_eq!(refused.kind, FailureKind::Run);
    assert!(!refused.message.contains("frame #"), "{}", refused.message);
    let exchange = Exchange::new(16, 16);
    assert_eq!(infer(&mut worker, &exchange.slot).height, 64);
}

#[test]
fn a_scale_that_is_not_the_networks_is_told_from_its_output() {
    let mut worker = Worker::start();
    load(&mut worker, Load { scale: 2, ..seeded("rlfn", json!({})) });
    let exchange = Exchange::new(16, 16);
    let refused = worker.refused(Request::Infer { slot: exchange.slot.clone() });
    assert_eq!(refused.kind, FailureKind::Output);
    assert_eq!(refused.message, "the network's output is [1, 3, 64, 64], expected [1, 3, 32, 32]");
}

#[test]
fn out_of_memory_is_told_as_such_and_the_worker_goes_on() {
    let mut worker = Worker::with_seeded("rlfn", json!({}));
    let (small, large) = (Exchange::new(16, 16), Exchange::new(512, 512));
    let before = infer(&mut worker, &small.slot);
    worker.limit_growth(Some(64 << 20));
    // One map of 52 channels takes 54 MB.
    let refused = worker.refused(Request::Infer { slot: large.slot.clone() });
    assert_eq!(refused.kind, FailureKind::OutOfMemory, "{}", refused.message);
    worker.limit_growth(None);
    assert_eq!(infer(&mut worker, &small.slot), before);
}

#[test]
fn hyperparameters_that_make_no_network_are_refused() {
    let mut worker = Worker::start();
    for config in [json!({"channels": -3}), json!({"blocks": "six"}), json!({"scale": 0})] {
        let refused = worker.refused(Request::Load(Box::new(seeded("rlfn", config.clone()))));
        assert!(!refused.message.is_empty(), "{config}");
    }
    worker.hello();
}
