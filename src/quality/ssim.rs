//! Structural similarity (Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", 2004).
//!
//! Gaussian window 11 x 11 with sigma 1.5, valid region, `C1 = (0.01 * 255)^2`, `C2 = (0.03 * 255)^2`, population
//! covariances, mean of the map; `f64` throughout. The window is separable; and since the index uses both variances
//! only in their sum, four maps are filtered instead of five.

use std::array;

use rayon::prelude::*;

/// The window's side.
pub const WINDOW: usize = 11;
const SIGMA: f64 = 1.5;
const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);

/// Output rows of one task. Fixed, so that the work, and each row's bits, are the same on any number of threads.
const BAND: usize = 64;

/// The mean SSIM of two `height x width` planes of values in 0 to 255. `a` and `b` fill one row, given its number.
/// `None` if the planes are smaller than the window.
pub fn mean_ssim(
    height: usize,
    width: usize,
    a: impl Fn(usize, &mut [f64]) + Sync,
    b: impl Fn(usize, &mut [f64]) + Sync,
) -> Option<f64> {
    let (rows, columns) = (height.checked_sub(WINDOW - 1)?, width.checked_sub(WINDOW - 1)?);
    if rows == 0 || columns == 0 {
        return None;
    }
    let taps = gaussian();
    let bands: Vec<Vec<f64>> = (0..rows.div_ceil(BAND))
        .into_par_iter()
        .map(|band| {
            let first = band * BAND;
            let last = rows.min(first + BAND);
            let mut lines = Lines::new(width);
            (first..first + WINDOW - 1).for_each(|y| lines.push(y, &a, &b));
            (first..last)
                .map(|y| {
                    lines.push(y + WINDOW - 1, &a, &b);
                    lines.sum_of_row(y, &taps)
                })
                .collect()
        })
        .collect();
    let sum: f64 = bands.iter().flatten().sum();
    Some(sum / (rows as f64 * columns as f64))
}

/// One side of the window, from its centre outwards, of a kernel that sums to one.
fn gaussian() -> [f64; WINDOW / 2 + 1] {
    let half: [f64; WINDOW / 2 + 1] = array::from_fn(|d| (-((d * d) as f64) / (2.0 * SIGMA * SIGMA)).exp());
    let sum = half[0] + 2.0 * half[1..].iter().sum::<f64>();
    half.map(|w| w / sum)
}

/// The last eleven rows of each of the four maps, as rings, and room for one filtered row of each.
struct Lines {
    width: usize,
    /// `a`, `b`, `a^2 + b^2`, `a b`.
    maps: [Vec<f64>; 4],
    filtered: [Vec<f64>; 4],
    down: Vec<f64>,
}

impl Lines {
    fn new(width: usize) -> Self {
        Lines {
            width,
            maps: array::from_fn(|_| vec![0.0; width * WINDOW]),
            filtered: array::from_fn(|_| vec![0.0; width - (WINDOW - 1)]),
            down: vec![0.0; width],
        }
    }

    fn push(&mut self, y: usize, a: impl Fn(usize, &mut [f64]), b: impl Fn(usize, &mut [f64])) {
        let start = y % WINDOW * self.width;
        let [va, vb, squares, product] = self.maps.each_mut().map(|map| &mut map[start..][..self.width]);
        a(y, va);
        b(y, vb);
        for (((&a, &b), square), product) in va.iter().zip(&*vb).zip(squares).zip(product) {
            *square = a * a + b * b;
            *product = a * b;
        }
    }

