//! IMDN: information multi-distillation network (Hui et al., "Lightweight Image Super-Resolution with Information
//! Multi-distillation Network", ACM Multimedia 2019), and its simplified form, winner of the AIM 2019 challenge on
//! constrained super-resolution (Zhang et al., "AIM 2019 Challenge on Constrained Super-Resolution", ICCV Workshops
//! 2019) and baseline of NTIRE 2022.
//!
//! A block distils step by step: after each 3x3 convolution a quarter of the channels is set aside and the rest continues.
//! The original weighs the collected parts by their contrast (CCA) and fuses all blocks' outputs; the simplified form
//! drops both.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::keys::{Guess, Keys};
use crate::blocks::{Cca, ConvAct, Shortcut, Upsampler};
use crate::error::{Error, Result};
use crate::layer::{Conv, Layer};
use crate::nn;
use crate::nn::{Act, ActKind, Conv2d, PixelShuffle};
use crate::scope;
use crate::vars::{KeyPath, StateDict};

const SLOPE: f64 = 0.05;

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Which of the two networks.
    pub form: Form,
    /// Channels between blocks.
    pub channels: i64,
    /// Channels that each step sets aside.
    pub distilled: i64,
    /// Number of blocks.
    pub blocks: usize,
    /// Width of CCA; the simplified form has none.
    pub attention_channels: i64,
    /// SR size over LR size.
    pub scale: i64,
}

/// The two networks of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// With CCA and the fusion over blocks, as published in 2019.
    Original,
    /// Without both: AIM 2019's winner.
    Simplified,
}

impl Default for Config {
    fn default() -> Self {
        Config::simplified(8)
    }
}

impl Config {
    /// The authors' release: six blocks of 64 channels.
    pub fn original() -> Config {
        let (form, channels) = (Form::Original, 64);
        Config { form, channels, distilled: channels / 4, blocks: 6, attention_channels: channels / 16, scale: 4 }
    }

    /// 64 channels; eight blocks in the baseline of NTIRE 2022, seven in xilinxSR's entry.
    pub fn simplified(blocks: usize) -> Config {
        Config { form: Form::Simplified, blocks, ..Config::original() }
    }
}

/// Reads the hyperparameters out of keys and shapes.
pub fn guess(dict: &StateDict) -> Option<Guess> {
    let keys = Keys(dict);
    let config = if keys.has("IMDB1.c1.weight") {
        Config {
            form: Form::Original,
            channels: keys.dim("IMDB1.c1.weight", 0)?,
            distilled: keys.dim("IMDB1.c4.weight", 0)?,
            blocks: keys.count(1, |i| format!("IMDB{i}.c1.weight")),
            attention_channels: keys.dim("IMDB1.cca.conv_du.0.weight", 0)?,
            scale: keys.scale("upsampler.0.weight")?,
        }
    } else {
        let channels = keys.dim("model.1.sub.0.conv1.0.weight", 0)?;
        Config {
            channels,
            distilled: keys.dim("model.1.sub.0.conv4.weight", 0)?,
            scale: keys.scale("model.2.weight")?,
            ..Config::simplified(keys.count(0, |i| format!("model.1.sub.{i}.conv1.0.weight")))
        }
    };
    Guess::new(&config, &["slope 0.05"])
}

/// Builds the network of the configured form, with a 3-channel input and output. A step must not set all channels aside.
pub fn build(p: KeyPath<'_>, c: &Config) -> Result<Box<dyn Layer>> {
    if c.distilled >= c.channels {
        let reason = format!("`distilled` {} is not below `channels` {}", c.distilled, c.channels);
        return Err(Error::Config { arch: "imdn".to_owned(), reason });
    }
    Ok(match c.form {
        Form::Original => Box::new(Original::new(p, c)),
        Form::Simplified => Box::new(Simplified::new(p, c)),
    })
}

/// The network of 2019's paper.
#[derive(Debug)]
pub struct Original {
    head: Conv2d,
    blocks: Vec<Imdb>,
    fuse: ConvAct,
    tail: Conv2d,
    upsampler: Upsampler,
}

impl Original {
    /// Builds it.
    pub fn new(p: KeyPath<'_>, c: &Config) -> Original {
        let n = c.channels;
        let all = n * c.blocks as i64;
        Original {
            head: Conv::same(3, n, 3).build(p.sub("fea_conv")),
            blocks: (1..=c.blocks).map(|i| Imdb::original(p.sub(format!("IMDB{i}")), c)).collect(),
            fuse: ConvAct::new(p.sub("c"), Conv::new(all, n, 1), ActKind::LeakyRelu(SLOPE)),
            tail: Conv::same(n, n, 3).build(p.sub("LR_conv")),
            upsampler: Upsampler::new(p.sub("upsampler"), n, c.scale),
        }
    }
}

