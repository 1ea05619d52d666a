//! Bicubic x1/4 and x4 in integers: bit for bit MATLAB's `imresize` on `uint8`, with which the field's LR sets are made.
//!
//! The kernel is Keys' cubic convolution with a = -0.5, stretched by four when shrinking (antialiasing). At these scales
//! its weights are whole multiples of 1/4096 and 1/1024, so nothing depends on floating point. Rows are resampled first
//! (vertically), then columns; after each pass values are rounded (halves up), clamped and stored as bytes. Beyond the
//! border the image is mirrored, its edge pixel repeated.

use rayon::prelude::*;

use crate::quality::image::Image;

/// The only scale of this module.
pub const SCALE: usize = 4;

/// `out[k] = sum of DOWN[t] * in[4 k - 6 + t] / 4096`.
const DOWN: [i32; 16] = [-7, -45, -75, -49, 93, 399, 745, 987, 987, 745, 399, 93, -49, -75, -45, -7];

/// `out[k] = sum of UP[k % 4][t] * in[k / 4 + FIRST[k % 4] + t] / 1024`.
const UP: [[i32; 4]; 4] = [[-45, 399, 745, -75], [-7, 93, 987, -49], [-49, 987, 93, -7], [-75, 745, 399, -45]];
const FIRST: [isize; 4] = [-2, -2, -1, -1];

/// A quarter of the size; `image` is first cropped at the top left to multiples of four.
pub fn down4(image: &Image) -> Image {
    let (height, width) = (image.height / SCALE, image.width / SCALE);
    let rows = pass(height, SCALE * height, |k| (4 * k as isize - 6, &DOWN));
    let columns = pass(width, SCALE * width, |k| (4 * k as isize - 6, &DOWN));
    resample(image, SCALE * width, &rows, &columns)
}

/// Four times the size.
pub fn up4(image: &Image) -> Image {
    let taps = |k: usize| ((k / 4) as isize + FIRST[k % 4], &UP[k % 4]);
    let rows = pass(SCALE * image.height, image.height, taps);
    let columns = pass(SCALE * image.width, image.width, taps);
    resample(image, image.width, &rows, &columns)
}

/// One direction: for each output place, the input places (mirrored) and their weights.
struct Pass<const TAPS: usize> {
    taps: Vec<([usize; TAPS], [i32; TAPS])>,
    /// Binary logarithm of what the weights sum to.
    shift: u32,
}

fn pass<'w, const TAPS: usize>(
    outputs: usize,
    inputs: usize,
    at: impl Fn(usize) -> (isize, &'w [i32; TAPS]),
) -> Pass<TAPS> {
    let mut shift = 0;
    let taps = (0..outputs)
        .map(|k| {
            let (first, weights) = at(k);
            shift = weights.iter().sum::<i32>().ilog2();
            (std::array::from_fn(|t| mirrored(first + t as isize, inputs)), *weights)
        })
        .collect();
    Pass { taps, shift }
}

/// The place inside `0..n` that `i` shows in a mirror at both edges, edge pixels repeated: `1 0 | 0 1 2 | 2 1`.
fn mirrored(i: isize, n: usize) -> usize {
    let place = i.rem_euclid(2 * n as isize) as usize;
    if place < n { place } else { 2 * n - 1 - place }
}

impl<const TAPS: usize> Pass<TAPS> {
    fn round(&self, sum: i32) -> u8 {
        ((sum + (1 << (self.shift - 1))) >> self.shift).clamp(0, 255) as u8
    }
}

