//! A re-parameterised convolution in its module.

use tch::Tensor;

use crate::layer::{Conv, Layer};
use crate::rep::RepConv;
use crate::scope;
use crate::vars::KeyPath;

/// A block that is trained with several branches ([`crate::rep`]): deployed, a module around a single convolution.
///
/// Networks differ in what they call the module and the convolution inside: SPAN's `Conv3XC` holds an `eval_conv`
/// (Wan et al., "Swift Parameter-free Attention Network for Efficient Super-Resolution", CVPR Workshops 2024).
#[derive(Debug)]
pub struct Reparam {
    path: String,
    class: &'static str,
    conv: RepConv,
}

impl Reparam {
    /// The module `class` at `p`, whose convolution is at the key `inner` once it is fused.
    pub fn new(p: KeyPath<'_>, class: &'static str, inner: &str, conv: Conv) -> Reparam {
        Reparam { path: p.name(), class, conv: RepConv::new(p, inner, conv) }
    }

    /// As [`Reparam::new`] for a module that is at `deploy` once it is fused.
    pub fn renamed(p: &KeyPath<'_>, deploy: &KeyPath<'_>, class: &'static str, inner: &str, conv: Conv) -> Reparam {
        Reparam { path: deploy.name(), class, conv: RepConv::at(p, deploy.sub(inner), conv) }
    }

    /// SPAN's `Conv3XC`: 3x3, `in_channels` to `out` channels, with bias, at `eval_conv`.
    pub fn conv3xc(p: KeyPath<'_>, in_channels: i64, out: i64) -> Reparam {
        Reparam::new(p, "Conv3XC", "eval_conv", Conv::same(in_channels, out, 3))
    }
}

impl Layer for Reparam {
    /// (N, in, H, W) to (N, out, H, W).
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, self.class);
        self.conv.forward(x)
    }
}
