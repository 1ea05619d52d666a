//! How a figure grows with the input: fitted over three sizes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A law of growth in the input's pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "law", rename_all = "snake_case")]
pub enum Growth {
    /// It stays.
    Constant,
    /// Slower than pixels: a strip, a side.
    Less {
        /// The fitted power of pixels.
        exponent: f64,
    },
    /// With the pixels, give or take what borders and rounded sizes cost.
    Linear,
    /// Faster than pixels: global attention is quadratic.
    Worse {
        /// The fitted power of pixels.
        exponent: f64,
    },
}

/// Borders and rounded sizes bend a linear law by less than this, between inputs of 256 x 256 pixels and more.
const TOLERANCE: f64 = 0.05;

/// Fits three (pixels, value) points, smallest first. A zero grows like a constant only if all are zero.
pub fn growth(points: [(u64, u64); 3]) -> Growth {
    let [a, b, c] = points.map(|(p, v)| ((p.max(1) as f64).ln(), (v.max(1) as f64).ln()));
    let slope = |from: (f64, f64), to: (f64, f64)| (to.1 - from.1) / (to.0 - from.0).max(f64::MIN_POSITIVE);
    let (low, high, whole) = (slope(a, b), slope(b, c), slope(a, c));
    // Both steps must say so: one alone may be the accident of a rounded size.
    if low.max(high) < TOLERANCE {
        Growth::Constant
    } else if low.min(high) > 1.0 + TOLERANCE {
        Growth::Worse { exponent: whole }
    } else if low.max(high) < 1.0 - TOLERANCE {
        Growth::Less { exponent: whole }
    } else {
        Growth::Linear
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Growth::Constant => f.pad("constant"),
            Growth::Linear => f.pad("linear"),
            Growth::Less { exponent } | Growth::Worse { exponent } => f.pad(&format!("pixels^{exponent:.2}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIXELS: [u64; 3] = [256 * 256, 512 * 512, 1024 * 1024];

    fn of(law: impl Fn(f64) -> f64) -> Growth {
        growth(PIXELS.map(|p| (p, law(p as f64) as u64)))
    }

    #[test]
    fn the_laws_are_told_apart() {
        assert_eq!(of(|_| 46.0), Growth::Constant);
        assert_eq!(of(|_| 0.0), Growth::Constant);
        assert_eq!(of(|p| 317.0 * p), Growth::Linear);
        assert_eq!(of(|p| 317.0 * p + 9000.0), Growth::Linear);
        assert!(matches!(of(|p| p * p), Growth::Worse { exponent } if (exponent - 2.0).abs() < 1e-9));
        assert!(matches!(of(|p| p * p.log2()), Growth::Worse { .. }));
        assert!(matches!(of(f64::sqrt), Growth::Less { exponent } if (exponent - 0.5).abs() < 1e-3));
    }

    #[test]
    fn a_convolution_behind_strides_is_linear_in_spite_of_rounded_sizes() {
        // ESA: a stride of 2, a pooling of 7 with stride 3.
        let side = |n: u64| (((n - 3) / 2 + 1) - 7) / 3 + 1;
        let points = [256, 512, 1024].map(|n: u64| (n * n, side(n) * side(n) * 16 * 16 * 9));
        assert_eq!(growth(points), Growth::Linear);
    }
}
