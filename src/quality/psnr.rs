//! Peak signal-to-noise ratio of 8-bit images, in dB.

use rayon::prelude::*;

use crate::quality::luma;
use crate::quality::view::PixelView;

/// `20 log10(255 / sqrt(sse / n))`; infinite where nothing differs.
pub fn psnr(sse: f64, n: u64) -> f64 {
    20.0 * (255.0 / (sse / n as f64).sqrt()).log10()
}

/// The exact sum of squared differences over all `height * width * 3` bytes of two views of one size.
pub fn sse_rgb(a: PixelView<'_>, b: PixelView<'_>) -> u64 {
    (0..a.height)
        .into_par_iter()
        .map(|y| {
            // Chunks whose sum fits in 32 bits: 4096 * 255^2 < 2^32.
            let (a, b) = (a.row(y).chunks(4096), b.row(y).chunks(4096));
            a.zip(b)
                .map(|(a, b)| {
                    let sum: u32 = a.iter().zip(b).map(|(&a, &b)| u32::from(a.abs_diff(b)).pow(2)).sum();
                    u64::from(sum)
                })
                .sum::<u64>()
        })
        .sum()
}

/// The sum of squared differences of a value made of each pixel, rows added from top to bottom.
pub(super) fn sse_of(a: PixelView<'_>, b: PixelView<'_>, of: impl Fn([u8; 3]) -> f64 + Sync) -> f64 {
    let rows: Vec<f64> = (0..a.height)
        .into_par_iter()
        .map_init(
            || (vec![0.0; a.width], vec![0.0; a.width]),
            |(va, vb), y| {
                luma::row(a.row(y), va, &of);
                luma::row(b.row(y), vb, &of);
                va.iter().zip(&*vb).map(|(a, b)| (a - b) * (a - b)).sum()
            },
        )
        .collect();
    rows.iter().sum()
}
