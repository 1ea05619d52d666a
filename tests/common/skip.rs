//! Tests that lack something of the machine say so by their name, and `make test` counts them at its end.

use std::io::Write;

/// The file that collects the lines; `make test` sets it.
const COLLECTED: &str = "ESR_BENCH_SKIPPED";

/// Says that the test `test_name` did not run, and why.
///
/// # Panics
/// Where the line cannot be collected: a count would be wrong.
pub(crate) fn skipped(test_name: &str, why: &str) {
    eprintln!("skipped: {test_name}: {why}");
    if let Some(path) = std::env::var_os(COLLECTED) {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        // One write: tests of several processes append to the file at the same time.
        file.write_all(format!("{test_name}: {why}\n").as_bytes()).unwrap();
    }
}
