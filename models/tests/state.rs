//! State dicts of every kind are read to the bit, and no file can make the reader run code or panic.

#[path = "../../tests/common/mod.rs"]
mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use esr_models::state::{self, Format};
use esr_models::vars::StateDict;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tch::{Kind, Tensor};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/state").join(name)
}

/// Reads altered bytes; the error's text, without the file's name, or the tensors.
fn read_bytes(bytes: &[u8]) -> Result<StateDict, String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("altered.pth");
    std::fs::write(&file, bytes).unwrap();
    state::read(&file).map_err(|e| {
        let text = e.to_string();
        assert!(text.contains("altered.pth"), "the error does not name its file: {text}");
        text
    })
}

fn values(t: &Tensor) -> Vec<f64> {
    Vec::try_from(t.to_kind(Kind::Double).flatten(0, -1)).unwrap()
}

/// Number of tensors and the start of SHA-256 over each key (sorted), its shape as Python prints it and its bytes, of
/// what `torch.load` gives (PyTorch 2.11), without wrappers and prefixes.
const FACTS: &[(&str, usize, &str)] = &[
    ("author_imdn_x4.pth", 92, "f61c0ed3f748004c"),
    ("author_rlfn_s_x4.pth", 114, "929fdb1a24be35d8"),
    ("author_rlfn_x4.pth", 114, "50fa52c9e16caa72"),
    ("ntire2022_imdn_baseline.pth", 86, "929a3cdcc33536c5"),
    ("ntire2022_rfdn_baseline.pth", 128, "05332ad1fcb66de7"),
    ("ntire2022_team01_efdn.pth", 142, "40a0c95fdf065436"),
    ("ntire2022_team03_fmen.pth", 68, "000658bc9eb6a36b"),
    ("ntire2022_team04_rlfn.pth", 78, "64f2193807c0035b"),
    ("ntire2022_team05_efdn.pt", 118, "aeb390d444d3d57c"),
    ("ntire2022_team10_repafdn.pth", 118, "9ba0002877154d1e"),
    ("ntire2022_team18_bsrn.pth", 247, "2defaa51f18f5467"),
    ("ntire2022_team20_mobilesr.pth", 105, "8f268a2bce4e3fa8"),
    ("ntire2022_team22_rep_rfdn.pth", 128, "059d9885c03746a7"),
    ("ntire2022_team26_imdn_nb7.pth", 76, "192245fd54e296e1"),
    ("ntire2022_team27_lwfanet.pth", 354, "6310f6017bff79d3"),
    ("ntire2022_team39_imdn_plus.pth", 118, "e1bf507f47ae7036"),
    ("ntire2022_team40_rfdn_pruned.pth", 128, "977c722cee16a08e"),
    ("ntire2022_team44_msdn.pth", 80, "a0cd9b4ece0a10ad"),
    ("ntire2025_team15_DIPNet_slim_v2.pt", 59, "1511f9e15159d1a9"),
    ("ntire2025_team23_DSCF.pth", 44, "5fe18cf25a37f059"),
    ("ntire2025_team24_spanf.pth", 35, "2cdcabeda34ebd2a"),
    ("ntire2026_team00_SPAN.pth", 44, "d70f92802523523e"),
    ("ntire2026_team01_PDS.pth", 35, "3c9cf424b346a2f3"),
    ("ntire2026_team18_DISP.pth", 38, "fb933e286e192239"),
    ("ntire2026_team22_spanv2_c2.pth", 26, "2ede424de5fa2577"),
];

#[test]
fn published_weights_are_read_to_the_bit() {
    let Some(shared) = common::shared("published_weights_are_read_to_the_bit") else { return };
    let mut files: Vec<String> = std::fs::read_dir(shared.join("weights"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".md"))
        .collect();
    files.sort();
    assert_eq!(files, FACTS.iter().map(|f| f.0).collect::<Vec<_>>());
    for (name, count, digest) in FACTS {
        let state = state::open(&shared.join("weights").join(name)).unwrap();
        let mut sha = Sha256::new();
        for (key, tensor) in &state.dict {
            assert_eq!(tensor.kind(), Kind::Float, "{name}: {key}");
            sha.update(key);
            sha.update(format!("{:?}", tensor.size()));
            let values: Vec<f32> = Vec::try_from(tensor.flatten(0, -1)).unwrap();
            values.iter().for_each(|v| sha.update(v.to_le_bytes()));
        }
        let found: String = sha.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect();
        assert_eq!((state.dict.len(), found.as_str()), (*count, *digest), "{name}");
    }
}

