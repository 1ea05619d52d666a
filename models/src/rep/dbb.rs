//! DBB, the diverse branch block.

use tch::Tensor;

use super::branch::Branch;
use super::norm::BatchNorm2d;
use crate::layer::{BranchedBlock, Conv, Kernel, Layer, framed};
use crate::vars::KeyPath;

/// Diverse branch block (Ding et al., "Diverse Branch Block: Building a Convolution as an Inception-like Unit", CVPR
/// 2021): side by side a k x k convolution, a 1x1, a 1x1 and a k x k in a row, and a 1x1 and a mean in a row, each
/// convolution and the mean with batch normalisation.
///
/// Keys `dbb_origin` and `dbb_1x1` (`conv`, `bn`); `dbb_1x1_kxk` (`conv1`, or `idconv1` whose weight is what it differs
/// from the identity by; `bn1.bn`, `conv2`, `bn2`); `dbb_avg` (`conv`, `bn.bn`, `avgbn`). The inner maps are padded with
/// what their normalisation makes of zeros.
#[derive(Debug)]
pub struct Dbb {
    origin: Branch,
    point: Option<Branch>,
    chain: Option<Chain>,
    mean: Option<Mean>,
    /// Width of the frame: (k - 1) / 2.
    frame: i64,
}

/// 1x1 without bias, normalised, framed.
#[derive(Debug)]
struct First {
    weight: Tensor,
    norm: BatchNorm2d,
}

#[derive(Debug)]
struct Chain {
    first: First,
    weight: Tensor,
    norm: BatchNorm2d,
}

#[derive(Debug)]
struct Mean {
    first: First,
    size: i64,
    channels: i64,
    norm: BatchNorm2d,
}

impl Dbb {
    /// At `p` where the state dict has one.
    pub(super) fn find(p: &KeyPath<'_>, conv: &Conv) -> Option<Dbb> {
        let [k, width] = conv.kernel;
        if k != width {
            return None;
        }
        Some(Dbb {
            origin: Branch::find(&p.sub("dbb_origin"), *conv)?,
            point: Branch::find(&p.sub("dbb_1x1"), Conv::new(conv.in_channels, conv.out_channels, 1)),
            chain: Chain::find(&p.sub("dbb_1x1_kxk"), conv, k),
            mean: Mean::find(&p.sub("dbb_avg"), conv, k),
            frame: (k - 1) / 2,
        })
    }
}

impl First {
    fn forward(&self, x: &Tensor, frame: i64) -> Tensor {
        let y = self.norm.forward(&x.conv2d(&self.weight, None::<Tensor>, 1, 0, 1, 1));
        framed(&y, frame, Some(&self.norm.of_zero()))
    }

    fn merge(&self) -> Kernel {
        Kernel::new(&self.weight, None).then(&self.norm.kernel())
    }
}

impl Chain {
    fn find(p: &KeyPath<'_>, conv: &Conv, k: i64) -> Option<Chain> {
        if !p.has("conv2.weight", false) {
            return None;
        }
        let in_channels = conv.in_channels;
        let inner = p.size("conv2.weight").and_then(|s| s.get(1).copied()).unwrap_or(in_channels);
        let from_identity = |at: KeyPath<'_>| {
            let weight = at.param("weight", &[in_channels, in_channels, 1, 1]);
            let identity =
                Tensor::eye(in_channels, (weight.kind(), weight.device())).view([in_channels, in_channels, 1, 1]);
            weight + identity
        };
        let weight = if p.has("idconv1.weight", false) {
            from_identity(p.sub("idconv1"))
        } else if p.has("idconv1.conv.weight", false) {
            from_identity(p.sub("idconv1.conv"))
        } else {
            p.sub("conv1").param("weight", &[inner, in_channels, 1, 1])
        };
        let norm = BatchNorm2d::new(p.sub("bn1.bn"), inner);
        Some(Chain {
            first: First { weight, norm },
            weight: p.sub("conv2").param("weight", &[conv.out_channels, inner, k, k]),
            norm: BatchNorm2d::new(p.sub("bn2"), conv.out_channels),
        })
    }

    fn forward(&self, x: &Tensor, frame: i64) -> Tensor {
        self.norm.forward(&self.first.forward(x, frame).conv2d(&self.weight, None::<Tensor>, 1, 0, 1, 1))
    }

    fn merge(&self) -> Kernel {
        Kernel::new(&self.weight, None).after(&self.first.merge()).then(&self.norm.kernel())
    }
}

impl Mean {
    fn find(p: &KeyPath<'_>, conv: &Conv, size: i64) -> Option<Mean> {
        if !p.has("conv.weight", false) {
            return None;
        }
        let channels = conv.out_channels;
        let weight = p.sub("conv").param("weight", &[channels, conv.in_channels, 1, 1]);
        let first = First { weight, norm: BatchNorm2d::new(p.sub("bn.bn"), channels) };
        Some(Mean { first, size, channels, norm: BatchNorm2d::new(p.sub("avgbn"), channels) })
    }

    fn forward(&self, x: &Tensor, frame: i64) -> Tensor {
        let framed = self.first.forward(x, frame);
        self.norm.forward(&framed.avg_pool2d([self.size; 2], [1; 2], [0; 2], false, true, None::<i64>))
    }

    fn merge(&self) -> Kernel {
        let first = self.first.merge();
        Kernel::mean(self.channels, self.size, first.device()).after(&first).then(&self.norm.kernel())
    }
}

impl Layer for Dbb {
    fn forward(&self, x: &Tensor) -> Tensor {
        let mut sum = self.origin.forward(x);
        if let Some(point) = &self.point {
            sum += point.forward(x);
        }
        if let Some(chain) = &self.chain {
            sum += chain.forward(x, self.frame);
        }
        if let Some(mean) = &self.mean {
            sum += mean.forward(x, self.frame);
        }
        sum
    }
}

impl BranchedBlock for Dbb {
    fn kind(&self) -> &'static str {
        "DBB"
    }

    fn merge(&self) -> Kernel {
        let point = self.point.as_ref().map(Branch::merge);
        let chain = self.chain.as_ref().map(Chain::merge);
        let mean = self.mean.as_ref().map(Mean::merge);
        [point, chain, mean].into_iter().flatten().fold(self.origin.merge(), |sum, branch| sum.plus(&branch))
    }
}
