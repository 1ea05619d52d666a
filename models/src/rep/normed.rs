//! A convolution between batch normalisations, as in FMEN's attention.

use tch::Tensor;

use super::norm::BatchNorm2d;
use crate::layer::{BranchedBlock, Conv, Kernel, Layer, framed};
use crate::nn::Conv2d;
use crate::vars::KeyPath;

/// Batch normalisation, a k x k convolution over the map padded with what the normalisation makes of zeros, and maybe
/// another normalisation (Du et al., FMEN, CVPR Workshops 2022).
#[derive(Debug)]
pub struct Normed {
    before: BatchNorm2d,
    conv: Conv2d,
    after: Option<BatchNorm2d>,
    frame: i64,
}

impl Normed {
    /// The convolution at `p`, its normalisations at `before` and `after`.
    pub fn new(p: KeyPath<'_>, conv: Conv, before: KeyPath<'_>, after: Option<KeyPath<'_>>) -> Normed {
        Normed {
            before: BatchNorm2d::new(before, conv.in_channels),
            frame: conv.padding[0],
            conv: conv.pad(0).build(p),
            after: after.map(|p| BatchNorm2d::new(p, conv.out_channels)),
        }
    }
}

impl Layer for Normed {
    fn forward(&self, x: &Tensor) -> Tensor {
        let inner = framed(&self.before.forward(x), self.frame, Some(&self.before.of_zero()));
        let y = self.conv.forward(&inner);
        match &self.after {
            Some(norm) => norm.forward(&y),
            None => y,
        }
    }
}

impl BranchedBlock for Normed {
    fn kind(&self) -> &'static str {
        "normalised convolution"
    }

    fn merge(&self) -> Kernel {
        let kernel = self.conv.kernel().after(&self.before.kernel());
        match &self.after {
            Some(norm) => kernel.then(&norm.kernel()),
            None => kernel,
        }
    }
}
