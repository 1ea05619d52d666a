//! SPAB, the block of the SPAN family.

use tch::Tensor;

use super::reparam::Reparam;
use crate::layer::Layer;
use crate::nn::{Act, ActKind};
use crate::scope;
use crate::vars::KeyPath;

/// Swift parameter-free attention block (Wan et al., SPAN, CVPR Workshops 2024).
///
/// Three 3x3 convolutions with SiLUs between them; the last one's output o gates (o + x) by sigmoid(o) - 1/2, an odd
/// function, so that large activations of either sign are kept and small ones are damped. Where the block changes the
/// number of channels there is nothing to add, and o is the result.
#[derive(Debug)]
pub struct Spab {
    path: String,
    convs: [Reparam; 3],
    act: Act,
    gated: bool,
}

impl Spab {
    /// (N, `in_channels`, H, W) to (N, `out`, H, W).
    pub fn new(p: KeyPath<'_>, in_channels: i64, out: i64) -> Spab {
        Spab {
            path: p.name(),
            convs: [
                Reparam::conv3xc(p.sub("c1_r"), in_channels, out),
                Reparam::conv3xc(p.sub("c2_r"), out, out),
                Reparam::conv3xc(p.sub("c3_r"), out, out),
            ],
            act: Act::new(p.sub("act1"), ActKind::Silu, true),
            gated: in_channels == out,
        }
    }

    /// The block's output, and the activated output of its first convolution, which SPAN taps.
    pub fn tapped(&self, x: &Tensor) -> (Tensor, Tensor) {
        let _scope = scope::enter(&self.path, "SPAB1");
        let [c1, c2, c3] = &self.convs;
        let first = self.act.forward(&c1.forward(x));
        let second = self.act.forward(&c2.forward(&first));
        let third = c3.forward(&second);
        if !self.gated {
            return (third, first);
        }
        let attention = third.sigmoid() - 0.5;
        ((third + x) * attention, first)
    }
}

impl Layer for Spab {
    fn forward(&self, x: &Tensor) -> Tensor {
        self.tapped(x).0
    }
}