#[test]
fn notes_say_what_was_taken_away() {
    let Some(shared) = common::shared("notes_say_what_was_taken_away") else { return };
    let notes = |name: &str| state::open(&shared.join("weights").join(name)).unwrap().notes;
    assert_eq!(notes("author_imdn_x4.pth"), ["the prefix `module.` was removed from every key"]);
    assert_eq!(
        notes("ntire2022_team20_mobilesr.pth"),
        ["the tensors were read from `net`; ignored beside it: `epoch`, `optimizer`"]
    );
    assert_eq!(notes("ntire2022_team18_bsrn.pth"), ["the tensors were read from `params`"]);
    assert!(notes("ntire2022_rfdn_baseline.pth").is_empty());
}

#[test]
fn element_types_and_views_are_read_from_every_format() {
    for (name, format) in [("zip.pth", Format::Zip), ("legacy.pth", Format::Legacy), ("protocol4.pth", Format::Zip)] {
        let state = state::open(&fixture(name)).unwrap();
        assert_eq!(state.format, format, "{name}");
        let of = |key: &str| &state.dict[key];
        for (key, kind, expected) in [
            ("float32", Kind::Float, [-1.5, 0.0, 2.25]),
            ("float64", Kind::Double, [-1.5, 0.0, 2.25]),
            ("float16", Kind::Half, [-1.5, 0.0, 2.25]),
            ("bfloat16", Kind::BFloat16, [-1.5, 0.0, 2.25]),
            ("int64", Kind::Int64, [-1.0, 0.0, 2.0]),
            ("int32", Kind::Int, [-1.0, 0.0, 2.0]),
            ("int16", Kind::Int16, [-1.0, 0.0, 2.0]),
            ("int8", Kind::Int8, [-1.0, 0.0, 2.0]),
        ] {
            assert_eq!((of(key).kind(), values(of(key))), (kind, expected.to_vec()), "{name}: {key}");
        }
        assert_eq!((of("uint8").kind(), values(of("uint8"))), (Kind::Uint8, vec![0.0, 255.0]));
        assert_eq!((of("bool").kind(), values(of("bool"))), (Kind::Bool, vec![1.0, 0.0]));
        assert_eq!((of("whole").size(), values(of("whole"))), (vec![2, 3], vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]));
        assert_eq!(
            (of("transposed").size(), values(of("transposed"))),
            (vec![3, 2], vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0])
        );
        assert_eq!((of("column").size(), values(of("column"))), (vec![2], vec![1.0, 4.0]));
        assert_eq!(of("empty").size(), [0, 3]);
        assert_eq!((of("scalar").size(), values(of("scalar"))), (vec![], vec![7.0]));
        assert_eq!(state.dict.len(), 15);
        assert!(state.dict.values().all(Tensor::is_contiguous));
    }
}

#[test]
fn averaged_weights_are_found_among_a_training_scripts_leavings() {
    let state = state::open(&fixture("checkpoint.pth")).unwrap();
    assert_eq!(state.dict.keys().collect::<Vec<_>>(), ["bias", "weight"]);
    assert_eq!((values(&state.dict["weight"]), values(&state.dict["bias"])), (vec![4.0, 4.0], vec![5.0, 5.0]));
    assert_eq!(
        state.notes,
        [
            "the tensors were read from `params_ema`; ignored beside it: `args`, `best`, `counter`, `device`, `epoch`, \
             `optimizer` and 2 more",
            "the prefix `module.` was removed from every key",
            "the prefix `_orig_mod.` was removed from every key",
        ]
    );
    let state = state::open(&fixture("unnamed.pth")).unwrap();
    assert_eq!(values(&state.dict["weight"]), [3.0, 3.0]);
    assert_eq!(values(&state::read(&fixture("parameters.pth")).unwrap()["bias"]), [4.0, 4.0]);
    assert_eq!(values(&state::read(&fixture("cuda.pth")).unwrap()["weight"]), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
}

#[test]
fn safetensors_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("w.safetensors");
    let half = Tensor::from_slice(&[0.5_f32, -2.0]).to_kind(Kind::Half);
    let whole = Tensor::from_slice(&[1_i64, 2, 3, 4]).view([2, 2]);
    Tensor::write_safetensors(&[("module.a", half), ("module.b", whole)], &file).unwrap();
    let state = state::open(&file).unwrap();
    assert_eq!(state.format, Format::Safetensors);
    assert_eq!((state.dict["a"].kind(), values(&state.dict["a"])), (Kind::Half, vec![0.5, -2.0]));
    assert_eq!((state.dict["b"].size(), values(&state.dict["b"])), (vec![2, 2], vec![1.0, 2.0, 3.0, 4.0]));
    let expected: String = Sha256::digest(std::fs::read(&file).unwrap()).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(state.sha256, expected);
}

