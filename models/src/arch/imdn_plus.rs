//! IMDN+: rainbow's entry in NTIRE 2022 (Li et al., "NTIRE 2022 Challenge on Efficient Super-Resolution: Methods and
//! Results", CVPR Workshops 2022).
//!
//! IMDN's distillation in six finer steps: each sets a sixth of the channels aside and convolves only the rest, so the
//! convolutions narrow from step to step. SiLU instead of leaky ReLU, no attention.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::keys::{Guess, Keys};
use crate::blocks::{Shortcut, Upsampler};
use crate::layer::{Conv, Layer};
use crate::nn;
use crate::nn::{Act, ActKind, Conv2d};
use crate::scope;
use crate::vars::{KeyPath, StateDict};

/// Steps of a block.
const STEPS: i64 = 6;

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Channels that each of the six steps sets aside: a sixth of those between blocks.
    pub distilled: i64,
    /// Number of blocks.
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
    /// The entry of 2022: eight blocks of 36 channels.
    pub fn challenge() -> Config {
        Config { distilled: 6, blocks: 8, scale: 4 }
    }
}

/// Reads the hyperparameters out of keys and shapes.
pub fn guess(dict: &StateDict) -> Option<Guess> {
    let keys = Keys(dict);
    let config = Config {
        distilled: keys.dim("FEM.1.sub.0.c6.weight", 0)?,
        blocks: keys.count(0, |i| format!("FEM.1.sub.{i}.c1.weight")),
        scale: keys.scale("RM.0.weight")?,
    };
    Guess::new(&config, &["activation SiLU"])
}

/// The network.
#[derive(Debug)]
pub struct ImdnPlus {
    features: String,
    head: Conv2d,
    body: Shortcut<Imdb>,
    upsampler: Upsampler,
}

impl ImdnPlus {
    /// Builds it, with a 3-channel input and output.
    pub fn new(p: KeyPath<'_>, c: &Config) -> ImdnPlus {
        let n = c.distilled * STEPS;
        let features = p.sub("FEM");
        ImdnPlus {
            head: Conv::same(3, n, 3).build(features.sub(0)),
            body: Shortcut::new(features.sub(1), n, c.blocks, |p| Imdb::new(p, c.distilled)),
            upsampler: Upsampler::new(p.sub("RM"), n, c.scale),
            features: features.name(),
        }
    }
}

impl Layer for ImdnPlus {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", "IMDN_plus");
        let deep = {
            let _scope = scope::enter(&self.features, "Sequential");
            self.body.forward(&self.head.forward(x))
        };
        self.upsampler.forward(&deep)
    }
}

/// A block: (N, 6 distilled, H, W) to the same.
#[derive(Debug)]
struct Imdb {
    path: String,
    /// From the widest to the narrowest.
    convs: Vec<Conv2d>,
    act: Act,
    fuse: Conv2d,
    distilled: i64,
}

impl Imdb {
    fn new(p: KeyPath<'_>, distilled: i64) -> Imdb {
        let conv = |step: i64| {
            let n = distilled * (STEPS + 1 - step);
            Conv::same(n, n, 3).build(p.sub(format!("c{step}")))
        };
        let all = distilled * STEPS;
        Imdb {
            path: p.name(),
            convs: (1..=STEPS).map(conv).collect(),
            act: Act::new(p.sub("act"), ActKind::Silu, false),
            fuse: Conv::new(all, all, 1).build(p.sub("c7")),
            distilled,
        }
    }
}

impl Layer for Imdb {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "IMDB_plus");
        let mut collected = Vec::with_capacity(self.convs.len());
        let mut rest = x.shallow_clone();
        for (after, conv) in (0..STEPS).rev().zip(&self.convs) {
            let out = self.act.forward(&conv.forward(&rest));
            if after == 0 {
                collected.push(out);
                break;
            }
            let (distilled, remaining) = nn::split(&out, [self.distilled, self.distilled * after]);
            collected.push(distilled);
            rest = remaining;
        }
        self.fuse.forward(&Tensor::cat(&collected, 1)) + x
    }
}
