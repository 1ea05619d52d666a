//! BSRN: blueprint separable residual network (Li et al., "Blueprint Separable Residual Network for Efficient Image
//! Super-Resolution", CVPR Workshops 2022), XPixel's entry, winner of the complexity track of NTIRE 2022.
//!
//! RFDN with blueprint separable convolutions (BSConv-U: a 1x1, then a depthwise 3x3; Haase and Amthor, CVPR 2020) and
//! GELUs. All 1x1 convolutions are linear layers over the last dimension, between permutations. The input is the image repeated
//! four times; each block ends in per-channel weights, a linear layer and the block's input added.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::keys::{Guess, Keys};
use crate::blocks::Upsampler;
use crate::layer::{Conv, Layer};
use crate::nn::{Act, ActKind, Conv2d, Linear, MaxPool2d};
use crate::scope;
use crate::vars::{KeyPath, StateDict};

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Channels between blocks.
    pub channels: i64,
    /// Number of blocks.
    pub blocks: usize,
    /// Width of ESA.
    pub esa_channels: i64,
    /// SR size over LR size.
    pub scale: i64,
}

impl Default for Config {
    fn default() -> Self {
        Config::challenge()
    }
}

impl Config {
    /// The entry of 2022: five blocks of 48 channels.
    pub fn challenge() -> Config {
        Config { channels: 48, blocks: 5, esa_channels: 12, scale: 4 }
    }
}

/// Reads the hyperparameters out of keys and shapes.
pub fn guess(dict: &StateDict) -> Option<Guess> {
    let keys = Keys(dict);
    let config = Config {
        channels: keys.dim("fea_conv.pw.weight", 0)?,
        blocks: keys.count(1, |i| format!("B{i}.cw")),
        esa_channels: keys.dim("B1.esa.conv1.weight", 0)?,
        scale: keys.scale("upsampler.upsampleOneStep.0.weight")?,
    };
    Guess::new(&config, &[])
}

/// (N, C, H, W) seen as (N, H, W, C).
fn channels_last(x: &Tensor) -> Tensor {
    x.permute([0, 2, 3, 1])
}

/// (N, H, W, C) seen as (N, C, H, W).
fn channels_first(x: &Tensor) -> Tensor {
    x.permute([0, 3, 1, 2])
}

/// The network.
#[derive(Debug)]
pub struct Bsrn {
    head: BsConv,
    blocks: Vec<Block>,
    fuse: Linear,
    gelu: Act,
    tail: BsConv,
    upsampler: PixelShuffleDirect,
}

impl Bsrn {
    /// Builds it, with a 3-channel input and output.
    pub fn new(p: KeyPath<'_>, c: &Config) -> Bsrn {
        Bsrn {
            head: BsConv::new(p.sub("fea_conv"), 4 * 3, c.channels),
            blocks: (1..=c.blocks).map(|i| Block::new(p.sub(format!("B{i}")), c)).collect(),
            fuse: Linear::new(p.sub("c1"), c.channels * c.blocks as i64, c.channels),
            gelu: Act::new(p.sub("GELU"), ActKind::Gelu, false),
            tail: BsConv::new(p.sub("c2"), c.channels, c.channels),
            upsampler: PixelShuffleDirect::new(p.sub("upsampler"), c),
        }
    }
}

impl Layer for Bsrn {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", "BSRN");
        let features = self.head.forward(&Tensor::cat(&[x, x, x, x], 1));
        let mut outs: Vec<Tensor> = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            outs.push(block.forward(outs.last().unwrap_or(&features)));
        }
        let fused = self.fuse.forward(&channels_last(&Tensor::cat(&outs, 1)));
        let fused = self.gelu.forward(&channels_first(&fused));
        self.upsampler.forward(&(self.tail.forward(&fused) + features))
    }
}

/// Blueprint separable convolution: a linear layer over channels, then a depthwise 3x3 convolution.
#[derive(Debug)]
struct BsConv {
    path: String,
    pointwise: Linear,
    depthwise: Conv2d,
}

impl BsConv {
    fn new(p: KeyPath<'_>, in_channels: i64, out: i64) -> BsConv {
        BsConv {
            path: p.name(),
            pointwise: Linear::new(p.sub("pw"), in_channels, out),
            depthwise: Conv::same(out, out, 3).groups(out).build(p.sub("dw")),
        }
    }
}

impl Layer for BsConv {
    /// (N, in, H, W) to (N, out, H, W).
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "BSConvU");
        self.depthwise.forward(&channels_first(&self.pointwise.forward(&channels_last(x))))
    }
}

