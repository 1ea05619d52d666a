//! RRRB, FMEN's block.

use tch::Tensor;

use crate::layer::{BranchedBlock, Conv, Kernel, Layer, framed};
use crate::nn::Conv2d;
use crate::vars::KeyPath;

/// Residual in residual reparameterizable block (Du et al., FMEN, CVPR Workshops 2022): a 1x1 convolution that widens, a
/// 3x3 with its own shortcut, a 1x1 that narrows, and a shortcut around all of it.
///
/// Keys `expand_conv`, `fea_conv`, `reduce_conv`; the wide map is padded with the bias of `expand_conv`.
#[derive(Debug)]
pub struct Rrrb {
    expand: Conv2d,
    conv: Conv2d,
    reduce: Conv2d,
    channels: i64,
    wide: i64,
}

impl Rrrb {
    /// At `p` where the state dict has one.
    pub(super) fn find(p: &KeyPath<'_>, conv: &Conv) -> Option<Rrrb> {
        if !p.has("expand_conv.weight", false) || conv.kernel != [3, 3] || conv.in_channels != conv.out_channels {
            return None;
        }
        let n = conv.in_channels;
        let wide = p.size("expand_conv.weight").and_then(|s| s.first().copied()).unwrap_or(2 * n);
        Some(Rrrb {
            expand: Conv::new(n, wide, 1).build(p.sub("expand_conv")),
            conv: Conv::new(wide, wide, 3).build(p.sub("fea_conv")),
            reduce: Conv::new(wide, n, 1).build(p.sub("reduce_conv")),
            channels: n,
            wide,
        })
    }
}

impl Layer for Rrrb {
    fn forward(&self, x: &Tensor) -> Tensor {
        let wide = self.expand.forward(x);
        let deep = self.conv.forward(&framed(&wide, 1, self.expand.bias())) + wide;
        self.reduce.forward(&deep) + x
    }
}

impl BranchedBlock for Rrrb {
    fn kind(&self) -> &'static str {
        "RRRB"
    }

    fn merge(&self) -> Kernel {
        let expand = self.expand.kernel();
        let inner = self.conv.kernel().plus(&Kernel::identity(self.wide, expand.device()));
        let outer = Kernel::identity(self.channels, expand.device());
        inner.after(&expand).then(&self.reduce.kernel()).plus(&outer)
    }
}
