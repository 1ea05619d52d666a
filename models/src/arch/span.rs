//! SPAN: swift parameter-free attention network (Wan et al., "Swift Parameter-free Attention Network for Efficient
//! Super-Resolution", CVPR Workshops 2024), winner of NTIRE 2024 and the baseline of 2026, in its deploy form.
//!
//! Six SPABs in a row; the first features, the first block's output, the last block's first convolution and the last
//! features are concatenated. The input is centred on DIV2K's mean and scaled to 255 inside the network. DSCF (NTIRE
//! 2025) is the same network, distilled to 26 channels.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::keys::{Guess, Keys};
use crate::blocks::{Reparam, Spab, Upsampler};
use crate::layer::{Conv, Layer};
use crate::nn::Conv2d;
use crate::scope;
use crate::vars::{KeyPath, StateDict};

/// Hyperparameters: sizes and the range of the input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Channels between blocks.
    pub channels: i64,
    /// Number of blocks, at least two.
    pub blocks: usize,
    /// SR size over LR size.
    pub scale: i64,
    /// The value subtracted from each input channel, in the range of the input.
    pub mean: [f64; 3],
    /// The factor of the centred input.
    pub img_range: f64,
}

impl Default for Config {
    fn default() -> Self {
        Config::challenge(28)
    }
}

impl Config {
    /// The challenge's networks: 28 channels in the baseline of 2026, 26 in DSCF.
    pub fn challenge(channels: i64) -> Config {
        Config { channels, blocks: 6, scale: 4, mean: [0.4488, 0.4371, 0.4040], img_range: 255.0 }
    }
}

/// Reads the hyperparameters out of keys and shapes.
pub fn guess(dict: &StateDict) -> Option<Guess> {
    let keys = Keys(dict);
    let config = Config {
        blocks: keys.count(1, |i| format!("block_{i}.c1_r.eval_conv.weight")),
        scale: keys.scale("upsampler.0.weight")?,
        ..Config::challenge(keys.dim("conv_1.eval_conv.weight", 0)?)
    };
    let known = keys.dim("conv_cat.weight", 1)? == 4 * config.channels;
    known.then(|| Guess::new(&config, &["mean 0.4488 0.4371 0.4040", "img_range 255"]))?
}

/// The network.
#[derive(Debug)]
pub struct Span {
    mean: Tensor,
    img_range: f64,
    head: Reparam,
    blocks: Vec<Spab>,
    concat: Conv2d,
    tail: Reparam,
    upsampler: Upsampler,
}

impl Span {
    /// Builds it, with a 3-channel input and output.
    pub fn new(p: KeyPath<'_>, c: &Config) -> Span {
        let n = c.channels;
        Span {
            // A constant of the code, which the state dict does not hold.
            mean: Tensor::from_slice(&c.mean.map(|m| m as f32)).view([1, 3, 1, 1]).to_device(p.device()),
            img_range: c.img_range,
            head: Reparam::conv3xc(p.sub("conv_1"), 3, n),
            blocks: (1..=c.blocks).map(|i| Spab::new(p.sub(format!("block_{i}")), n, n)).collect(),
            concat: Conv::new(4 * n, n, 1).build(p.sub("conv_cat")),
            tail: Reparam::conv3xc(p.sub("conv_2"), n, n),
            upsampler: Upsampler::new(p.sub("upsampler"), n, c.scale),
        }
    }
}

impl Layer for Span {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", "SPAN");
        let features = self.head.forward(&((x - self.mean.to_kind(x.kind())) * self.img_range));
        // Unlike the reference, this does not keep unused attention maps until the end, so that the peak memory is lower.
        let (first, mut tap) = match self.blocks.first() {
            Some(block) => block.tapped(&features),
            None => (features.shallow_clone(), features.shallow_clone()),
        };
        let mut deep = first.shallow_clone();
        for block in self.blocks.iter().skip(1) {
            (deep, tap) = block.tapped(&deep);
        }
        let last = self.tail.forward(&deep);
        self.upsampler.forward(&self.concat.forward(&Tensor::cat(&[features, last, first, tap], 1)))
    }
}
