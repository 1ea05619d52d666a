//! SPANV2: XiaomiMM's entry, winner of NTIRE 2026 ("The Eleventh NTIRE Efficient Super-Resolution Challenge Report"), in
//! its deploy form.
//!
//! SPANF's skeleton with ReLUs; the parameter-free attention gives way to a 1x1 convolution: with f the output of the
//! block's three convolutions, the result is (x + f) times that convolution of f. A depthwise and a 1x1 convolution
//! stand at the end. The entry ran the attention as a custom CUDA operator, which hid its convolutions from the
//! organisers' counter; here it is written in ordinary operations, as in the entry's own fallback.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::keys::{Guess, Keys};
use crate::blocks::Reparam;
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
    /// Number of blocks, including the first one.
    pub blocks: usize,
    /// SR size over LR size.
    pub scale: i64,
}

impl Default for Config {
    fn default() -> Self {
        Config::challenge()
    }
}

impl Config {
    /// The entry of 2026.
    pub fn challenge() -> Config {
        Config { channels: 32, blocks: 5, scale: 4 }
    }
}

/// Reads the hyperparameters out of keys and shapes.
pub fn guess(dict: &StateDict) -> Option<Guess> {
    let keys = Keys(dict);
    let config = Config {
        channels: keys.dim("block_1.c1.conv.weight", 0)?,
        blocks: keys.count(1, |i| format!("block_{i}.c1.conv.weight")),
        scale: keys.scale("conv_near.weight")?,
    };
    keys.has("pointwise_conv.weight").then(|| Guess::new(&config, &[]))?
}

/// The network.
#[derive(Debug)]
pub struct SpanV2 {
    nearest: Conv2d,
    blocks: Vec<Block>,
    depthwise: Conv2d,
    pointwise: Conv2d,
    shuffle: PixelShuffle,
}

impl SpanV2 {
    /// Builds it, with a 3-channel input and output.
    pub fn new(p: KeyPath<'_>, c: &Config) -> SpanV2 {
        let pixels = 3 * c.scale * c.scale;
        let wide = pixels + c.channels;
        let block = |i: usize| Block::new(p.sub(format!("block_{i}")), if i == 1 { 3 } else { c.channels }, c.channels);
        SpanV2 {
            blocks: (1..=c.blocks).map(block).collect(),
            nearest: Conv::same(3, pixels, 3).groups(3).no_bias().build(p.sub("conv_near")),
            depthwise: Conv::same(wide, wide, 3).groups(wide).no_bias().build(p.sub("depthwise_conv")),
            pointwise: Conv::new(wide, pixels, 1).no_bias().build(p.sub("pointwise_conv")),
            shuffle: PixelShuffle::new(p.sub("depth_to_space"), c.scale),
        }
    }
}

impl Layer for SpanV2 {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", "SPANV2_ESR");
        let copies = self.nearest.forward(x);
        let deep = self.blocks.iter().fold(x.shallow_clone(), |x, block| block.forward(&x));
        let joined = Tensor::cat(&[copies, deep], 1);
        self.shuffle.forward(&self.pointwise.forward(&self.depthwise.forward(&joined)))
    }
}

#[derive(Debug)]
struct Block {
    path: String,
    convs: [Reparam; 3],
    act: Act,
    /// The 1x1 convolution of the attention; the first block, which widens, has none.
    guidance: Option<Conv2d>,
}

impl Block {
    fn new(p: KeyPath<'_>, in_channels: i64, out: i64) -> Block {
        let conv =
            |key, in_channels| Reparam::new(p.sub(key), "Conv3XC", "conv", Conv::same(in_channels, out, 3).no_bias());
        Block {
            path: p.name(),
            convs: [conv("c1", in_channels), conv("c2", out), conv("c3", out)],
            act: Act::new(p.sub("act"), ActKind::Relu, true),
            guidance: (in_channels == out).then(|| Conv::new(out, out, 1).build(p.sub("guidance_map_conv"))),
        }
    }
}

impl Layer for Block {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "SPABV2");
        let [c1, c2, c3] = &self.convs;
        let f1 = self.act.forward(&c1.forward(x));
        let f2 = self.act.forward(&c2.forward(&f1));
        let f3 = c3.forward(&f2);
        match &self.guidance {
            Some(conv) => {
                let guidance = conv.forward(&f3);
                (x + f3) * guidance
            }
            None => self.act.forward(&f3),
        }
    }
}
