//! ECB and EDBB: blocks with branches that filter edges.

use tch::Tensor;

use crate::layer::{BranchedBlock, Conv, Kernel, Layer, framed};
use crate::nn::Conv2d;
use crate::vars::KeyPath;

/// Edge-oriented convolution block (Zhang et al., "Edge-oriented Convolution Block for Real-time Super Resolution on
/// Mobile Devices", ACM MM 2021), and EFDN's edge-enhanced diverse branch block (Wang, EFDN, CVPR Workshops 2022).
///
/// Side by side: a 3x3 convolution (key `conv3x3`; in EDBB `rep_conv`), in EDBB a 1x1 (`conv1x1`), a 1x1 and a 3x3 in a
/// row (`conv1x1_3x3`), a 1x1 and a scaled edge filter in a row, for Sobel in x and y and Laplace (`conv1x1_sbx`,
/// `conv1x1_sby`, `conv1x1_lpl`), and the identity where the number of channels stays. No key tells whether there is an
/// identity: it is taken to be there, as in both papers. Inner maps are padded with the bias of their 1x1 convolution.
///
/// An EDBB that is built with `with_13=False` has the keys of `conv1x1_3x3` and does not add that branch, so that the
/// config has to state which it is ([`crate::vars::Vars::with_13`]).
#[derive(Debug)]
pub struct Ecb {
    dense: Conv2d,
    point: Option<Conv2d>,
    chains: Vec<Chain>,
    identity: Option<i64>,
    kind: &'static str,
}

/// 1x1, then k x k over the map padded with the bias.
#[derive(Debug)]
struct Chain {
    point: (Tensor, Tensor),
    last: Last,
}

#[derive(Debug)]
enum Last {
    Dense {
        weight: Tensor,
        bias: Tensor,
    },
    /// Each channel's scale (C, 1, 1, 1) times one filter for all, or (C, 1, 3, 3) as it was saved.
    Edge {
        scale: Tensor,
        mask: Tensor,
        bias: Tensor,
    },
}

/// Key, and the filter that the papers give.
const EDGES: [(&str, [f32; 9]); 3] = [
    ("conv1x1_sbx", [1.0, 0.0, -1.0, 2.0, 0.0, -2.0, 1.0, 0.0, -1.0]),
    ("conv1x1_sby", [1.0, 2.0, 1.0, 0.0, 0.0, 0.0, -1.0, -2.0, -1.0]),
    ("conv1x1_lpl", [0.0, 1.0, 0.0, 1.0, -4.0, 1.0, 0.0, 1.0, 0.0]),
];

impl Ecb {
    /// At `p` where the state dict has one.
    pub(super) fn find(p: &KeyPath<'_>, conv: &Conv) -> Option<Ecb> {
        if !p.has("conv1x1_sbx.k0", false) || conv.kernel != [3, 3] {
            return None;
        }
        let (in_channels, out) = (conv.in_channels, conv.out_channels);
        let edbb = p.has("rep_conv.weight", false);
        let mut chains = Vec::new();
        if p.has("conv1x1_3x3.k0", false) {
            let chain = Chain::dense(&p.sub("conv1x1_3x3"), in_channels, out);
            // An undecided block is built with the branch: the caller learns of it by `Vars::undecided`.
            if !edbb || p.with_13() != Some(false) {
                chains.push(chain);
            }
        }
        chains.extend(EDGES.map(|(key, filter)| Chain::edge(&p.sub(key), in_channels, out, &filter)));
        let identity = (in_channels == out).then_some(in_channels);
        Some(Ecb {
            dense: Conv::same(in_channels, out, 3).build(p.sub(if edbb { "rep_conv" } else { "conv3x3" })),
            point: p.has("conv1x1.weight", false).then(|| Conv::new(in_channels, out, 1).build(p.sub("conv1x1"))),
            chains,
            identity,
            kind: match (edbb, identity.is_some()) {
                (true, true) => "EDBB with identity",
                (true, false) => "EDBB",
                (false, true) => "ECB with identity",
                (false, false) => "ECB",
            },
        })
    }
}

impl Chain {
    fn point(p: &KeyPath<'_>, in_channels: i64, out: i64) -> (Tensor, Tensor) {
        (p.param("k0", &[out, in_channels, 1, 1]), p.param("b0", &[out]))
    }

    fn dense(p: &KeyPath<'_>, in_channels: i64, out: i64) -> Chain {
        let wide = p.size("k0").and_then(|s| s.first().copied()).unwrap_or(out);
        let last = Last::Dense { weight: p.param("k1", &[out, wide, 3, 3]), bias: p.param("b1", &[out]) };
        Chain { point: Chain::point(p, in_channels, wide), last }
    }

    fn edge(p: &KeyPath<'_>, in_channels: i64, out: i64, filter: &[f32; 9]) -> Chain {
        let scale = p.param("scale", &[out, 1, 1, 1]);
        let mask = if p.has("mask", false) {
            p.buffer("mask", &[out, 1, 3, 3])
        } else {
            Tensor::from_slice(filter).view([1, 1, 3, 3]).to_kind(scale.kind()).to_device(p.device())
        };
        Chain {
            point: Chain::point(p, in_channels, out),
            last: Last::Edge { scale, mask, bias: p.param("bias", &[out]) },
        }
    }

    fn merge(&self) -> Kernel {
        let last = match &self.last {
            Last::Dense { weight, bias } => Kernel::new(weight, Some(bias)),
            Last::Edge { scale, mask, bias } => Kernel::depthwise(&(scale * mask), Some(bias)),
        };
        last.after(&Kernel::new(&self.point.0, Some(&self.point.1)))
    }
}

impl Layer for Chain {
    fn forward(&self, x: &Tensor) -> Tensor {
        let (weight, bias) = &self.point;
        let inner = framed(&x.conv2d(weight, Some(bias), 1, 0, 1, 1), 1, Some(bias));
        match &self.last {
            Last::Dense { weight, bias } => inner.conv2d(weight, Some(bias), 1, 0, 1, 1),
            Last::Edge { scale, mask, bias } => inner.conv2d(&(scale * mask), Some(bias), 1, 0, 1, scale.size()[0]),
        }
    }
}

impl Layer for Ecb {
    fn forward(&self, x: &Tensor) -> Tensor {
        let mut sum = self.dense.forward(x);
        if let Some(point) = &self.point {
            sum += point.forward(x);
        }
        for chain in &self.chains {
            sum += chain.forward(x);
        }
        if self.identity.is_some() {
            sum += x;
        }
        sum
    }
}

impl BranchedBlock for Ecb {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn merge(&self) -> Kernel {
        let dense = self.dense.kernel();
        let identity = self.identity.map(|channels| Kernel::identity(channels, dense.device()));
        let point = self.point.as_ref().map(Conv2d::kernel);
        let others = self.chains.iter().map(Chain::merge).chain(point).chain(identity);
        others.fold(dense, |sum, branch| sum.plus(&branch))
    }
}
