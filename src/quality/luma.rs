//! Luma: BT.601 in studio swing (16 to 235), as MATLAB's `rgb2ycbcr` computes it.

/// `Y = (65.481 R + 128.553 G + 24.966 B) / 255 + 16`, not rounded: what the field's Python tools compare.
pub fn luma(rgb: [u8; 3]) -> f64 {
    let [r, g, b] = rgb.map(f64::from);
    (65.481 * r + 128.553 * g + 24.966 * b) / 255.0 + 16.0
}

/// [`luma`] rounded to a whole number, as MATLAB's `rgb2ycbcr` returns it for `uint8`.
///
/// Exact halves do occur (RGB 2, 44, 141 gives 52.5), so it matters how they and the sum before them are rounded: the
/// sum is taken in `f64` in the order of the formula, and halves go to the even neighbour, as NumPy has it. Halves up
/// would move the PSNR of single images in the fifth decimal.
pub fn luma_rounded(rgb: [u8; 3]) -> f64 {
    luma(rgb).round_ties_even()
}

/// Turns a row of RGB bytes into values, one a pixel.
pub(super) fn row(rgb: &[u8], values: &mut [f64], of: impl Fn([u8; 3]) -> f64) {
    for (pixel, value) in rgb.chunks_exact(3).zip(values) {
        *value = of([pixel[0], pixel[1], pixel[2]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_and_white_are_the_ends_of_studio_swing() {
        assert_eq!(luma([0, 0, 0]), 16.0);
        assert!((luma([255, 255, 255]) - 235.0).abs() < 1e-12);
        assert_eq!(luma_rounded([255, 255, 255]), 235.0);
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        assert_eq!((luma([2, 44, 141]), luma_rounded([2, 44, 141])), (52.5, 52.0));
        assert_eq!((luma([0, 204, 68]), luma_rounded([0, 204, 68])), (125.5, 126.0));
    }

    #[test]
    fn matlab_values_of_the_primaries() {
        // rgb2ycbcr(uint8(reshape([255 0 0; 0 255 0; 0 0 255], 3, 1, 3))): Y = 81, 145, 41.
        assert_eq!([[255, 0, 0], [0, 255, 0], [0, 0, 255]].map(luma_rounded), [81.0, 145.0, 41.0]);
    }
}
