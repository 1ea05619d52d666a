//! SPANF: SPAN made faster (NTIRE 2025), and PDS, its form with a narrower tail (BOE_AIoT, NTIRE 2026); both are
//! described in the reports "The Tenth" and "The Eleventh NTIRE Efficient Super-Resolution Challenge Report". Deploy form.
//!
//! Five SPABs, the first of which takes the image itself and is not gated. A depthwise convolution that copies each
//! pixel to its 16 sub-pixels (nearest-neighbour upscaling before the pixel shuffle) joins the first and the last
//! features; a 1x1 and a 3x3 convolution turn them into the SR image.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::keys::{Guess, Keys};
use crate::blocks::{Reparam, Spab};
use crate::layer::{Conv, Layer};
use crate::nn::{Conv2d, PixelShuffle};
use crate::scope;
use crate::vars::{KeyPath, StateDict};

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Channels between blocks.
    pub channels: i64,
    /// Channels between the two last convolutions.
    pub tail_channels: i64,
    /// Number of blocks, including the first one.
    pub blocks: usize,
    /// SR size over LR size.
    pub scale: i64,
    /// How the last convolutions' keys are named.
    pub naming: Naming,
}

/// Two names of the same layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Naming {
    /// `conv_cat`, `conv_2`.
    Spanf,
    /// `conv_cat_1`, `conv_2_1`.
    Pds,
}

impl Naming {
    fn tail(self) -> (&'static str, &'static str) {
        match self {
            Naming::Spanf => ("conv_cat", "conv_2"),
            Naming::Pds => ("conv_cat_1", "conv_2_1"),
        }
    }

    fn class(self) -> &'static str {
        match self {
            Naming::Spanf => "SPANF",
            Naming::Pds => "PDS",
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Config::spanf()
    }
}

impl Config {
    /// The entry of 2025.
    pub fn spanf() -> Config {
        Config { channels: 32, tail_channels: 32, blocks: 5, scale: 4, naming: Naming::Spanf }
    }

    /// BOE_AIoT's entry of 2026.
    pub fn pds() -> Config {
        Config { tail_channels: 20, naming: Naming::Pds, ..Config::spanf() }
    }
}

/// Reads the hyperparameters out of keys and shapes.
pub fn guess(dict: &StateDict) -> Option<Guess> {
    let keys = Keys(dict);
    let naming = if keys.has("conv_cat_1.weight") { Naming::Pds } else { Naming::Spanf };
    let (concat, last) = naming.tail();
    let config = Config {
        channels: keys.dim("block_1.c1_r.eval_conv.weight", 0)?,
        tail_channels: keys.dim(&format!("{concat}.weight"), 0)?,
        blocks: keys.count(1, |i| format!("block_{i}.c1_r.eval_conv.weight")),
        scale: keys.scale("conv_near.weight")?,
        naming,
    };
    keys.has(&format!("{last}.eval_conv.weight")).then(|| Guess::new(&config, &[]))?
}

/// The network.
#[derive(Debug)]
pub struct Spanf {
    class: &'static str,
    nearest: Conv2d,
    blocks: Vec<Spab>,
    concat: Conv2d,
    last: Reparam,
    shuffle: PixelShuffle,
}

impl Spanf {
    /// Builds it, with a 3-channel input and output.
    pub fn new(p: KeyPath<'_>, c: &Config) -> Spanf {
        let n = c.channels;
        let pixels = 3 * c.scale * c.scale;
        let (concat, last) = c.naming.tail();
        let block = |i: usize| Spab::new(p.sub(format!("block_{i}")), if i == 1 { 3 } else { n }, n);
        Spanf {
            class: c.naming.class(),
            nearest: Conv::same(3, pixels, 3).groups(3).no_bias().build(p.sub("conv_near")),
            blocks: (1..=c.blocks).map(block).collect(),
            concat: Conv::new(pixels + 2 * n, c.tail_channels, 1).build(p.sub(concat)),
            last: Reparam::conv3xc(p.sub(last), c.tail_channels, pixels),
            shuffle: PixelShuffle::new(p.sub("depth_to_space"), c.scale),
        }
    }
}

impl Layer for Spanf {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", self.class);
        let copies = self.nearest.forward(x);
        let mut outs = self.blocks.iter().scan(x.shallow_clone(), |x, block| {
            *x = block.forward(x);
            Some(x.shallow_clone())
        });
        let first = outs.next().unwrap_or_else(|| x.shallow_clone());
        let deep = outs.last().unwrap_or_else(|| first.shallow_clone());
        let joined = self.concat.forward(&Tensor::cat(&[copies, deep, first], 1));
        self.shuffle.forward(&self.last.forward(&joined))
    }
}
