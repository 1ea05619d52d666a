//! Conv3XC, SPAN's block.

use tch::Tensor;

use crate::layer::{BranchedBlock, Conv, Kernel, Layer, framed};
use crate::nn::Conv2d;
use crate::scope;
use crate::vars::KeyPath;

/// A 1x1 convolution that widens, a 3x3 and a 1x1 that narrows, beside a 1x1 shortcut (Wan et al., "Swift Parameter-free
/// Attention Network for Efficient Super-Resolution", CVPR Workshops 2024).
///
/// Keys `conv.0`, `conv.1`, `conv.2`, `sk`. The image is padded before the chain, so the bias of `conv.0` stands in the
/// frame. A checkpoint may hold an `eval_conv` besides: a copy from the last evaluation, which no forward reads.
#[derive(Debug)]
pub struct Conv3xc {
    chain_path: String,
    chain: [Conv2d; 3],
    shortcut: Conv2d,
}

impl Conv3xc {
    /// At `p` where the state dict has one.
    pub(super) fn find(p: &KeyPath<'_>, conv: &Conv) -> Option<Conv3xc> {
        if !p.has("sk.weight", false) || conv.kernel != [3, 3] {
            return None;
        }
        let chain = p.sub("conv");
        let width = |key: &str, usual: i64| p.size(key).and_then(|s| s.first().copied()).unwrap_or(2 * usual);
        let (wide_in, wide_out) = (width("conv.0.weight", conv.in_channels), width("conv.1.weight", conv.out_channels));
        let build = |p: KeyPath<'_>, c: Conv| if conv.bias { c.build(p) } else { c.no_bias().build(p) };
        if p.has("eval_conv.weight", false) {
            let _ = p.buffer("eval_conv.weight", &[conv.out_channels, conv.in_channels, 3, 3]);
        }
        if p.has("eval_conv.bias", false) {
            let _ = p.buffer("eval_conv.bias", &[conv.out_channels]);
        }
        Some(Conv3xc {
            chain_path: chain.name(),
            chain: [
                build(chain.sub(0), Conv::new(conv.in_channels, wide_in, 1)),
                build(chain.sub(1), Conv::new(wide_in, wide_out, 3)),
                build(chain.sub(2), Conv::new(wide_out, conv.out_channels, 1)),
            ],
            shortcut: build(p.sub("sk"), Conv::new(conv.in_channels, conv.out_channels, 1)),
        })
    }
}

impl Layer for Conv3xc {
    fn forward(&self, x: &Tensor) -> Tensor {
        let deep = {
            let _scope = scope::enter(&self.chain_path, "Sequential");
            self.chain.iter().fold(framed(x, 1, None), |x, conv| conv.forward(&x))
        };
        deep + self.shortcut.forward(x)
    }
}

impl BranchedBlock for Conv3xc {
    fn kind(&self) -> &'static str {
        "Conv3XC"
    }

    fn merge(&self) -> Kernel {
        let [widen, conv, narrow] = self.chain.each_ref().map(Conv2d::kernel);
        conv.after(&widen).then(&narrow).plus(&self.shortcut.kernel())
    }
}