#[test]
fn calls_are_refused_by_name_and_not_made() {
    // The commands would leave their mark in the current folder.
    let mark = Path::new("esr_bench_was_here");
    for name in ["attack.pth", "attack_legacy.pth", "attack.pkl"] {
        let error = state::read(&fixture(name)).unwrap_err();
        assert!(matches!(&error, state::Error::Call { global, .. } if global == "posix.system"), "{error}");
        assert!(error.to_string().contains("nothing was executed"), "{error}");
        assert!(!mark.exists());
    }
    let error = state::read(&fixture("module.pth")).unwrap_err();
    assert!(matches!(&error, state::Error::Call { global, .. } if global == "vendor.Net"), "{error}");
}

#[test]
fn programs_are_recognised() {
    for (name, what) in [("script.pt", "TorchScript"), ("program.pt2", "torch.export")] {
        let error = state::read(&fixture(name)).unwrap_err();
        assert!(matches!(&error, state::Error::Program { what: w, .. } if w.contains(what)), "{name}: {error}");
    }
}

#[test]
fn other_files_are_told_from_state_dicts() {
    let text = |bytes: &[u8]| read_bytes(bytes).unwrap_err();
    assert!(text(b"").contains("an empty file"));
    assert!(text(b"<!DOCTYPE html><html>").contains("a web page"));
    assert!(text(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n").contains("Git LFS pointer"));
    assert!(text(b"\x89PNG\r\n\x1a\n").contains("bytes that begin [89, 50, 4e, 47"));
    let of = |name: &str| state::read(&fixture(name)).unwrap_err().to_string();
    assert!(
        of("no_tensors.pth").contains("expected a dict of tensors, found a dict of `epoch` (an int), `loss` (a float)")
    );
    assert!(
        of("two_networks.pth").contains("`student`, `teacher`; the reader cannot tell which of them is the network")
    );
    assert!(state::read(Path::new("nowhere.pth")).unwrap_err().to_string().starts_with("cannot read nowhere.pth: "));
}

/// A legacy file around a pickled object: what an attacker would write by hand.
fn legacy(object: &[u8], keys: &[u8], storages: &[u8]) -> Vec<u8> {
    let magic = [&[0x80, 2, 0x8a, 10][..], &0x1950_a86a_20f9_469c_fc6c_u128.to_le_bytes()[..10], b"."].concat();
    [&magic, &b"\x80\x02M\xe9\x03."[..], b"\x80\x02}.", object, keys, storages].concat()
}

/// One tensor `w` of two floats, with the given offset, size and stride (as pickled tuples of integers).
fn one_view(offset: &str, size: &str, stride: &str) -> Vec<u8> {
    let object = [
        &b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0k"[..],
        b"X\x03\0\0\0cpuK\x02NtQ",
        offset.as_bytes(),
        size.as_bytes(),
        stride.as_bytes(),
        b"\x89NtRs.",
    ]
    .concat();
    let floats = [2_u64.to_le_bytes().as_slice(), &1.0_f32.to_le_bytes(), &2.0_f32.to_le_bytes()].concat();
    legacy(&object, b"\x80\x02]X\x01\0\0\0ka.", &floats)
}

#[test]
fn views_may_not_leave_their_storage() {
    let ok = read_bytes(&one_view("I0\n", "(I2\nt", "(I1\nt"));
    assert_eq!(values(&ok.unwrap()["w"]), [1.0, 2.0]);
    for (offset, size, stride) in [
        ("I1\n", "(I2\nt", "(I1\nt"),
        ("I0\n", "(I3\nt", "(I1\nt"),
        ("I-1\n", "(I1\nt", "(I1\nt"),
        ("I0\n", "(I-2\nt", "(I1\nt"),
        ("I0\n", "(I2\nt", "(I-1\nt"),
        ("I0\n", "(I2\nI2\nt", "(I1\nt"),
        ("I0\n", "(I9223372036854775807\nI9223372036854775807\nt", "(I1\nI1\nt"),
        ("I170141183460469231731687303715884105727\n", "(I2\nt", "(I1\nt"),
    ] {
        let error = read_bytes(&one_view(offset, size, stride)).unwrap_err();
        assert!(error.contains("`w`: expected a view inside its storage"), "{offset:?} {size:?} {stride:?}: {error}");
    }
    // A stride of zero repeats an element: 2^40 of them do not fit in memory.
    let error = read_bytes(&one_view("I0\n", "(I1099511627775\nt", "(I0\nt")).unwrap_err();
    assert!(error.contains("bytes of tensors"), "{error}");
}

#[test]
fn deep_and_endless_pickles_end() {
    // A million lists, each in the other.
    let deep = [&b"\x80\x02"[..], &b"]".repeat(1_000_000), &b"a".repeat(999_999), b"."].concat();
    assert!(read_bytes(&legacy(&deep, b"\x80\x02].", b"")).unwrap_err().contains("a list or tuple"));
    // A dict that holds itself under a known name.
    let ring = b"\x80\x02}q\0X\x06\0\0\0paramsh\0s.";
    assert!(read_bytes(&legacy(ring, b"\x80\x02].", b"")).unwrap_err().contains("expected a dict of tensors"));
    // A string that claims four gigabytes, and a memo that was never filled.
    assert!(read_bytes(&legacy(b"\x80\x02X\xff\xff\xff\xff.", b"", b"")).unwrap_err().contains("truncated"));
    assert!(read_bytes(&legacy(b"\x80\x02h\x07.", b"", b"")).unwrap_err().contains("memo 7"));
}

#[test]
fn truncated_files_are_errors() {
    for name in ["zip.pth", "legacy.pth", "checkpoint.pth"] {
        let bytes = std::fs::read(fixture(name)).unwrap();
        for twentieth in 0..20 {
            let cut = bytes.len() * twentieth / 20;
            assert!(read_bytes(&bytes[..cut]).is_err(), "{name} cut to {cut} of {} bytes", bytes.len());
        }
        assert!(read_bytes(&bytes[..bytes.len() - 1]).is_err(), "{name} without its last byte");
    }
}

/// A call per instruction, each of which copies a list that doubles: 2^40 values from 200 bytes.
#[test]
fn a_pickle_that_multiplies_its_lists_is_refused() {
    // `x = [x_items..., x_items...]` by way of `list(x)`, which copies, and an extension by the copy's items is not
    // possible without a mark; so one list of 1000 items is copied over and over.
    let items = b"K\x01".repeat(1000);
    let copy = b"c__builtin__\nlist\n(h\0tR0";
    let pickle = [&b"\x80\x02]q\0("[..], &items, b"e", &copy.repeat(60_000), b"."].concat();
    assert!(read_bytes(&legacy(&pickle, b"", b"")).unwrap_err().contains("at most"), "it was read");
}

fn seeds() -> BTreeMap<&'static str, Vec<u8>> {
    let names = ["zip.pth", "legacy.pth", "protocol4.pth", "checkpoint.pth", "attack_legacy.pth", "script.pt"];
    names.into_iter().map(|n| (n, std::fs::read(fixture(n)).unwrap())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is done to a file: tensors or an error, no panic and no call.
    #[test]
    fn damaged_files_never_panic(
        pick in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..8),
    ) {
        let seeds = seeds();
        let names: Vec<_> = seeds.keys().collect();
        let mut bytes = seeds[*pick.get(&names)].clone();
        for (at, value, how) in edits {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] ^= 1 << (value % 8),
                1 => bytes[at] = value,
                _ => bytes.truncate(at.max(1)),
            }
        }
        let _ = read_bytes(&bytes);
    }
}
