//! RepVGG's block.

use tch::Tensor;

use super::branch::Branch;
use super::norm::BatchNorm2d;
use crate::layer::{BranchedBlock, Conv, Kernel, Layer};
use crate::vars::KeyPath;

/// A k x k convolution, a 1x1 convolution and the identity side by side, each with batch normalisation (Ding et al.,
/// "RepVGG: Making VGG-style ConvNets Great Again", CVPR 2021).
///
/// Keys `rbr_dense`, `rbr_1x1` (a `conv` and its `bn`), `rbr_identity` (a batch normalisation alone). Super-resolution
/// networks leave the normalisation out: then the convolutions have biases, at `conv` or directly at the branch, and the
/// identity has no key; it is taken to be there where the number of channels stays.
#[derive(Debug)]
pub struct RepVgg {
    dense: Branch,
    point: Option<Branch>,
    identity: Identity,
}

#[derive(Debug)]
enum Identity {
    Normed(BatchNorm2d),
    Plain { channels: i64 },
    None,
}

impl RepVgg {
    /// At `p` where the state dict has one.
    pub(super) fn find(p: &KeyPath<'_>, conv: &Conv) -> Option<RepVgg> {
        let dense = Branch::find(&p.sub("rbr_dense"), *conv)?;
        let identity = if p.has("rbr_identity.weight", false) && conv.in_channels == conv.out_channels {
            Identity::Normed(BatchNorm2d::new(p.sub("rbr_identity"), conv.out_channels))
        } else if !dense.is_normed() && conv.in_channels == conv.out_channels {
            Identity::Plain { channels: conv.out_channels }
        } else {
            Identity::None
        };
        let point = Branch::find(&p.sub("rbr_1x1"), Conv::new(conv.in_channels, conv.out_channels, 1));
        Some(RepVgg { dense, point, identity })
    }
}

impl Layer for RepVgg {
    fn forward(&self, x: &Tensor) -> Tensor {
        let mut sum = self.dense.forward(x);
        if let Some(point) = &self.point {
            sum += point.forward(x);
        }
        match &self.identity {
            Identity::Normed(norm) => sum + norm.forward(x),
            Identity::Plain { .. } => sum + x,
            Identity::None => sum,
        }
    }
}

impl BranchedBlock for RepVgg {
    fn kind(&self) -> &'static str {
        match self.identity {
            Identity::Plain { .. } => "RepVGG with plain identity",
            Identity::Normed(_) | Identity::None => "RepVGG",
        }
    }

    fn merge(&self) -> Kernel {
        let dense = self.dense.merge();
        let identity = match &self.identity {
            Identity::Normed(norm) => Some(norm.kernel()),
            Identity::Plain { channels } => Some(Kernel::identity(*channels, dense.device())),
            Identity::None => None,
        };
        let point = self.point.as_ref().map(Branch::merge);
        point.into_iter().chain(identity).fold(dense, |sum, branch| sum.plus(&branch))
    }
}
