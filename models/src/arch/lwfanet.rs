//! LWFANet: lightweight feature aggregation network, Just Try's entry in NTIRE 2022 (Li et al., "NTIRE 2022 Challenge on
//! Efficient Super-Resolution: Methods and Results", CVPR Workshops 2022).
//!
//! A block runs four branches of one to four 3x3 convolutions on a quarter of the channels each, and adds three weighed
//! copies: the branches by channel attention, the branches by spatial attention, and the input by spatial attention.
//! The features are upscaled by nearest neighbours twice, each time with a convolution at the larger size: most of
//! the cost lies there.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::keys::{Guess, Keys};
use crate::error::{Error, Result};
use crate::layer::{Conv, Layer};
use crate::nn::{Act, ActKind, Conv2d, GlobalPool, GlobalPoolKind};
use crate::scope;
use crate::vars::{KeyPath, StateDict};

const SLOPE: f64 = 0.2;
/// Branches of a block.
const BRANCHES: i64 = 4;

/// Hyperparameters. The scale is 4: twice times two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Channels between blocks, a multiple of four.
    pub channels: i64,
    /// Number of blocks.
    pub blocks: usize,
    /// Width of the channel attention.
    pub attention_channels: i64,
    /// Channels while upscaling.
    pub up_channels: i64,
}

impl Default for Config {
    fn default() -> Self {
        Config::challenge()
    }
}

impl Config {
    /// The entry of 2022: ten blocks of 96 channels.
    pub fn challenge() -> Config {
        Config { channels: 96, blocks: 10, attention_channels: 6, up_channels: 64 }
    }
}

/// Reads the hyperparameters out of keys and shapes.
pub fn guess(dict: &StateDict) -> Option<Guess> {
    let keys = Keys(dict);
    let config = Config {
        channels: keys.dim("conv_first.weight", 0)?,
        blocks: keys.count(0, |i| format!("body.{i}.conv4_5.weight")),
        attention_channels: keys.dim("body.0.ca.fc1.weight", 0)?,
        up_channels: keys.dim("conv_L.weight", 0)?,
    };
    keys.has("body.0.sa2.sa_conv.weight").then(|| Guess::new(&config, &["slope 0.2"]))?
}

/// The network.
#[derive(Debug)]
pub struct LwfaNet {
    head: Conv2d,
    body: String,
    blocks: Vec<Lwfa>,
    tail: Conv2d,
    narrow: Conv2d,
    ups: [Conv2d; 2],
    hr: Conv2d,
    last: Conv2d,
    act: Act,
}

impl LwfaNet {
    /// Builds it, with a 3-channel input and output. The channels must be a multiple of the four branches.
    pub fn new(p: KeyPath<'_>, c: &Config) -> Result<LwfaNet> {
        if c.channels % BRANCHES != 0 {
            let reason = format!("`channels` {} is not a multiple of {BRANCHES}", c.channels);
            return Err(Error::Config { arch: "lwfanet".to_owned(), reason });
        }
        let (n, up) = (c.channels, c.up_channels);
        let body = p.sub("body");
        Ok(LwfaNet {
            head: Conv::same(3, n, 3).build(p.sub("conv_first")),
            blocks: (0..c.blocks).map(|i| Lwfa::new(body.sub(i), c)).collect(),
            body: body.name(),
            tail: Conv::same(n, n, 3).build(p.sub("conv_body")),
            narrow: Conv::new(n, up, 1).build(p.sub("conv_L")),
            ups: ["conv_up1", "conv_up2"].map(|key| Conv::same(up, up, 3).build(p.sub(key))),
            hr: Conv::same(up, up, 3).build(p.sub("conv_hr")),
            last: Conv::same(up, 3, 3).build(p.sub("conv_last")),
            act: Act::new(p.sub("lrelu"), ActKind::LeakyRelu(SLOPE), true),
        })
    }
}

impl Layer for LwfaNet {
    /// (N, 3, H, W) to (N, 3, 4 H, 4 W).
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", "LWFANet");
        let features = self.head.forward(x);
        let deep = {
            let _scope = scope::enter(&self.body, "Sequential");
            self.blocks.iter().fold(features.shallow_clone(), |x, block| block.forward(&x))
        };
        let mut x = self.narrow.forward(&(features + self.tail.forward(&deep)));
        for up in &self.ups {
            let wide = x.upsample_nearest2d_vec(None::<&[i64]>, [2.0, 2.0]);
            x = self.act.forward(&up.forward(&wide));
        }
        self.last.forward(&self.act.forward(&self.hr.forward(&x)))
    }
}

