//! Any bytes as a PNG image.
#![no_main]

use std::path::Path;

use esr_bench::quality::Image;

/// Large images are honest and slow: what is to be found does not need them.
const MOST_PIXELS: u64 = 1 << 20;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some(header) = data.get(16..24) {
        let side = |at: usize| u64::from(u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]));
        if side(0).saturating_mul(side(4)) > MOST_PIXELS {
            return;
        }
    }
    if let Ok(image) = Image::parse(Path::new("x.png"), data) {
        assert_eq!(image.rgb.len(), image.height * image.width * 3);
    }
});