fn resample<const TAPS: usize>(image: &Image, used: usize, rows: &Pass<TAPS>, columns: &Pass<TAPS>) -> Image {
    let (height, width) = (rows.taps.len(), columns.taps.len());
    let mut rgb = vec![0; height * width * 3];
    if rgb.is_empty() {
        return Image { height, width, rgb };
    }
    rgb.par_chunks_mut(width * 3).zip(&rows.taps).for_each_init(
        || (vec![0_i32; used * 3], vec![0_u8; used * 3]),
        |(sums, line), (out, (places, weights))| {
            sums.fill(0);
            for (&place, &weight) in places.iter().zip(weights) {
                let input = &image.rgb[place * image.width * 3..][..used * 3];
                for (sum, &value) in sums.iter_mut().zip(input) {
                    *sum += weight * i32::from(value);
                }
            }
            for (value, &sum) in line.iter_mut().zip(&*sums) {
                *value = rows.round(sum);
            }
            for (pixel, (places, weights)) in out.chunks_exact_mut(3).zip(&columns.taps) {
                for (channel, value) in pixel.iter_mut().enumerate() {
                    let terms = places.iter().zip(weights).map(|(&p, &w)| w * i32::from(line[p * 3 + channel]));
                    *value = columns.round(terms.sum());
                }
            }
        },
    );
    Image { height, width, rgb }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn image() -> impl Strategy<Value = Image> {
        (1_usize..40, 1_usize..40).prop_flat_map(|(height, width)| {
            proptest::collection::vec(any::<u8>(), height * width * 3).prop_map(move |rgb| Image { height, width, rgb })
        })
    }

    fn cropped(image: &Image) -> Image {
        let view = image.cropped(4);
        Image {
            height: view.height,
            width: view.width,
            rgb: (0..view.height).flat_map(|y| view.row(y).to_vec()).collect(),
        }
    }

    /// `imresize` as MATLAB documents it, in floating point: the kernel, its stretch, the mirror, rounding to `uint8`
    /// after each direction.
    fn imresize(image: &Image, scale: f64) -> Image {
        let cubic = |x: f64| match x.abs() {
            x if x <= 1.0 => 1.5 * x.powi(3) - 2.5 * x.powi(2) + 1.0,
            x if x <= 2.0 => -0.5 * x.powi(3) + 2.5 * x.powi(2) - 4.0 * x + 2.0,
            _ => 0.0,
        };
        let stretch = scale.min(1.0);
        let along = |n: usize, get: &dyn Fn(usize) -> u8| -> Vec<u8> {
            (0..(n as f64 * scale) as usize)
                .map(|k| {
                    let centre = (k as f64 + 0.5) / scale - 0.5;
                    let reach = (2.0 / stretch).ceil() as isize + 1;
                    let places = (centre as isize - reach)..=(centre as isize + reach);
                    let weights: Vec<(usize, f64)> =
                        places.map(|i| (mirrored(i, n), stretch * cubic(stretch * (centre - i as f64)))).collect();
                    let total: f64 = weights.iter().map(|(_, w)| w).sum();
                    let value: f64 = weights.iter().map(|&(i, w)| w / total * f64::from(get(i))).sum();
                    (value + 0.5).floor().clamp(0.0, 255.0) as u8
                })
                .collect()
        };
        let (height, width) = (image.height, image.width);
        let columns: Vec<Vec<u8>> = (0..width * 3).map(|c| along(height, &|y| image.rgb[y * width * 3 + c])).collect();
        let height = columns[0].len();
        let rows: Vec<Vec<u8>> = (0..height)
            .map(|y| {
                let channels: [Vec<u8>; 3] = std::array::from_fn(|c| along(width, &|x| columns[x * 3 + c][y]));
                (0..channels[0].len()).flat_map(|x| [channels[0][x], channels[1][x], channels[2][x]]).collect()
            })
            .collect();
        Image { height, width: rows[0].len() / 3, rgb: rows.concat() }
    }

    #[test]
    fn weights_sum_to_one() {
        assert_eq!(DOWN.iter().sum::<i32>(), 4096);
        assert!(UP.iter().all(|w| w.iter().sum::<i32>() == 1024));
    }

    #[test]
    fn an_image_below_four_pixels_shrinks_to_nothing() {
        let shrunk = down4(&Image { height: 3, width: 9, rgb: vec![1; 81] });
        assert_eq!((shrunk.height, shrunk.width, shrunk.rgb.len()), (0, 2, 0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_flat_image_stays_flat(height in 4_usize..30, width in 4_usize..30, value: [u8; 3]) {
            let image = Image { height, width, rgb: value.repeat(height * width) };
            for resized in [down4(&image), up4(&image)] {
                prop_assert_eq!(resized.rgb, value.repeat(resized.height * resized.width));
            }
        }

        #[test]
        fn mirroring_commutes_with_resizing(image in image()) {
            let flip = |image: &Image| {
                let pixels: Vec<&[u8]> = image.rgb.chunks(3).rev().collect();
                Image { rgb: pixels.concat(), ..*image }
            };
            prop_assert_eq!(up4(&flip(&image)), flip(&up4(&image)));
            let whole = cropped(&image);
            if whole.height > 0 && whole.width > 0 {
                prop_assert_eq!(down4(&flip(&whole)), flip(&down4(&whole)));
                prop_assert_eq!(down4(&image), down4(&whole));
            }
        }

        // Rounding in floating point may fall off an exact half, by one and in either pass; it happens on few values.
        #[test]
        fn it_is_imresize(image in image()) {
            let near = |ours: &Image, theirs: &Image| {
                assert_eq!((ours.height, ours.width), (theirs.height, theirs.width));
                ours.rgb.iter().zip(&theirs.rgb).all(|(a, b)| a.abs_diff(*b) <= 1)
            };
            prop_assert!(near(&up4(&image), &imresize(&image, 4.0)));
            let whole = cropped(&image);
            if whole.height > 0 && whole.width > 0 {
                prop_assert!(near(&down4(&image), &imresize(&whole, 0.25)));
            }
        }
    }
}
