//! RFDN: residual feature distillation network (Liu et al., "Residual Feature Distillation Network for Lightweight
//! Image Super-Resolution", ECCV Workshops 2020), winner of AIM 2020's challenge on efficient super-resolution, and
//! two variants of NTIRE 2022: MegSR pruned it to 40 channels, Bilibili AI trained 40 channels with branches.
//!
//! Where IMDN splits a convolution's output, RFDN distils by a 1x1 convolution beside it and lets all channels go on,
//! with a shallow residual; ESA gates each block, and a 1x1 convolution fuses all blocks' outputs.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::keys::{Guess, Keys};
use crate::blocks::{ConvAct, Esa, Rfdb, RfdbConfig, Upsampler};
use crate::layer::{Conv, Layer};
use crate::nn;
use crate::nn::{ActKind, Conv2d};
use crate::scope;
use crate::vars::{KeyPath, StateDict};

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Channels between blocks.
    pub channels: i64,
    /// Channels of each distilled part.
    pub distilled: i64,
    /// Number of blocks.
    pub blocks: usize,
    /// Width of ESA.
    pub esa_channels: i64,
    /// Whether a refinement adds its input before the activation.
    pub shallow_residual: bool,
    /// SR size over LR size.
    pub scale: i64,
}

impl Default for Config {
    fn default() -> Self {
        Config::plain(50)
    }
}

impl Config {
    /// RFDN of any width: 50 channels won AIM 2020, Bilibili AI's entry of 2022 has 40.
    pub fn plain(channels: i64) -> Config {
        Config {
            channels,
            distilled: channels / 2,
            blocks: 4,
            esa_channels: channels / 4,
            shallow_residual: true,
            scale: 4,
        }
    }

    /// MegSR's entry of 2022: 50 channels pruned to 40 outside of ESA, the shallow residual fused into the convolution.
    pub fn pruned() -> Config {
        Config { esa_channels: 12, shallow_residual: false, ..Config::plain(40) }
    }
}

/// Reads the hyperparameters out of keys and shapes.
///
/// The shallow residual has no key. Pruning leaves ESA wider than a quarter of the channels, as in the one entry
/// without the residual; the guess follows that and says so.
pub fn guess(dict: &StateDict) -> Option<Guess> {
    let keys = Keys(dict);
    let channels = keys.dim("B1.c5.weight", 0)?;
    let esa_channels = keys.dim("B1.esa.conv_max.weight", 0)?;
    let config = Config {
        channels,
        distilled: keys.dim("B1.c1_d.weight", 0)?,
        blocks: keys.count(1, |i| format!("B{i}.c1_d.weight")),
        esa_channels,
        shallow_residual: esa_channels == channels / 4,
        scale: keys.scale("upsampler.0.weight")?,
    };
    let residual = format!("shallow_residual {}", config.shallow_residual);
    keys.has("c.0.weight").then(|| Guess::new(&config, &["slope 0.05", &residual]))?
}

/// The network.
#[derive(Debug)]
pub struct Rfdn {
    head: Conv2d,
    blocks: Vec<Rfdb>,
    fuse: ConvAct,
    tail: Conv2d,
    upsampler: Upsampler,
}

impl Rfdn {
    /// Builds it, with a 3-channel input and output.
    pub fn new(p: KeyPath<'_>, c: &Config) -> Rfdn {
        let n = c.channels;
        let sizes = RfdbConfig { shallow: c.shallow_residual, ..RfdbConfig::rfdn(n, c.distilled) };
        let block = |i: usize| {
            let p = p.sub(format!("B{i}"));
            let gate = Esa::three(p.sub("esa"), n, c.esa_channels);
            Rfdb::new(p, &sizes, gate)
        };
        Rfdn {
            head: Conv::same(3, n, 3).build(p.sub("fea_conv")),
            blocks: (1..=c.blocks).map(block).collect(),
            fuse: ConvAct::new(p.sub("c"), Conv::new(n * c.blocks as i64, n, 1), ActKind::LeakyRelu(0.05)),
            tail: Conv::same(n, n, 3).build(p.sub("LR_conv")),
            upsampler: Upsampler::new(p.sub("upsampler"), n, c.scale),
        }
    }
}

impl Layer for Rfdn {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", "RFDN");
        let features = self.head.forward(x);
        let outs = nn::chain(&self.blocks, &features);
        let fused = self.fuse.forward(&Tensor::cat(&outs, 1));
        self.upsampler.forward(&(self.tail.forward(&fused) + features))
    }
}