/// A block: (N, channels, H, W) to the same.
#[derive(Debug)]
struct Lwfa {
    path: String,
    branches: Vec<Vec<Conv2d>>,
    act: Act,
    by_channel: ChannelAttention,
    by_place: SpatialAttention,
    of_input: SpatialAttention,
}

impl Lwfa {
    fn new(p: KeyPath<'_>, c: &Config) -> Lwfa {
        let quarter = c.channels / BRANCHES;
        // Branch b: a 1x1 convolution, then b of 3x3.
        let conv = |branch: usize, i: usize| {
            let conv = if i == 1 { Conv::new(c.channels, quarter, 1) } else { Conv::same(quarter, quarter, 3) };
            conv.build(p.sub(format!("conv{branch}_{i}")))
        };
        Lwfa {
            path: p.name(),
            branches: (1..=4).map(|branch| (1..=branch + 1).map(|i| conv(branch, i)).collect()).collect(),
            act: Act::new(p.sub("lrelu"), ActKind::LeakyRelu(SLOPE), true),
            by_channel: ChannelAttention::new(p.sub("ca"), c.channels, c.attention_channels),
            by_place: SpatialAttention::new(p.sub("sa1"), c.channels),
            of_input: SpatialAttention::new(p.sub("sa2"), c.channels),
        }
    }
}

impl Layer for Lwfa {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "LWFA");
        let step = |x: Tensor, conv: &Conv2d| self.act.forward(&conv.forward(&x));
        let outs: Vec<Tensor> = self.branches.iter().map(|convs| convs.iter().fold(x.shallow_clone(), step)).collect();
        let out = Tensor::cat(&outs, 1);
        let by_channel = self.by_channel.forward(&out) * &out;
        let by_place = self.by_place.forward(&out) * &out;
        let of_input = self.of_input.forward(x) * x;
        by_channel + by_place + of_input
    }
}

/// A weight for each channel, from its mean and its maximum (Woo et al., "CBAM: Convolutional Block Attention Module",
/// ECCV 2018): (N, C, H, W) to (N, C, 1, 1).
#[derive(Debug)]
struct ChannelAttention {
    path: String,
    pools: [GlobalPool; 2],
    narrow: Conv2d,
    relu: Act,
    widen: Conv2d,
    sigmoid: Act,
}

impl ChannelAttention {
    fn new(p: KeyPath<'_>, channels: i64, width: i64) -> ChannelAttention {
        ChannelAttention {
            path: p.name(),
            pools: [
                GlobalPool::new(p.sub("avg_pool"), GlobalPoolKind::Mean),
                GlobalPool::new(p.sub("max_pool"), GlobalPoolKind::Max),
            ],
            narrow: Conv::new(channels, width, 1).no_bias().build(p.sub("fc1")),
            relu: Act::new(p.sub("relu1"), ActKind::Relu, false),
            widen: Conv::new(width, channels, 1).no_bias().build(p.sub("fc2")),
            sigmoid: Act::new(p.sub("sigmoid"), ActKind::Sigmoid, false),
        }
    }
}

impl Layer for ChannelAttention {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "ChannelAttention");
        let weigh = |pool: &GlobalPool| self.widen.forward(&self.relu.forward(&self.narrow.forward(&pool.forward(x))));
        let [mean, max] = &self.pools;
        self.sigmoid.forward(&(weigh(mean) + weigh(max)))
    }
}

/// A weight for each place: (N, C, H, W) to (N, 1, H, W).
#[derive(Debug)]
struct SpatialAttention {
    path: String,
    conv: Conv2d,
    sigmoid: Act,
}

impl SpatialAttention {
    fn new(p: KeyPath<'_>, channels: i64) -> SpatialAttention {
        SpatialAttention {
            path: p.name(),
            conv: Conv::new(channels, 1, 1).build(p.sub("sa_conv")),
            sigmoid: Act::new(p.sub("sigmoid"), ActKind::Sigmoid, false),
        }
    }
}

impl Layer for SpatialAttention {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "SpatialAttention");
        self.sigmoid.forward(&self.conv.forward(x))
    }
}
