//! What is left of a re-parameterised convolution.

use tch::Tensor;

use crate::nn::{Conv, Conv2d, Layer};
use crate::scope;
use crate::vars::Path;

/// The deploy form of a block that was trained with several branches: a module around a single convolution.
///
/// Networks differ in what they call the module and the convolution inside: SPAN's `Conv3XC` holds an `eval_conv`
/// (Wan et al., "Swift Parameter-free Attention Network for Efficient Super-Resolution", CVPR Workshops 2024).
#[derive(Debug)]
pub struct Reparam {
    path: String,
    class: &'static str,
    conv: Conv2d,
}

impl Reparam {
    /// The module `class` at `p`, whose convolution is at the key `inner`.
    pub fn new(p: Path<'_>, class: &'static str, inner: &str, conv: Conv) -> Reparam {
        Reparam { path: p.name(), class, conv: conv.build(p.sub(inner)) }
    }

    /// SPAN's `Conv3XC`: 3x3, `inp` to `out` channels, with bias, at `eval_conv`.
    pub fn conv3xc(p: Path<'_>, inp: i64, out: i64) -> Reparam {
        Reparam::new(p, "Conv3XC", "eval_conv", Conv::same(inp, out, 3))
    }
}

impl Layer for Reparam {
    /// (N, in, H, W) to (N, out, H, W).
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, self.class);
        self.conv.forward(x)
    }
}
