//! RePAFDN: re-parameterised pixel attention feature distillation network, team Super's entry in NTIRE 2022 (Li et al.,
//! "NTIRE 2022 Challenge on Efficient Super-Resolution: Methods and Results", CVPR Workshops 2022), in its deploy form.
//!
//! RFDN whose residuals are fused into the 3x3 convolutions, whose first three blocks are one step shorter, and whose
//! last features pass a pixel attention: a 1x1 convolution and a sigmoid that gate every value (Zhao et al., PAN, 2020).

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::keys::{Guess, Keys};
use crate::blocks::{Esa, Rfdb, RfdbConfig, Upsampler};
use crate::layer::{Conv, Layer};
use crate::nn::{Act, ActKind, Conv2d};
use crate::scope;
use crate::vars::{KeyPath, StateDict};

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Channels between blocks.
    pub channels: i64,
    /// The blocks.
    pub blocks: Vec<Block>,
    /// Width of ESA.
    pub esa_channels: i64,
    /// SR size over LR size.
    pub scale: i64,
}

/// Sizes of one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Channels of each distilled part.
    pub distilled: i64,
    /// Steps before the last convolution: three is RFDN's block, two the short one.
    pub steps: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config::challenge()
    }
}

impl Config {
    /// The entry of 2022: 48 channels, three short blocks and a full one.
    pub fn challenge() -> Config {
        let short = Block { distilled: 24, steps: 2 };
        let blocks = vec![short, short, short, Block { distilled: 12, steps: 3 }];
        Config { channels: 48, blocks, esa_channels: 12, scale: 4 }
    }
}

/// Reads the hyperparameters out of keys and shapes.
pub fn guess(dict: &StateDict) -> Option<Guess> {
    let keys = Keys(dict);
    let block = |b: usize| {
        let distilled = keys.dim(&format!("B{b}.c1_d.weight"), 0)?;
        Some(Block { distilled, steps: keys.count(1, |i| format!("B{b}.c{i}_d.weight")) })
    };
    let config = Config {
        channels: keys.dim("pa.conv.weight", 0)?,
        blocks: (1..).map_while(block).collect(),
        esa_channels: keys.dim("B1.esa.conv_max.weight", 0)?,
        scale: keys.scale("upsampler.0.weight")?,
    };
    Guess::new(&config, &["slope 0.05"])
}

/// The network.
#[derive(Debug)]
pub struct RePafdn {
    head: Conv2d,
    blocks: Vec<Rfdb>,
    fuse: Fuse,
    tail: Conv2d,
    attention: PixelAttention,
    upsampler: Upsampler,
}

impl RePafdn {
    /// Builds it, with a 3-channel input and output.
    pub fn new(p: KeyPath<'_>, c: &Config) -> RePafdn {
        let block = |(i, &Block { distilled, steps }): (usize, &Block)| {
            let p = p.sub(format!("B{}", i + 1));
            let gate = Esa::three(p.sub("esa"), c.channels, c.esa_channels);
            let class = if steps < 3 { "FDB_S" } else { "FDB" };
            let sizes = RfdbConfig { class, steps, shallow: false, ..RfdbConfig::rfdn(c.channels, distilled) };
            Rfdb::new(p, &sizes, gate)
        };
        let blocks: Vec<Rfdb> = c.blocks.iter().enumerate().map(block).collect();
        RePafdn {
            head: Conv::same(3, c.channels, 3).build(p.sub("fea_conv")),
            fuse: Fuse::new(p.sub("c"), blocks.len() as i64 * c.channels, c.channels),
            blocks,
            tail: Conv::same(c.channels, c.channels, 3).build(p.sub("LR_conv")),
            attention: PixelAttention::new(p.sub("pa"), c.channels),
            upsampler: Upsampler::new(p.sub("upsampler"), c.channels, c.scale),
        }
    }
}

impl Layer for RePafdn {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", "RePAFDN");
        let features = self.head.forward(x);
        let mut outs: Vec<Tensor> = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            outs.push(block.forward(outs.last().unwrap_or(&features)));
        }
        let fused = self.fuse.forward(&Tensor::cat(&outs, 1));
        let low = self.attention.forward(&self.tail.forward(&fused)) + features;
        self.upsampler.forward(&low)
    }
}

/// `Sequential(Conv2d 1x1, LeakyReLU)` over all blocks' outputs.
#[derive(Debug)]
struct Fuse {
    path: String,
    conv: Conv2d,
    act: Act,
}

impl Fuse {
    fn new(p: KeyPath<'_>, in_channels: i64, out: i64) -> Fuse {
        Fuse {
            path: p.name(),
            conv: Conv::new(in_channels, out, 1).build(p.sub(0)),
            act: Act::new(p.sub(1), ActKind::LeakyRelu(0.05), true),
        }
    }
}

impl Layer for Fuse {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "Sequential");
        self.act.forward(&self.conv.forward(x))
    }
}

/// Pixel attention: x times sigmoid(1x1 convolution of x).
#[derive(Debug)]
struct PixelAttention {
    path: String,
    conv: Conv2d,
    sigmoid: Act,
}

impl PixelAttention {
    fn new(p: KeyPath<'_>, channels: i64) -> PixelAttention {
        PixelAttention {
            path: p.name(),
            conv: Conv::new(channels, channels, 1).build(p.sub("conv")),
            sigmoid: Act::new(p.sub("sigmoid"), ActKind::Sigmoid, false),
        }
    }
}

impl Layer for PixelAttention {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "PA");
        x * self.sigmoid.forward(&self.conv.forward(x))
    }
}