/// Efficient separable distillation block; the module keeps RFDN's name.
#[derive(Debug)]
struct Block {
    path: String,
    distil: [Linear; 3],
    refine: [BsConv; 3],
    last: BsConv,
    act: Act,
    fuse: Linear,
    esa: Esa,
    /// (1, channels): a learned weight for each channel.
    weights: Tensor,
    out: Linear,
}

impl Block {
    fn new(p: KeyPath<'_>, c: &Config) -> Block {
        let n = c.channels;
        Block {
            path: p.name(),
            distil: [1, 2, 3].map(|i| Linear::new(p.sub(format!("c{i}_d")), n, n / 2)),
            refine: [1, 2, 3].map(|i| BsConv::new(p.sub(format!("c{i}_r")), n, n)),
            last: BsConv::new(p.sub("c4"), n, n / 2),
            act: Act::new(p.sub("act"), ActKind::Gelu, false),
            fuse: Linear::new(p.sub("c5"), 4 * (n / 2), n),
            esa: Esa::new(p.sub("esa"), n, c.esa_channels),
            weights: p.param("cw", &[1, n]),
            out: Linear::new(p.sub("conv_out"), n, n),
        }
    }
}

impl Layer for Block {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "RFDB");
        let mut parts = Vec::with_capacity(4);
        let mut rest = x.shallow_clone();
        for (distil, refine) in self.distil.iter().zip(&self.refine) {
            parts.push(self.act.forward(&distil.forward(&channels_last(&rest))));
            rest = self.act.forward(&(refine.forward(&rest) + &rest));
        }
        parts.push(channels_last(&self.act.forward(&self.last.forward(&rest))));
        let fused = channels_first(&self.fuse.forward(&Tensor::cat(&parts, 3)));
        let gated = channels_last(&self.esa.forward(&fused)) * &self.weights;
        channels_first(&self.out.forward(&gated)) + x
    }
}

/// ESA of separable convolutions, with GELUs (Liu et al., RFANet, CVPR 2020, for the original).
#[derive(Debug)]
struct Esa {
    path: String,
    narrow: Linear,
    skip: Linear,
    pool: MaxPool2d,
    strided: Conv2d,
    small: [BsConv; 3],
    gelu: Act,
    widen: Linear,
    sigmoid: Act,
}

impl Esa {
    fn new(p: KeyPath<'_>, channels: i64, width: i64) -> Esa {
        Esa {
            path: p.name(),
            narrow: Linear::new(p.sub("conv1"), channels, width),
            skip: Linear::new(p.sub("conv_f"), width, width),
            pool: MaxPool2d::new(p.sub("maxPooling"), 7, 3),
            strided: Conv::new(width, width, 3).stride(2).build(p.sub("conv2")),
            small: ["conv_max", "conv3", "conv3_"].map(|key| BsConv::new(p.sub(key), width, width)),
            gelu: Act::new(p.sub("GELU"), ActKind::Gelu, false),
            widen: Linear::new(p.sub("conv4"), width, channels),
            sigmoid: Act::new(p.sub("sigmoid"), ActKind::Sigmoid, false),
        }
    }
}

impl Layer for Esa {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "ESA");
        let [conv_max, conv3, conv3_] = &self.small;
        let narrow = self.narrow.forward(&channels_last(x));
        let pooled = self.pool.forward(&self.strided.forward(&channels_first(&narrow)));
        let range = self.gelu.forward(&conv_max.forward(&pooled));
        let small = conv3_.forward(&self.gelu.forward(&conv3.forward(&range)));
        let size = x.size();
        let far = small.upsample_bilinear2d([size[2], size[3]], false, None, None);
        let gate = self.widen.forward(&(channels_last(&far) + self.skip.forward(&narrow)));
        x * self.sigmoid.forward(&channels_first(&gate))
    }
}

/// The shared upsampler inside another module.
#[derive(Debug)]
struct PixelShuffleDirect {
    path: String,
    inner: Upsampler,
}

impl PixelShuffleDirect {
    fn new(p: KeyPath<'_>, c: &Config) -> PixelShuffleDirect {
        let inner = Upsampler::new(p.sub("upsampleOneStep"), c.channels, c.scale).class("UpsampleOneStep");
        PixelShuffleDirect { path: p.name(), inner }
    }
}

impl Layer for PixelShuffleDirect {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "PixelShuffleDirect");
        self.inner.forward(x)
    }
}
