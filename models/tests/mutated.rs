//! Thousands of damaged weights files: each is read or refused in the reader's own words, and none ends the process.

mod damage;

use std::io::Cursor;
use std::path::Path;

use esr_models::identify::identify;
use esr_models::state;

use damage::{FOREIGN, Random, entries, packed};

/// Changes bytes, among them an opcode of pickle where another byte was.
fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    random.mutate(bytes, 4, |random, bytes, at| {
        bytes[at] = b"().NIMKJG]}aesutlRcQ0123qhjb\x81\x85\x86\x87\x8a\x93"[random.below(31)];
    });
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
        let whole = entries(Cursor::new(fixture(name)));
        let read = survive(seed, 1500, |random| {
            let mut damaged = whole.clone();
            let pickle = damaged.iter_mut().find(|(name, _)| name.ends_with("data.pkl")).unwrap();
            mutate(random, &mut pickle.1);
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
        mutate(random, &mut damaged);
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
            mutate(random, &mut json);
        }
        [&(json.len() as u64).to_le_bytes()[..], &json, &whole[8 + header..]].concat()
    });
}
