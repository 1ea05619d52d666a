//! A convolution with its batch normalisation: the branch of RepVGG and of DBB.

use tch::Tensor;

use super::norm::BatchNorm2d;
use crate::layer::{Conv, Kernel, Layer};
use crate::nn::Conv2d;
use crate::vars::KeyPath;

/// `conv`, then `bn` where there is one.
#[derive(Debug)]
pub(super) struct Branch {
    conv: Conv2d,
    norm: Option<BatchNorm2d>,
}

impl Branch {
    /// At `p` where the state dict has one: keys `conv` and `bn`; without normalisation the convolution may lie at `p`
    /// itself. It has a bias where the state dict has one.
    pub(super) fn find(p: &KeyPath<'_>, conv: Conv) -> Option<Branch> {
        let at = if p.has("conv.weight", false) { p.sub("conv") } else { p.clone() };
        if !at.has("weight", false) {
            return None;
        }
        let norm = p.has("bn.weight", false).then(|| BatchNorm2d::new(p.sub("bn"), conv.out_channels));
        let conv = Conv { bias: at.has("bias", false), ..conv }.build(at);
        Some(Branch { conv, norm })
    }

    pub(super) fn is_normed(&self) -> bool {
        self.norm.is_some()
    }

    pub(super) fn merge(&self) -> Kernel {
        let kernel = self.conv.kernel();
        match &self.norm {
            Some(norm) => kernel.then(&norm.kernel()),
            None => kernel,
        }
    }
}

impl Layer for Branch {
    fn forward(&self, x: &Tensor) -> Tensor {
        let y = self.conv.forward(x);
        match &self.norm {
            Some(norm) => norm.forward(&y),
            None => y,
        }
    }
}
