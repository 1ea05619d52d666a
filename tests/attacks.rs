//! Bad programs, each of a kind that a public challenge must expect, and an honest one beside them. Every bad one is stopped
//! with its reason, whatever it does to its worker; the honest one passes.

#[path = "common/programs.rs"]
mod programs;
#[path = "common/real_worker.rs"]
mod real_worker;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use esr_bench::exit;
use programs::{Bench, failure, fixture};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

/// Seconds for what runs until it is killed. A crowded machine must load a network within them.
const PATIENCE: &str = "20";
/// The honest program with one more entry: `length` zeros under a name.
fn with_entry(name: &str, length: usize) -> Vec<u8> {
    let mut zip = ZipWriter::new_append(std::io::Cursor::new(fixture("honest"))).unwrap();
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    zip.start_file(name, options).unwrap();
    zip.write_all(&vec![0; length]).unwrap();
    zip.finish().unwrap().into_inner()
}

/// What kinds of bad programs there are: a name, the check of `lint` that finds it, words of the reason there, words of the
/// reason in the row of `measure`.
const WRONG_OUTPUTS: [(&str, &str, &str, &str); 5] = [
    ("nan", "finite", "values are NaN or infinite at 33 x 47", "values of the output are NaN or infinite"),
    (
        "wrong_size",
        "shape",
        "at 33 x 47: the network's output is [1, 3, 66, 94], expected [1, 3, 132, 188]",
        "expected [1, 3, 96, 80]",
    ),
    (
        "integers",
        "dtype",
        "expected floats as the output, found uint8",
        "the network's output is Uint8, expected floats",
    ),
    ("differs", "loads", "the program calls aten::rand_like (random numbers)", "aten::rand_like (random numbers)"),
    ("custom_op", "loads", "team::sharpen", "team::sharpen"),
];

#[test]
fn wrong_outputs_are_told_by_lint_and_by_measure() {
    let bench = Bench::new();
    bench.program("honest", None);
    let mut names = vec!["honest"];
    for (name, ..) in WRONG_OUTPUTS {
        bench.program(name, None);
        names.push(name);
    }
    let linted = bench.lint(&[]);
    assert_eq!(linted.code, Some(exit::CHECK_FAILED.into()));
    linted.passes("honest");
    for (name, check, words, _) in WRONG_OUTPUTS {
        linted.fails_only(name, check, words);
    }

    let (run, code) = bench.measure(&names, &[]);
    assert_eq!(code, Some(exit::SOME_FAILED.into()));
    assert_eq!(failure(&run, "honest"), None);
    for (name, _, _, words) in WRONG_OUTPUTS {
        let reason = failure(&run, name).unwrap_or_else(|| panic!("{name} did not fail"));
        assert!(reason.contains(words), "{name}: {reason}");
    }
}

#[test]
fn programs_without_an_end_are_killed_at_their_limits() {
    let bench = Bench::new();
    bench.program("honest", None).program("hangs", None).program("greedy", None);
    let linted = bench.lint(&["--time-limit", PATIENCE]);
    assert_eq!(linted.code, Some(exit::CHECK_FAILED.into()));
    linted.passes("honest");
    for (name, words) in [("hangs", "no answer within 20 s during"), ("greedy", "the limit is 1500 MiB")] {
        let (verdict, why) = linted.finding(name, "shape");
        assert!(verdict == "fail" && why.contains(words), "{name}: {why}");
        assert_eq!(linted.finding(name, "loads").0, "pass", "{name}: only what it broke is lost");
    }

    let (run, code) = bench.measure(&["hangs", "greedy", "honest"], &["--time-limit", PATIENCE]);
    assert_eq!(code, Some(exit::SOME_FAILED.into()));
    assert_eq!(failure(&run, "honest"), None);
    let reason = |name| failure(&run, name).unwrap();
    assert!(reason("hangs").starts_with("no answer within 20 s during the quality pass"), "{}", reason("hangs"));
    assert!(reason("greedy").ends_with("the limit is 1500 MiB"), "{}", reason("greedy"));
}

#[test]
fn archives_that_are_no_programs_are_never_unpacked() {
    let honest = fixture("honest");
    let bad = [
        ("truncated", honest[..honest.len() / 2].to_vec(), "truncated"),
        ("bomb", with_entry("honest/code/bomb.py", 80 << 20), "compressed entries that unpack to"),
        ("traversal", with_entry("honest/../../outside", 10), "a path inside the archive"),
        ("garbage", vec![7; 5000], "a zip archive as PyTorch writes it"),
    ];
    let bench = Bench::new();
    bench.program("honest", None);
    let mut names = vec!["honest"];
    for (name, bytes, _) in &bad {
        bench.program(name, Some(bytes));
        names.push(name);
    }
    assert!(bad[1].1.len() < 200_000, "a bomb is small");
    let linted = bench.lint(&[]);
    linted.passes("honest");
    let (run, code) = bench.measure(&names, &[]);
    assert_eq!(code, Some(exit::SOME_FAILED.into()));
    assert_eq!(failure(&run, "honest"), None);
    for (name, _, words) in &bad {
        linted.fails_only(name, "archive", words);
        let reason = failure(&run, name).unwrap_or_else(|| panic!("{name} did not fail"));
        assert!(reason.contains(words), "{name}: {reason}");
    }
    assert!(!bench.path("outside").exists() && !bench.path("submissions/outside").exists());
}

