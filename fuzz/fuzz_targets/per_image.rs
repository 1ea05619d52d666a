//! Any bytes as the organisers' per-image results.
#![no_main]

use std::path::Path;

use esr_bench::tables::PerImage;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(read) = PerImage::parse(Path::new("results.json"), data) {
        let entries = read.entries();
        assert_eq!(entries.len(), read.entries_without_first(1).len());
    }
});
