//! DIPNet (Yu et al., "DIPNet: Efficiency Distillation and Iterative Pruning for Image Super-Resolution", CVPR Workshops
//! 2023), winner of NTIRE 2023; here its slim form of NTIRE 2025, in deploy form.
//!
//! RLFN's skeleton and block. The 3x3 convolutions were trained with branches, lost their biases, and are followed by
//! SiLUs; the last convolution over the features is 1x1.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::keys::{Guess, Keys};
use crate::blocks::{Esa, Reparam};
use crate::layer::{Conv, Layer};
use crate::nn::{Act, ActKind, Conv2d, PixelShuffle};
use crate::scope;
use crate::vars::{KeyPath, StateDict};

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Channels between blocks.
    pub channels: i64,
    /// Channels inside a block.
    pub mid_channels: i64,
    /// Number of blocks.
    pub blocks: usize,
    /// Width of ESA.
    pub esa_channels: i64,
    /// SR size over LR size.
    pub scale: i64,
}

impl Default for Config {
    fn default() -> Self {
        Config::slim_v2()
    }
}

impl Config {
    /// The entry of 2025.
    pub fn slim_v2() -> Config {
        Config { channels: 32, mid_channels: 32, blocks: 4, esa_channels: 16, scale: 4 }
    }
}

/// Reads the hyperparameters out of keys and shapes.
pub fn guess(dict: &StateDict) -> Option<Guess> {
    let keys = Keys(dict);
    let config = Config {
        channels: keys.dim("conv_1.eval_conv.weight", 0)?,
        mid_channels: keys.dim("block_1.c1_r.eval_conv.weight", 0)?,
        blocks: keys.count(1, |i| format!("block_{i}.c1_r.eval_conv.weight")),
        esa_channels: keys.dim("block_1.esa.conv3.eval_conv.weight", 0)?,
        scale: keys.scale("upsampler.0.eval_conv.weight")?,
    };
    Guess::new(&config, &[])
}

/// The network.
#[derive(Debug)]
pub struct DipNet {
    head: Reparam,
    blocks: Vec<Block>,
    tail: Conv2d,
    upsampler: Upsampler,
}

impl DipNet {
    /// Builds it, with a 3-channel input and output.
    pub fn new(p: KeyPath<'_>, c: &Config) -> DipNet {
        DipNet {
            head: conv(p.sub("conv_1"), 3, c.channels),
            blocks: (1..=c.blocks).map(|i| Block::new(p.sub(format!("block_{i}")), c)).collect(),
            tail: Conv::new(c.channels, c.channels, 1).no_bias().build(p.sub("conv_2")),
            upsampler: Upsampler::new(p.sub("upsampler"), c),
        }
    }
}

fn conv(p: KeyPath<'_>, in_channels: i64, out: i64) -> Reparam {
    Reparam::new(p, "Conv3XC", "eval_conv", Conv::same(in_channels, out, 3).no_bias())
}

impl Layer for DipNet {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", "DIPNet_slim_v2");
        let features = self.head.forward(x);
        let deep = self.blocks.iter().fold(features.shallow_clone(), |x, block| block.forward(&x));
        self.upsampler.forward(&(self.tail.forward(&deep) + features))
    }
}

#[derive(Debug)]
struct Block {
    path: String,
    convs: [Reparam; 3],
    act: Act,
    fuse: Conv2d,
    esa: Esa,
}

impl Block {
    fn new(p: KeyPath<'_>, c: &Config) -> Block {
        Block {
            path: p.name(),
            convs: [
                conv(p.sub("c1_r"), c.channels, c.mid_channels),
                conv(p.sub("c2_r"), c.mid_channels, c.mid_channels),
                conv(p.sub("c3_r"), c.mid_channels, c.channels),
            ],
            act: Act::new(p.sub("act"), ActKind::Silu, true),
            fuse: Conv::new(c.channels, c.channels, 1).no_bias().build(p.sub("c5")),
            esa: Esa::one_reparam(p.sub("esa"), c.channels, c.esa_channels),
        }
    }
}

impl Layer for Block {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "RRFB_rep1");
        let local = self.convs.iter().fold(x.shallow_clone(), |x, conv| self.act.forward(&conv.forward(&x)));
        self.esa.forward(&self.fuse.forward(&(local + x)))
    }
}

/// `Sequential(Conv3XC, PixelShuffle)`: the shared upsampler with a re-parameterised convolution.
#[derive(Debug)]
struct Upsampler {
    path: String,
    conv: Reparam,
    shuffle: PixelShuffle,
}

impl Upsampler {
    fn new(p: KeyPath<'_>, c: &Config) -> Upsampler {
        Upsampler {
            path: p.name(),
            conv: conv(p.sub(0), c.channels, 3 * c.scale * c.scale),
            shuffle: PixelShuffle::new(p.sub(1), c.scale),
        }
    }
}

impl Layer for Upsampler {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "Sequential");
        self.shuffle.forward(&self.conv.forward(x))
    }
}
