//! Plain RFDN: NEESR's entry in NTIRE 2022 (Li et al., "NTIRE 2022 Challenge on Efficient Super-Resolution: Methods and
//! Results", CVPR Workshops 2022), second in runtime, in its deploy form.
//!
//! RFDN without the concatenation over blocks. Its 3x3 convolutions were trained as edge-oriented blocks (ECB), whose
//! identity branch takes the residual's place, and ESA pools by seven at once instead of a strided convolution.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::keys::{Guess, Keys};
use crate::blocks::{Esa, Rfdb, RfdbConfig, Upsampler};
use crate::layer::{Conv, Layer};
use crate::nn::Conv2d;
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
    /// SR size over LR size.
    pub scale: i64,
}

impl Default for Config {
    fn default() -> Self {
        Config::challenge()
    }
}

impl Config {
    /// The entry of 2022: four blocks of 42 channels.
    pub fn challenge() -> Config {
        Config { channels: 42, distilled: 10, blocks: 4, esa_channels: 10, scale: 4 }
    }
}

/// Reads the hyperparameters out of keys and shapes.
pub fn guess(dict: &StateDict) -> Option<Guess> {
    let keys = Keys(dict);
    let config = Config {
        channels: keys.dim("B1.c1_r.conv3x3.weight", 0)?,
        distilled: keys.dim("B1.c1_d.weight", 0)?,
        blocks: keys.count(1, |i| format!("B{i}.c1_d.weight")),
        esa_channels: keys.dim("B1.esa.conv_23.weight", 0)?,
        scale: keys.scale("upsampler.0.weight")?,
    };
    Guess::new(&config, &["slope 0.05"])
}

/// The network.
#[derive(Debug)]
pub struct PlainRfdn {
    head: Conv2d,
    blocks: Vec<Rfdb>,
    tail: Conv2d,
    upsampler: Upsampler,
}

impl PlainRfdn {
    /// Builds it, with a 3-channel input and output.
    pub fn new(p: KeyPath<'_>, c: &Config) -> PlainRfdn {
        let block = |i: usize| {
            let p = p.sub(format!("B{i}"));
            let gate = Esa::split(p.sub("esa"), c.channels, c.esa_channels);
            let sizes = RfdbConfig { shallow: false, wrapped: true, ..RfdbConfig::rfdn(c.channels, c.distilled) };
            Rfdb::new(p, &sizes, gate)
        };
        PlainRfdn {
            head: Conv::same(3, c.channels, 3).build(p.sub("fea_conv")),
            blocks: (1..=c.blocks).map(block).collect(),
            tail: Conv::same(c.channels, c.channels, 3).build(p.sub("LR_conv")),
            upsampler: Upsampler::new(p.sub("upsampler"), c.channels, c.scale),
        }
    }
}

impl Layer for PlainRfdn {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", "PLAINRFDN");
        let features = self.head.forward(x);
        let deep = self.blocks.iter().fold(features.shallow_clone(), |x, block| block.forward(&x));
        self.upsampler.forward(&(self.tail.forward(&deep) + features))
    }
}
