//! Bicubic x4, which every network should surpass: the same bits as MATLAB's `imresize` of 8-bit images.
//!
//! Rows first, then columns. Each of the four sub-pixel phases is a weighted sum of four neighbours (Keys, "Cubic
//! Convolution Interpolation for Digital Image Processing", 1981, a = -1/2), with weights in units of 1/1024; after each
//! pass the sum is rounded half up and clamped to 0..255, as `uint8` storage does. Edges reflect, the edge pixel twice.
//! In 32-bit floats every sum is an exact integer below 2^24, so nothing depends on the order of operations, and there
//! is no convolution: neither convention counts anything.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::layer::Layer;
use crate::scope;

/// Weights of each phase, in units of 1/1024, and how far left of the first phase's neighbours its own begin.
const PHASES: [([f64; 4], i64); 4] = [
    ([-45.0, 399.0, 745.0, -75.0], 0),
    ([-7.0, 93.0, 987.0, -49.0], 0),
    ([-49.0, 987.0, 93.0, -7.0], 1),
    ([-75.0, 745.0, 399.0, -45.0], 1),
];
const UNIT: f64 = 1024.0;
/// Pixels reflected at each end.
const PAD: i64 = 2;

/// No hyperparameters. The scale is 4.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// The interpolation; data range 255.
#[derive(Debug)]
pub struct Bicubic;

impl Layer for Bicubic {
    /// (N, C, H, W) of integers 0..255 to (N, C, 4 H, 4 W) of integers 0..255.
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", "Bicubic");
        up4(&up4(x, 2), 3)
    }
}

/// Four times the size along one axis of four.
fn up4(x: &Tensor, axis: i64) -> Tensor {
    let mut size = x.size();
    let at = axis as usize;
    let length = size[at];
    let padded = reflected(x, axis, length);
    let phases = PHASES.map(|(weights, shift)| {
        let mut taps = (0..).zip(weights).map(|(t, w)| padded.narrow(axis, shift + t, length) * w);
        let first = taps.next().unwrap_or_else(|| padded.narrow(axis, 0, length));
        taps.fold(first, |mut sum, tap| sum.g_add_(&tap))
    });
    size[at] = 4 * length;
    // Phases side by side after the axis, then one axis of both.
    let sums = Tensor::stack(&phases, axis + 1).view(size.as_slice());
    (sums / UNIT + 0.5).floor().clamp(0.0, 255.0)
}

/// Two pixels more at each end of an axis, reflected with the edge repeated.
fn reflected(x: &Tensor, axis: i64, length: i64) -> Tensor {
    let at = |i: i64| {
        let i = i.rem_euclid(2 * length);
        x.narrow(axis, i.min(2 * length - 1 - i), 1)
    };
    let before = (-PAD..0).map(at);
    let after = (length..length + PAD).map(at);
    Tensor::cat(&before.chain([x.shallow_clone()]).chain(after).collect::<Vec<_>>(), axis)
}
