//! Any text as `submission.toml`.
#![no_main]

use std::path::Path;

use esr_bench::submission::Manifest;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(manifest) = Manifest::parse(Path::new("submission.toml"), text) {
        assert!(!manifest.team.trim().is_empty() && manifest.scale > 0);
        assert!(manifest.data_range.is_none_or(|range| range.is_finite() && range > 0.0));
    }
});