#[test]
fn manifests_that_lie_are_told_by_key() {
    let bench = Bench::new();
    bench.program("honest", None);
    bench.manifest("reaches_out", "path = \"../honest/program.pt\"");
    bench.manifest("misspelt", "path = \"program.pt\"\nsha265 = \"0\"");
    bench.manifest("empty", "path = \"program.pt\"");
    bench.program("copy", Some(&fixture("honest")));
    bench.program("half_inside", None);
    bench.program("swapped", Some(&fixture("half_inside")));
    let swapped = format!("path = \"program.pt\"\nsha256 = \"{}\"", "0".repeat(64));
    bench.manifest("swapped", &swapped);
    let link = bench.path("submissions/linked");
    bench.manifest("linked", "path = \"program.pt\"");
    std::os::unix::fs::symlink(bench.path("submissions/honest/program.pt"), link.join("program.pt")).unwrap();

    let linted = bench.lint(&[]);
    assert_eq!(linted.code, Some(exit::CHECK_FAILED.into()));
    linted.fails_only(
        "reaches_out",
        "manifest",
        "expected a file in the submission's folder, found `../honest/program.pt`",
    );
    linted.fails_only("misspelt", "manifest", "the unknown key `sha265`, did you mean `sha256`?");
    linted.fails_only("empty", "files", "program.pt: No such file or directory");
    linted.fails_only("linked", "files", "a link that leads out of the folder");
    linted.fails_only("copy", "original", "program.pt is also in submissions/honest");
    let (verdict, why) = linted.finding("half_inside", "precision");
    assert!(verdict == "fail" && why.starts_with("float16 inside (first in aten::"), "{why}");
    let (verdict, why) = linted.finding("swapped", "hash");
    assert!(verdict == "fail" && why.starts_with("program.pt: expected the SHA-256 0000"), "{why}");

    let (run, code) = bench.measure(&["honest", "swapped"], &[]);
    assert_eq!(code, Some(exit::SOME_FAILED.into()));
    assert_eq!(failure(&run, "honest"), None);
    let reason = failure(&run, "swapped").unwrap();
    assert!(reason.contains("program.pt: expected the SHA-256 0000"), "{reason}");
    let bare = bench.run(&["measure", "submissions/reaches_out"]);
    assert_eq!(bare.status.code(), Some(exit::BAD_INPUT.into()));
}

#[test]
fn a_program_that_is_not_what_its_exporter_saw_is_told() {
    let zoo = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/programs/plain_trace");
    let bench = Bench::new();
    for name in ["as_exported", "not_as_exported"] {
        bench.program(name, Some(&fs::read(zoo.join("program.pt")).unwrap()));
    }
    let manifest = fs::read_to_string(zoo.join("submission.toml")).unwrap();
    fs::write(bench.path("submissions/as_exported/submission.toml"), &manifest).unwrap();
    let (before, means) = manifest.split_once("means = [").unwrap();
    let (_, rest) = means.split_once(',').unwrap();
    let changed = format!("{before}means = [200.0,{rest}");
    fs::write(bench.path("submissions/not_as_exported/submission.toml"), changed).unwrap();

    let words = "at 33 x 47 it differs from the network that it was exported from: the mean of block 0";
    let linted = bench.lint(&["submissions/as_exported", "submissions/not_as_exported"]);
    let (verdict, why) = linted.finding("not_as_exported", "probes");
    assert!(verdict == "fail" && why.contains(words), "{why}");
    assert_eq!(linted.finding("as_exported", "probes").0, "pass");

    let (run, code) = bench.measure(&["as_exported", "not_as_exported"], &[]);
    assert_eq!(code, Some(exit::SOME_FAILED.into()));
    assert_eq!(failure(&run, "as_exported"), None);
    let reason = failure(&run, "not_as_exported").unwrap();
    assert!(reason.contains(words), "{reason}");
}

#[test]
fn every_honest_program_of_the_zoo_is_valid() {
    let zoo = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/programs");
    let output = Bench::new().run(&["lint", zoo.to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(exit::DONE.into()), "{text}");
    assert!(text.ends_with("18 of 18 valid\n"), "{text}");
}

#[test]
fn the_report_for_people_has_one_line_a_check() {
    let bench = Bench::new();
    bench.program("nan", None);
    let output = bench.run(&["lint", "submissions/nan"]);
    let text = String::from_utf8(output.stdout).unwrap();
    insta::assert_snapshot!(text);
    File::create(bench.path("file")).unwrap();
    let output = bench.run(&["lint", "file"]);
    assert_eq!(output.status.code(), Some(exit::BAD_INPUT.into()), "{}", String::from_utf8_lossy(&output.stderr));
}
