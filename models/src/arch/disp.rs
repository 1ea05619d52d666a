//! DISP: an entry of NTIRE 2026 ("The Eleventh NTIRE Efficient Super-Resolution Challenge Report"), in its deploy form.
//!
//! Four residual blocks of four 3x3 convolutions, a SiLU after each; the block's input is added after the last SiLU.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::keys::{Guess, Keys};
use crate::blocks::{Reparam, Upsampler};
use crate::layer::{Conv, Layer};
use crate::nn::{Act, ActKind, Conv2d};
use crate::scope;
use crate::vars::{KeyPath, StateDict};

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Channels everywhere.
    pub channels: i64,
    /// Number of blocks.
    pub blocks: usize,
    /// 3x3 convolutions of a block, three at least.
    pub convs: usize,
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
        Config { channels: 32, blocks: 4, convs: 4, scale: 4 }
    }
}

/// Reads the hyperparameters out of keys and shapes.
pub fn guess(dict: &StateDict) -> Option<Guess> {
    let keys = Keys(dict);
    let config = Config {
        channels: keys.dim("conv_1.eval_conv.weight", 0)?,
        blocks: keys.count(0, |i| format!("blocks.{i}.c1_r.eval_conv.weight")),
        convs: 3 + keys.count(0, |i| format!("blocks.0._extern_conv_block.{i}.eval_conv.weight")),
        scale: keys.scale("upsampler.0.weight")?,
    };
    (config.blocks > 0).then(|| Guess::new(&config, &[]))?
}

/// The network.
#[derive(Debug)]
pub struct Disp {
    head: Reparam,
    blocks: Vec<Block>,
    tail: Conv2d,
    upsampler: Upsampler,
}

impl Disp {
    /// Builds it, with a 3-channel input and output.
    pub fn new(p: KeyPath<'_>, c: &Config) -> Disp {
        let n = c.channels;
        Disp {
            head: conv(p.sub("conv_1"), 3, n),
            blocks: (0..c.blocks).map(|i| Block::new(p.sub("blocks").sub(i), n, c.convs)).collect(),
            tail: Conv::new(n, n, 1).build(p.sub("conv_2")),
            upsampler: Upsampler::new(p.sub("upsampler"), n, c.scale),
        }
    }
}

fn conv(p: KeyPath<'_>, in_channels: i64, out: i64) -> Reparam {
    Reparam::new(p, "Conv", "eval_conv", Conv::same(in_channels, out, 3))
}

impl Layer for Disp {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", "DISP");
        let features = self.head.forward(x);
        let deep = self.blocks.iter().fold(features.shallow_clone(), |x, block| block.forward(&x));
        let mut out = self.tail.forward(&deep);
        out += features;
        self.upsampler.forward(&out)
    }
}

#[derive(Debug)]
struct Block {
    path: String,
    /// In the order in which they run: `c1_r`, `c2_r`, the extra ones, `c3_r`.
    convs: Vec<Reparam>,
    act: Act,
}

impl Block {
    fn new(p: KeyPath<'_>, channels: i64, convs: usize) -> Block {
        let extras = (0..convs.saturating_sub(3)).map(|i| p.sub("_extern_conv_block").sub(i));
        let paths = [p.sub("c1_r"), p.sub("c2_r")].into_iter().chain(extras).chain([p.sub("c3_r")]);
        Block {
            path: p.name(),
            convs: paths.map(|p| conv(p, channels, channels)).collect(),
            act: Act::new(p.sub("act1"), ActKind::Silu, true),
        }
    }
}

impl Layer for Block {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "REECB");
        self.convs.iter().fold(x.shallow_clone(), |x, conv| self.act.forward(&conv.forward(&x))) + x
    }
}
