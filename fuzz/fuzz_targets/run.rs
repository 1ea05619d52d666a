//! Any bytes as `run.json` and `events.jsonl`, which a zero byte parts.
#![no_main]

use std::path::Path;

use esr_bench::run::Run;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (manifest, log) = match data.iter().position(|&b| b == 0) {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &[][..]),
    };
    if let Ok(run) = Run::parse(Path::new("run"), manifest, log) {
        let _ = run.samples();
    }
});