    /// The sum of the SSIM map's row `y`, whose window covers rows `y` to `y + 10`.
    fn sum_of_row(&mut self, y: usize, taps: &[f64; WINDOW / 2 + 1]) -> f64 {
        let (width, columns) = (self.width, self.width - (WINDOW - 1));
        for (map, filtered) in self.maps.iter().zip(&mut self.filtered) {
            filter(array::from_fn(|k| &map[(y + k) % WINDOW * width..][..width]), taps, &mut self.down);
            filter(array::from_fn(|k| &self.down[k..][..columns]), taps, filtered);
        }
        let [a, b, squares, product] = &mut self.filtered;
        for (((value, &b), &squares), &product) in a.iter_mut().zip(&*b).zip(&*squares).zip(&*product) {
            let a = *value;
            let (means, mean_product) = (a * a + b * b, a * b);
            *value = ((2.0 * mean_product + C1) * (2.0 * (product - mean_product) + C2))
                / ((means + C1) * (squares - means + C2));
        }
        a.iter().sum()
    }
}

/// `out[x] = sum over k of kernel[k] * lines[k][x]`, the symmetric kernel given from its centre outwards.
fn filter(lines: [&[f64]; WINDOW], taps: &[f64; WINDOW / 2 + 1], out: &mut [f64]) {
    let lines = lines.map(|line| &line[..out.len()]);
    for (x, out) in out.iter_mut().enumerate() {
        *out = taps[0] * lines[5][x]
            + taps[1] * (lines[4][x] + lines[6][x])
            + taps[2] * (lines[3][x] + lines[7][x])
            + taps[3] * (lines[2][x] + lines[8][x])
            + taps[4] * (lines[1][x] + lines[9][x])
            + taps[5] * (lines[0][x] + lines[10][x]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, word by word: a 2-D window at each place, five moments.
    fn by_definition(height: usize, width: usize, a: &[f64], b: &[f64]) -> f64 {
        let half: Vec<f64> = (0..WINDOW).map(|i| (-((i as f64 - 5.0).powi(2)) / (2.0 * SIGMA * SIGMA)).exp()).collect();
        let total: f64 = half.iter().flat_map(|u| half.iter().map(move |v| u * v)).sum();
        let mut sum = 0.0;
        for top in 0..=height - WINDOW {
            for left in 0..=width - WINDOW {
                let moment = |of: &dyn Fn(usize) -> f64| -> f64 {
                    let place = |i: usize, j: usize| (top + i) * width + left + j;
                    (0..WINDOW)
                        .flat_map(|i| (0..WINDOW).map(move |j| (i, j)))
                        .map(|(i, j)| half[i] * half[j] / total * of(place(i, j)))
                        .sum()
                };
                let (ma, mb) = (moment(&|i| a[i]), moment(&|i| b[i]));
                let va = moment(&|i| a[i] * a[i]) - ma * ma;
                let vb = moment(&|i| b[i] * b[i]) - mb * mb;
                let cov = moment(&|i| a[i] * b[i]) - ma * mb;
                sum += (2.0 * ma * mb + C1) * (2.0 * cov + C2) / ((ma * ma + mb * mb + C1) * (va + vb + C2));
            }
        }
        sum / ((height - WINDOW + 1) * (width - WINDOW + 1)) as f64
    }

    fn of_planes(height: usize, width: usize, a: &[f64], b: &[f64]) -> Option<f64> {
        let row = |plane: &[f64], y: usize, out: &mut [f64]| out.copy_from_slice(&plane[y * width..][..width]);
        mean_ssim(height, width, |y, out| row(a, y, out), |y, out| row(b, y, out))
    }

    #[test]
    fn a_plane_smaller_than_the_window_has_no_ssim() {
        assert_eq!(of_planes(10, 30, &[0.0; 300], &[0.0; 300]), None);
        assert_eq!(of_planes(11, 11, &[9.0; 121], &[9.0; 121]), Some(1.0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_fast_way_is_the_definition(
            (height, width, a, b) in (11_usize..30, 11_usize..24).prop_flat_map(|(h, w)| {
                let plane = || proptest::collection::vec((0_u8..=255).prop_map(f64::from), h * w);
                (Just(h), Just(w), plane(), plane())
            })
        ) {
            let fast = of_planes(height, width, &a, &b).unwrap();
            prop_assert!((fast - by_definition(height, width, &a, &b)).abs() < 1e-12);
        }
    }
}