impl Layer for Original {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", "IMDN");
        let features = self.head.forward(x);
        let outs = nn::chain(&self.blocks, &features);
        let fused = self.fuse.forward(&Tensor::cat(&outs, 1));
        self.upsampler.forward(&(self.tail.forward(&fused) + features))
    }
}

/// The challenge's network: one chain with a shortcut.
#[derive(Debug)]
pub struct Simplified {
    path: String,
    head: Conv2d,
    body: Shortcut<Imdb>,
    up: Conv2d,
    shuffle: PixelShuffle,
}

impl Simplified {
    /// Builds it.
    pub fn new(p: KeyPath<'_>, c: &Config) -> Simplified {
        let p = p.sub("model");
        let n = c.channels;
        Simplified {
            path: p.name(),
            head: Conv::same(3, n, 3).build(p.sub(0)),
            body: Shortcut::new(p.sub(1), n, c.blocks, |p| Imdb::simplified(p, c)),
            up: Conv::same(n, 3 * c.scale * c.scale, 3).build(p.sub(2)),
            shuffle: PixelShuffle::new(p.sub(3), c.scale),
        }
    }
}

impl Layer for Simplified {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _network = scope::enter("", "IMDN");
        let _model = scope::enter(&self.path, "Sequential");
        let deep = self.body.forward(&self.head.forward(x));
        self.shuffle.forward(&self.up.forward(&deep))
    }
}

/// Information multi-distillation block: (N, channels, H, W) to the same.
#[derive(Debug)]
struct Imdb {
    path: String,
    class: &'static str,
    steps: [Step; 3],
    last: Conv2d,
    attention: Option<Cca>,
    fuse: Conv2d,
    /// Channels that are set aside, channels that continue.
    parts: [i64; 2],
}

/// A 3x3 convolution with its activation, in a `Sequential` or not.
#[derive(Debug)]
enum Step {
    Bare(Conv2d, Act),
    Sequential(ConvAct),
}

impl Imdb {
    fn original(p: KeyPath<'_>, c: &Config) -> Imdb {
        let step = |key, conv: Conv| {
            Step::Bare(conv.build(p.sub(key)), Act::new(p.sub("act"), ActKind::LeakyRelu(SLOPE), true))
        };
        let keys = ["c1", "c2", "c3", "c4", "c5"];
        let attention = Cca::new(p.sub("cca"), c.distilled * 4, c.attention_channels);
        Imdb::new(&p, c, "IMDModule", keys, step, Some(attention))
    }

    fn simplified(p: KeyPath<'_>, c: &Config) -> Imdb {
        let step = |key, conv| Step::Sequential(ConvAct::new(p.sub(key), conv, ActKind::LeakyRelu(SLOPE)));
        Imdb::new(&p, c, "IMDBlock", ["conv1", "conv2", "conv3", "conv4", "conv1x1"], step, None)
    }

    fn new(
        p: &KeyPath<'_>,
        c: &Config,
        class: &'static str,
        keys: [&'static str; 5],
        step: impl Fn(&'static str, Conv) -> Step,
        attention: Option<Cca>,
    ) -> Imdb {
        let [k1, k2, k3, last, fuse] = keys;
        let rest = c.channels - c.distilled;
        Imdb {
            path: p.name(),
            class,
            steps: [
                step(k1, Conv::same(c.channels, c.channels, 3)),
                step(k2, Conv::same(rest, c.channels, 3)),
                step(k3, Conv::same(rest, c.channels, 3)),
            ],
            last: Conv::same(rest, c.distilled, 3).build(p.sub(last)),
            attention,
            fuse: Conv::new(c.distilled * 4, c.channels, 1).build(p.sub(fuse)),
            parts: [c.distilled, rest],
        }
    }
}

impl Layer for Step {
    fn forward(&self, x: &Tensor) -> Tensor {
        match self {
            Step::Bare(conv, act) => act.forward(&conv.forward(x)),
            Step::Sequential(both) => both.forward(x),
        }
    }
}

impl Layer for Imdb {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, self.class);
        let mut collected = Vec::with_capacity(4);
        let mut rest = x.shallow_clone();
        for step in &self.steps {
            let (distilled, remaining) = nn::split(&step.forward(&rest), self.parts);
            collected.push(distilled);
            rest = remaining;
        }
        collected.push(self.last.forward(&rest));
        let collected = Tensor::cat(&collected, 1);
        let weighed = match &self.attention {
            Some(attention) => attention.forward(&collected),
            None => collected,
        };
        self.fuse.forward(&weighed) + x
    }
}
