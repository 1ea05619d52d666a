//! Thousands of damaged weights files: each is read or refused in the reader's own words, and none ends the process.

use std::io::{Cursor, Read, Write};
use std::path::Path;

use esr_models::identify::identify;
use esr_models::state;

/// The words of libtorch's internal checks and of its stack traces, which say nothing to whoever handed in a file.
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

    /// Flips, overwrites, removes, repeats or swaps bytes.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
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
                // An opcode of pickle where another byte was.
                _ => bytes[at] = b"().NIMKJG]}aesutlRcQ0123qhjb\x81\x85\x86\x87\x8a\x93"[self.below(31)],
            }
        }
    }
}

type Entries = Vec<(String, Vec<u8>)>;

fn entries(zip: &[u8]) -> Entries {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.name().to_owned(), bytes)
        })
        .collect()
}

/// With right checksums, so that the damage reaches the reader of the pickle.
fn packed(entries: &Entries) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in entries {
        zip.start_file(name.as_str(), stored).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/state").join(name)).unwrap()
}

/// Reads and identifies `cases` damaged copies; how many were read.
fn survive(seed: u64, cases: usize, mut damaged: impl FnMut(&mut Random) -> Vec<u8>) -> usize {
    let mut random = Random(seed);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("damaged.pth");
    let mut read = 0;
    for case in 0..cases {
        std::fs::write(&file, damaged(&mut random)).unwrap();
        match state::open(&file) {
            Ok(state) => {
                read += 1;
                let _ = identify(&state.dict);
            }
            Err(error) => {
                let text = error.to_string();
                assert!(text.contains("damaged.pth"), "case {case}: {text}");
                assert!(!FOREIGN.iter().any(|words| text.contains(words)), "case {case}: {text}");
            }
        }
    }
    read
}

#[test]
fn damaged_pickles_in_zip_archives() {
    for (seed, name) in (1..).zip(["zip.pth", "protocol4.pth", "checkpoint.pth", "cuda.pth"]) {
        let whole = entries(&fixture(name));
        let read = survive(seed, 1500, |random| {
            let mut damaged = whole.clone();
            let pickle = damaged.iter_mut().find(|(name, _)| name.ends_with("data.pkl")).unwrap();
            random.mutate(&mut pickle.1);
            packed(&damaged)
        });
        assert!(read > 0, "{name}: every copy was refused, so that the damage is too great to test much");
    }
}

#[test]
fn damaged_pickles_in_sequence() {
    let whole = fixture("legacy.pth");
    survive(7, 1500, |random| {
        let mut damaged = whole.clone();
        random.mutate(&mut damaged);
        damaged
    });
}

#[test]
fn damaged_safetensors() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("whole.safetensors");
    let tensors = [("conv.weight", [4_i64, 3, 3, 3].as_slice()), ("conv.bias", &[4]), ("empty", &[0, 3])];
    let tensors = tensors.map(|(key, size)| (key, tch::Tensor::ones(size, (tch::Kind::Float, tch::Device::Cpu))));
    tch::Tensor::write_safetensors(&tensors, &file).unwrap();
    let whole = std::fs::read(&file).unwrap();
    let header = u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    survive(8, 1500, |random| {
        let mut json = whole[8..8 + header].to_vec();
        // A digit more often than another byte: sizes and offsets.
        if random.below(2) == 0 {
            let digits: Vec<usize> = (0..json.len()).filter(|&i| json[i].is_ascii_digit()).collect();
            json[digits[random.below(digits.len())]] = b'0' + random.below(10) as u8;
        } else {
            random.mutate(&mut json);
        }
        [&(json.len() as u64).to_le_bytes()[..], &json, &whole[8 + header..]].concat()
    });
}
