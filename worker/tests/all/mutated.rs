//! Hundreds of damaged programs through one worker: each runs or is refused in plain words, and the worker goes on.

use std::fs;
use std::path::Path;

use esr_bench::protocol::{Load, Network, Reply, Request, Weights};
use serde_json::json;

use crate::damage::{FOREIGN, Random, entries, packed};
use crate::support::{Exchange, Worker, seeded};

/// Changes bytes, among them a digit: sizes, types and places are numbers.
fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    random.mutate(bytes, 3, |random, bytes, _| {
        let digits: Vec<usize> = (0..bytes.len()).filter(|&i| bytes[i].is_ascii_digit()).collect();
        if !digits.is_empty() {
            bytes[digits[random.below(digits.len())]] = b'0' + random.below(10) as u8;
        }
    });
}

/// Loads `cases` copies of `program` with one of the entries that end in `parts` damaged, and runs those that load.
fn survive(seed: u64, cases: usize, program: &Path, parts: &[&str]) {
    let whole = entries(fs::File::open(program).unwrap());
    let mut random = Random(seed);
    let folder = tempfile::tempdir().unwrap();
    let exchange = Exchange::new(16, 16);
    let mut worker = Worker::start();
    worker.hello();
    worker.limit_growth(Some(2 << 30));
    let mut loaded = 0;
    for case in 0..cases {
        let mut damaged = whole.clone();
        let part = parts[case % parts.len()];
        let entry = damaged.iter_mut().find(|(name, _)| name.ends_with(part)).unwrap();
        mutate(&mut random, &mut entry.1);
        // A new name: libtorch keeps nothing of a file, but the messages tell which case it was.
        let file = folder.path().join(format!("case{case}.{}", program.extension().unwrap().display()));
        fs::write(&file, packed(&damaged)).unwrap();
        let network = Network::Program { files: vec![file.clone()] };
        let replies = match worker.ask(Request::Load(Box::new(Load { network, ..seeded("rlfn", json!({})) }))) {
            Reply::Failed(failed) => vec![failed],
            _ => {
                loaded += 1;
                match worker.ask(Request::Infer { slot: exchange.slot.clone() }) {
                    Reply::Failed(failed) => vec![failed],
                    _ => Vec::new(),
                }
            }
        };
        fs::remove_file(&file).unwrap();
        for failed in replies {
            let foreign = FOREIGN.iter().any(|words| failed.message.contains(words));
            assert!(!foreign, "{} case {case}: {}", program.display(), failed.message);
        }
    }
    assert!(
        loaded > 0,
        "{}: no damaged copy was loaded, so that the damage is too great to test much",
        program.display()
    );
}

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

#[test]
fn damaged_archives_of_torch_export() {
    let parts = ["models/model.json", "data/weights/model_weights_config.json"];
    survive(1, 1500, &fixture("tests/fixtures/programs/plain_dynamic/program.pt2"), &parts);
}

#[test]
fn damaged_torchscript() {
    let parts = ["/data.pkl", ".py", "/constants.pkl"];
    survive(2, 1500, &fixture("tests/fixtures/programs/plain_trace/program.pt"), &parts);
    survive(3, 600, &fixture("worker/tests/fixtures/nested_scripted.pt"), &parts);
}

#[test]
fn damaged_state_dicts_as_programs_and_as_weights() {
    let file = fixture("models/tests/fixtures/state/zip.pth");
    let whole = entries(fs::File::open(&file).unwrap());
    let mut random = Random(4);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.pth");
    let mut worker = Worker::start();
    for case in 0..600 {
        let mut damaged = whole.clone();
        mutate(&mut random, &mut damaged.iter_mut().find(|(name, _)| name.ends_with("data.pkl")).unwrap().1);
        fs::write(&path, packed(&damaged)).unwrap();
        let as_weights = match seeded("rlfn", json!({})).network {
            Network::Registry { arch, config, .. } => {
                Network::Registry { arch, config, weights: Weights::File { path: path.clone() } }
            }
            Network::Program { .. } | Network::Python(_) => unreachable!(),
        };
        for network in [as_weights, Network::Program { files: vec![path.clone()] }] {
            let request = Request::Load(Box::new(Load { network, ..seeded("rlfn", json!({})) }));
            let failed = worker.refused(request);
            assert!(!FOREIGN.iter().any(|words| failed.message.contains(words)), "case {case}: {}", failed.message);
        }
        let reply = worker.ask(Request::Identify { file: path.clone() });
        if let Reply::Failed(failed) = reply {
            assert!(!FOREIGN.iter().any(|words| failed.message.contains(words)), "case {case}: {}", failed.message);
        }
    }
}
