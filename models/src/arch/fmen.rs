//! FMEN: fast and memory-efficient network (Du et al., "Fast and Memory-Efficient Network Towards Efficient Image
//! Super-Resolution", CVPR Workshops 2022), NJU_Jet's entry in NTIRE 2022: second in runtime, the least memory. Deploy
//! form.
//!
//! A plain chain without concatenations or long-lived features: pairs of 3x3 convolutions alternate with a
//! high-frequency attention (HFAB) whose gate comes from a narrow chain at full size. Convolutions were trained as
//! residual-in-residual branches (RRRB).

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::Guess;
use super::keys::Keys;
use crate::blocks::{Reparam, Upsampler};
use crate::nn::{self, Act, ActKind, Conv, Conv2d, Layer};
use crate::scope;
use crate::vars::{Path, StateDict};

const SLOPE: f64 = 0.1;

/// Sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Channels between blocks.
    pub channels: i64,
    /// The attention before the first pair of convolutions.
    pub warmup: Attention,
    /// The attention after each pair of convolutions.
    pub body: Vec<Attention>,
    /// SR size over LR size.
    pub scale: i64,
}

/// Sizes of an attention's narrow chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attention {
    /// Channels.
    pub channels: i64,
    /// Pairs of convolutions.
    pub pairs: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config::challenge()
    }
}

impl Config {
    /// The entry of 2022: four pairs of 50 channels.
    pub fn challenge() -> Config {
        Config {
            channels: 50,
            warmup: Attention { channels: 12, pairs: 2 },
            body: vec![Attention { channels: 16, pairs: 1 }; 4],
            scale: 4,
        }
    }
}

/// Sizes from keys and shapes.
pub fn guess(dict: &StateDict) -> Option<Guess> {
    let keys = Keys(dict);
    let attention = |at: String| {
        let channels = keys.dim(&format!("{at}.squeeze.weight"), 0)?;
        Some(Attention { channels, pairs: keys.count(0, |i| format!("{at}.convs.{i}.conv1.rep_conv.weight")) })
    };
    let config = Config {
        channels: keys.dim("head.weight", 0)?,
        warmup: attention("warmup.1".to_owned())?,
        body: (0..).map_while(|i| attention(format!("hfabs.{i}"))).collect(),
        scale: keys.scale("tail.0.weight")?,
    };
    keys.has("lr_conv.weight").then(|| Guess::new(&config, &["slope 0.1"]))?
}

/// The network.
#[derive(Debug)]
pub struct Fmen {
    head: Conv2d,
    warmup: String,
    first: Conv2d,
    gate: Hfab,
    body: Vec<(Pair, Hfab)>,
    last: Conv2d,
    upsampler: Upsampler,
}

impl Fmen {
    /// Builds it, with a 3-channel input and output.
    pub fn new(p: Path<'_>, c: &Config) -> Fmen {
        let n = c.channels;
        let warmup = p.sub("warmup");
        let block = |(i, sizes): (usize, &Attention)| {
            (Pair::new(p.sub(format!("basic_blocks.{i}")), n), Hfab::new(p.sub(format!("hfabs.{i}")), n, *sizes))
        };
        Fmen {
            head: Conv::same(3, n, 3).build(p.sub("head")),
            first: Conv::same(n, n, 3).build(warmup.sub(0)),
            gate: Hfab::new(warmup.sub(1), n, c.warmup),
            warmup: warmup.name(),
            body: c.body.iter().enumerate().map(block).collect(),
            last: Conv::same(n, n, 3).build(p.sub("lr_conv")),
            upsampler: Upsampler::new(p.sub("tail"), n, c.scale),
        }
    }
}

impl Layer for Fmen {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", "FMEN");
        let features = self.head.forward(x);
        let mut deep = {
            let _scope = scope::enter(&self.warmup, "Sequential");
            self.gate.forward(&self.first.forward(&features))
        };
        for (pair, gate) in &self.body {
            deep = gate.forward(&pair.forward(&deep));
        }
        let mut deep = self.last.forward(&deep);
        self.upsampler.forward(&deep.g_add_(&features))
    }
}

/// Two 3x3 convolutions with a leaky ReLU between them.
///
/// The reference's activations are one module that belongs to no other: hooks do not see it, so it is a plain call.
#[derive(Debug)]
struct Pair {
    path: String,
    convs: [Reparam; 2],
}

impl Pair {
    fn new(p: Path<'_>, n: i64) -> Pair {
        let conv = |key| Reparam::new(p.sub(key), "RepConv", "rep_conv", Conv::same(n, n, 3));
        Pair { path: p.name(), convs: ["conv1", "conv2"].map(conv) }
    }
}

impl Layer for Pair {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "BasicBlock");
        let [first, second] = &self.convs;
        second.forward(&nn::leaky_relu(&first.forward(x), SLOPE, false))
    }
}

/// High-frequency attention block: (N, n, H, W) to the same.
#[derive(Debug)]
struct Hfab {
    path: String,
    narrow: Conv2d,
    chain: String,
    pairs: Vec<Pair>,
    widen: Conv2d,
    sigmoid: Act,
}

impl Hfab {
    fn new(p: Path<'_>, n: i64, sizes: Attention) -> Hfab {
        let chain = p.sub("convs");
        Hfab {
            path: p.name(),
            narrow: Conv::same(n, sizes.channels, 3).build(p.sub("squeeze")),
            pairs: (0..sizes.pairs).map(|i| Pair::new(chain.sub(i), sizes.channels)).collect(),
            chain: chain.name(),
            widen: Conv::same(sizes.channels, n, 3).build(p.sub("excitate")),
            sigmoid: Act::new(p.sub("sigmoid"), ActKind::Sigmoid, false),
        }
    }
}

impl Layer for Hfab {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "HFAB");
        let narrow = nn::leaky_relu(&self.narrow.forward(x), SLOPE, false);
        let far = {
            let _scope = scope::enter(&self.chain, "Sequential");
            self.pairs.iter().fold(narrow, |x, pair| pair.forward(&x))
        };
        let mut gate = self.sigmoid.forward(&self.widen.forward(&nn::leaky_relu(&far, SLOPE, false)));
        gate.g_mul_(x)
    }
}
