//! Hundreds of damaged programs through one worker: each runs or is refused in plain words, and the worker goes on.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;

use esr_bench::protocol::{Load, Network, Reply, Request, Weights};
use serde_json::json;

use crate::support::{Exchange, Worker, seeded};

/// The words of libtorch's internal checks and of its stack traces.
const FOREIGN: [&str; 4] = ["INTERNAL ASSERT", "report a bug", "Exception raised from", "frame #"];

/// xorshift64*: the same cases in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            if bytes.is_empty() {
                return;
            }
            let at = self.below(bytes.len());
            let end = (at + 1 + self.below(12)).min(bytes.len());
            match self.below(6) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = self.next() as u8,
                2 => drop(bytes.drain(at..end)),
                3 => {
                    let piece = bytes[at..end].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, piece);
                }
                4 => {
                    let other = self.below(bytes.len());
                    bytes.swap(at, other);
                }
                _ => self.change_digit(bytes),
            }
        }
    }

    /// Sizes, types and places are numbers.
    fn change_digit(&mut self, bytes: &mut [u8]) {
        let digits: Vec<usize> = (0..bytes.len()).filter(|&i| bytes[i].is_ascii_digit()).collect();
        if !digits.is_empty() {
            bytes[digits[self.below(digits.len())]] = b'0' + self.below(10) as u8;
        }
    }
}

type Entries = Vec<(String, Vec<u8>)>;

fn entries(file: &Path) -> Entries {
    let mut archive = zip::ZipArchive::new(fs::File::open(file).unwrap()).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.name().to_owned(), bytes)
        })
        .collect()
}

/// With right checksums, so that the damage reaches the loader.
fn packed(entries: &Entries) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in entries {
        zip.start_file(name.as_str(), stored).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Loads `cases` copies of `program` with one of the entries that end in `parts` damaged, and runs those that load.
fn survive(seed: u64, cases: usize, program: &Path, parts: &[&str]) {
    let whole = entries(program);
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
        random.mutate(&mut entry.1);
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
    let whole = entries(&file);
    let mut random = Random(4);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.pth");
    let mut worker = Worker::start();
    for case in 0..600 {
        let mut damaged = whole.clone();
        random.mutate(&mut damaged.iter_mut().find(|(name, _)| name.ends_with("data.pkl")).unwrap().1);
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
