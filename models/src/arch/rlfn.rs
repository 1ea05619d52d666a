//! RLFN: residual local feature network (Kong et al., "Residual Local Feature Network for Efficient Super-Resolution",
//! CVPR Workshops 2022), winner of the runtime track of NTIRE 2022.
//!
//! Where RFDN distils, RLFN adds: a block is three 3x3 convolutions with leaky ReLUs, the block's input added, a 1x1
//! convolution and ESA with a single inner convolution. The winning entry is pruned to 46 channels and names its keys
//! differently (`fea_conv`, `B1`); both namings are read.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::keys::{Guess, Keys};
use crate::blocks::{Esa, Upsampler};
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
    /// Channels inside a block.
    pub mid_channels: i64,
    /// Number of blocks.
    pub blocks: usize,
    /// Width of ESA.
    pub esa_channels: i64,
    /// SR size over LR size.
    pub scale: i64,
    /// How keys are named.
    pub naming: Naming,
}

/// Two generations of key names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Naming {
    /// `conv_1`, `block_1`, `conv_2`: the authors' release.
    Author,
    /// `fea_conv`, `B1`, `LR_conv`: the challenge entry.
    Challenge,
}

impl Naming {
    /// Keys of the first convolution, of the blocks (before their number) and of the last convolution.
    fn keys(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Naming::Author => ("conv_1", "block_", "conv_2"),
            Naming::Challenge => ("fea_conv", "B", "LR_conv"),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Config::author(52)
    }
}

impl Config {
    /// The authors' release: 52 channels (RLFN) or 48 (RLFN-S), six blocks.
    pub fn author(channels: i64) -> Config {
        Config { channels, mid_channels: channels, blocks: 6, esa_channels: 16, scale: 4, naming: Naming::Author }
    }

    /// ByteESR's entry of 2022: four blocks, pruned to 46 channels outside and 48 inside.
    pub fn challenge() -> Config {
        Config { channels: 46, mid_channels: 48, blocks: 4, naming: Naming::Challenge, ..Config::author(46) }
    }
}

/// Reads the hyperparameters out of keys and shapes.
pub fn guess(dict: &StateDict) -> Option<Guess> {
    let keys = Keys(dict);
    let naming = if keys.has("conv_1.weight") { Naming::Author } else { Naming::Challenge };
    let (head, block, _) = naming.keys();
    let config = Config {
        channels: keys.dim(&format!("{head}.weight"), 0)?,
        mid_channels: keys.dim(&format!("{block}1.c1_r.weight"), 0)?,
        blocks: keys.count(1, |i| format!("{block}{i}.c1_r.weight")),
        esa_channels: keys.dim(&format!("{block}1.esa.conv3.weight"), 0)?,
        scale: keys.scale("upsampler.0.weight")?,
        naming,
    };
    let known = keys.has(&format!("{block}1.c3_r.weight")) && !keys.has(&format!("{block}1.c1_d.weight"));
    known.then(|| Guess::new(&config, &["slope 0.05"]))?
}

/// The network.
#[derive(Debug)]
pub struct Rlfn {
    class: &'static str,
    head: Conv2d,
    blocks: Vec<Rlfb>,
    tail: Conv2d,
    upsampler: Upsampler,
}

impl Rlfn {
    /// Builds it, with a 3-channel input and output.
    pub fn new(p: KeyPath<'_>, c: &Config) -> Rlfn {
        let (head, block, tail) = c.naming.keys();
        Rlfn {
            class: match c.naming {
                Naming::Author => "RLFN",
                Naming::Challenge => "RLFN_cut",
            },
            head: Conv::same(3, c.channels, 3).build(p.sub(head)),
            blocks: (1..=c.blocks).map(|i| Rlfb::new(p.sub(format!("{block}{i}")), c)).collect(),
            tail: Conv::same(c.channels, c.channels, 3).build(p.sub(tail)),
            upsampler: Upsampler::new(p.sub("upsampler"), c.channels, c.scale),
        }
    }
}

impl Layer for Rlfn {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", self.class);
        let features = self.head.forward(x);
        let deep = self.blocks.iter().fold(features.shallow_clone(), |x, block| block.forward(&x));
        self.upsampler.forward(&(self.tail.forward(&deep) + features))
    }
}

/// Residual local feature block.
#[derive(Debug)]
struct Rlfb {
    path: String,
    convs: [Conv2d; 3],
    act: Act,
    fuse: Conv2d,
    esa: Esa,
}

impl Rlfb {
    fn new(p: KeyPath<'_>, c: &Config) -> Rlfb {
        Rlfb {
            path: p.name(),
            convs: [
                Conv::same(c.channels, c.mid_channels, 3).build(p.sub("c1_r")),
                Conv::same(c.mid_channels, c.mid_channels, 3).build(p.sub("c2_r")),
                Conv::same(c.mid_channels, c.channels, 3).build(p.sub("c3_r")),
            ],
            act: Act::new(p.sub("act"), ActKind::LeakyRelu(0.05), true),
            fuse: Conv::new(c.channels, c.channels, 1).build(p.sub("c5")),
            esa: Esa::one(p.sub("esa"), c.channels, c.esa_channels),
        }
    }
}

impl Layer for Rlfb {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "RLFB");
        let local = self.convs.iter().fold(x.shallow_clone(), |x, conv| self.act.forward(&conv.forward(&x)));
        self.esa.forward(&self.fuse.forward(&(local + x)))
    }
}
