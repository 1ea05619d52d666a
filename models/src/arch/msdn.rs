//! MSDN: multi-scale information distillation network, VMCL_Taobao's entry in NTIRE 2022 (Li et al., "NTIRE 2022
//! Challenge on Efficient Super-Resolution: Methods and Results", CVPR Workshops 2022).
//!
//! Three distillation blocks whose convolutions work at several scales (grouped, plain, dilated) and which a large-kernel
//! attention gates (Guo et al., "Visual Attention Network", 2022): depthwise convolutions of 7x7 spread by 3 and of 5x5
//! on pooled features, coarser in the first block than in the last.
//! The network takes 0..1 and works in 0..255.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::keys::{Guess, Keys};
use crate::blocks::{ConvAct, Upsampler};
use crate::layer::{Conv, Layer};
use crate::nn;
use crate::nn::{Act, ActKind, Conv2d};
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
    /// Width of the attention.
    pub attention_channels: i64,
    /// SR size over LR size.
    pub scale: i64,
}

impl Default for Config {
    fn default() -> Self {
        Config::challenge()
    }
}

impl Config {
    /// The entry of 2022: three blocks of 56 channels.
    pub fn challenge() -> Config {
        Config { channels: 56, distilled: 28, blocks: 3, attention_channels: 7, scale: 4 }
    }
}

/// Reads the hyperparameters out of keys and shapes.
pub fn guess(dict: &StateDict) -> Option<Guess> {
    let keys = Keys(dict);
    let config = Config {
        channels: keys.dim("B.0.c2_r.0.weight", 0)?,
        distilled: keys.dim("B.0.c1_d.0.weight", 0)?,
        blocks: keys.count(0, |i| format!("B.{i}.c1_d.0.weight")),
        attention_channels: keys.dim("B.0.attention.head.weight", 0)?,
        scale: keys.scale("upsampler.0.weight")?,
    };
    let assumed = ["activation SiLU", "dilations 2 and 3", "attention pooled by blocks + 1, ..., 2"];
    Guess::new(&config, &assumed)
}

/// The network.
#[derive(Debug)]
pub struct Msdn {
    head: Conv2d,
    blocks: Vec<Msdb>,
    fusion: String,
    fuse: ConvAct,
    tail: Conv2d,
    upsampler: Upsampler,
}

impl Msdn {
    /// Builds it, with a 3-channel input and output.
    pub fn new(p: KeyPath<'_>, c: &Config) -> Msdn {
        let n = c.channels;
        let fusion = p.sub("C");
        // As in the reference, the first block pools the most.
        let block = |i: usize| Msdb::new(p.sub(format!("B.{i}")), c, (c.blocks - i + 1) as i64);
        Msdn {
            head: Conv::same(3, n, 3).build(p.sub("fea_conv")),
            blocks: (0..c.blocks).map(block).collect(),
            fuse: ConvAct::new(fusion.sub(0), Conv::new(n * c.blocks as i64, n, 1), ActKind::Silu),
            tail: Conv::same(n, n, 3).build(fusion.sub(1)),
            fusion: fusion.name(),
            upsampler: Upsampler::new(p.sub("upsampler"), n, c.scale),
        }
    }
}

impl Layer for Msdn {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", "MSDN");
        let features = self.head.forward(&(x * 255.0));
        let outs = Tensor::cat(&nn::chain(&self.blocks, &features), 1);
        let fused = {
            let _scope = scope::enter(&self.fusion, "Sequential");
            self.tail.forward(&self.fuse.forward(&outs))
        };
        self.upsampler.forward(&(fused + features)) / 255.0
    }
}

/// Multi-scale information distillation block: (N, channels, H, W) to the same.
#[derive(Debug)]
struct Msdb {
    path: String,
    distil1: ConvAct,
    refine1: (String, ConvAct, ConvAct),
    distil2: ConvAct,
    refine2: ConvAct,
    last: ConvAct,
    fuse: Conv2d,
    attention: LargeKernelAttention,
}

impl Msdb {
    fn new(p: KeyPath<'_>, c: &Config, pool: i64) -> Msdb {
        let n = c.channels;
        let at = |key: &str, conv: Conv| ConvAct::new(p.sub(key), conv, ActKind::Silu);
        Msdb {
            path: p.name(),
            distil1: at("c1_d", Conv::new(n, c.distilled, 1)),
            refine1: (
                p.sub("c1_r").name(),
                at("c1_r.0", Conv::new(n, 2 * n, 1)),
                at("c1_r.1", Conv::same(2 * n, n, 3).groups(2)),
            ),
            distil2: at("c2_d", Conv::new(n, c.distilled, 1)),
            refine2: at("c2_r", Conv::same(n, n, 3)),
            last: at("c3", Conv::new(n, c.distilled, 3).dilation(2).pad(2)),
            fuse: Conv::new(c.distilled * 3, n, 1).build(p.sub("c4")),
            attention: LargeKernelAttention::new(p.sub("attention"), n, c.attention_channels, pool),
        }
    }
}

impl Layer for Msdb {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "MSDB");
        let first = self.distil1.forward(x);
        let refined = {
            let (path, widen, grouped) = &self.refine1;
            let _scope = scope::enter(path, "Sequential");
            grouped.forward(&widen.forward(x))
        };
        let second = self.distil2.forward(&refined);
        let third = self.last.forward(&self.refine2.forward(&refined));
        self.attention.forward(&self.fuse.forward(&Tensor::cat(&[first, second, third], 1)))
    }
}

/// Large-kernel attention: pooling, a large kernel in three parts, and upscaling to the full size.
#[derive(Debug)]
struct LargeKernelAttention {
    path: String,
    narrow: Conv2d,
    act: Act,
    kernel: String,
    parts: [Conv2d; 3],
    widen: Conv2d,
    pool: i64,
}

impl LargeKernelAttention {
    fn new(p: KeyPath<'_>, channels: i64, width: i64, pool: i64) -> LargeKernelAttention {
        let kernel = p.sub("LKA");
        let depthwise = |size| Conv::same(width, width, size).groups(width);
        LargeKernelAttention {
            path: p.name(),
            narrow: Conv::new(channels, width, 1).build(p.sub("head")),
            act: Act::new(p.sub("activation"), ActKind::Gelu, false),
            parts: [
                depthwise(7).dilation(3).pad(9).build(kernel.sub(0)),
                depthwise(5).build(kernel.sub(1)),
                Conv::new(width, width, 1).build(kernel.sub(2)),
            ],
            kernel: kernel.name(),
            widen: Conv::new(width, channels, 1).build(p.sub("tail")),
            pool,
        }
    }
}

impl Layer for LargeKernelAttention {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "VisionAttention");
        let narrow = self.narrow.forward(x);
        let pooled = narrow.max_pool2d([2 * self.pool + 1; 2], [self.pool; 2], [0; 2], [1; 2], false);
        let pooled = self.act.forward(&pooled);
        let far = {
            let _scope = scope::enter(&self.kernel, "Sequential");
            self.parts.iter().fold(pooled, |x, conv| conv.forward(&x))
        };
        let size = x.size();
        let far = far.upsample_bilinear2d([size[2], size[3]], false, None, None);
        x * self.widen.forward(&(far + narrow)).sigmoid()
    }
}
