//! What `measure` says of the checks of each row, and what `rank` makes of a row of which one failed.

use std::process::Command;

use esr_bench::exit;
use esr_bench::quality::Image;
use esr_bench::run::{Check, Run};

use super::bench::{Bench, told};

const SIZE: usize = 64;

/// A run of an honest submission, one that does more work at the images' size, and one that knows the image.
fn measured() -> (Bench, String) {
    let bench = Bench::new();
    bench.data("Tiny", &[(SIZE, SIZE)]);
    let lr = Image::read(&bench.path("Tiny/LRx4/image0x4.png")).unwrap();
    let sum: u64 = lr.rgb.iter().map(|&v| u64::from(v)).sum();
    bench.submission("honest", "{ ms = 5.0 }");
    bench.submission("grows", "{ ms = 4.0, fault = \"more_work\", at = \"record\", nth = 2 }");
    bench.submission("knows", &format!("{{ ms = 3.0, known = {sum} }}"));
    let args = ["honest", "grows", "knows", "--data", "Tiny", "--run", "run", "--rounds", "1", "--repeats", "2"];
    let (code, stdout, stderr) = told(&bench.measure(&args).output().unwrap());
    assert_eq!(code, 0, "{stdout}{stderr}");
    (bench, stdout)
}

fn rank(bench: &Bench, more: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_esr-bench"));
    command.args(["rank", "run", "--rules", "ntire2022", "--track", "runtime"]).args(more);
    let (code, stdout, stderr) = told(&command.env("NO_COLOR", "1").current_dir(bench.path("")).output().unwrap());
    assert_eq!(code, i32::from(exit::DONE), "{stderr}");
    stdout
}

/// The ranks that the CSV format gives, by submission; a row without one is not ranked.
fn ranks(bench: &Bench, more: &[&str]) -> Vec<(String, String, String)> {
    let text = rank(bench, &[&["--format", "csv"], more].concat());
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|h| h == name).unwrap();
    let (rank, submission, reason) = (at("rank"), at("submission"), at("reason"));
    let rows = reader.records().map(|row| row.unwrap());
    rows.map(|row| [submission, rank, reason].map(|i| row[i].to_owned()).into()).collect()
}

#[test]
fn measure_says_which_checks_each_row_passed_and_rank_leaves_out_what_failed_one() {
    let (bench, stdout) = measured();
    let run = Run::open(&bench.path("run")).unwrap();
    let failed = |name: &str| {
        let checks = run.checks(name);
        assert_eq!(checks.len(), 4, "{name}: {checks:?}");
        checks.into_iter().filter(|c| c.reason.is_some()).map(|c| c.check).collect::<Vec<_>>()
    };
    assert_eq!(failed("honest"), []);
    assert_eq!(failed("grows"), [Check::CostAtRealSizes]);
    assert_eq!(failed("knows"), [Check::NearbyPixels]);
    for words in [
        "Checks passed by honest: complete record, cost at real sizes, nearby pixels, timed outputs.\n",
        "Checks passed by grows: complete record, nearby pixels, timed outputs.\n",
        "Checks passed by knows: complete record, cost at real sizes, timed outputs.\n",
        "grows: a check of its figures failed: cost at real sizes: 81 MACs a pixel at 256 x 256, ",
        "knows: a check of its figures failed: nearby pixels: an image whose values differ by at most one step gives ",
    ] {
        assert!(stdout.contains(words), "{words}: {stdout}");
    }

    let strict = ranks(&bench, &[]);
    let of = |rows: &[(String, String, String)], name: &str| rows.iter().find(|r| r.0 == name).unwrap().clone();
    assert_eq!(of(&strict, "honest").1, "1", "{strict:?}");
    for name in ["grows", "knows"] {
        let (_, rank, reason) = of(&strict, name);
        assert!(rank.is_empty() && reason.starts_with("a check of its figures failed: "), "{rank} {reason}");
    }
    let lenient = ranks(&bench, &["--include-untrusted"]);
    assert_eq!(["knows", "grows", "honest"].map(|name| of(&lenient, name).1), ["1", "2", "3"], "{lenient:?}");
    let table = rank(&bench, &["--include-untrusted"]);
    assert!(table.contains("a check of its figures failed: nearby pixels"), "{table}");
}
