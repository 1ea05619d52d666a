//! MobileSR: NJUST_ESR's entry in NTIRE 2022 (Li et al., "NTIRE 2022 Challenge on Efficient Super-Resolution: Methods and
//! Results", CVPR Workshops 2022), first in complexity with BSRN by the hook's count, which gets linear layers wrong.
//!
//! Five pairs of a transformer layer with attention in windows of 8 x 8 (no shift; a depthwise convolution in place of a
//! position embedding) and an inverted residual block. Their output joins the first features; two pixel shuffles by 2,
//! and the bilinearly upscaled image is added.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::keys::{Guess, Keys};
use crate::error::{Error, Result};
use crate::layer::{Conv, Layer};
use crate::nn::{Act, ActKind, Conv2d, LayerNorm, Linear, PixelShuffle};
use crate::scope;
use crate::vars::{KeyPath, StateDict};

/// Slope of every leaky ReLU here.
const SLOPE: f64 = 0.2;

/// Hyperparameters. The scale is 4: two pixel shuffles by 2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Channels everywhere.
    pub channels: i64,
    /// Attention heads.
    pub heads: i64,
    /// Side of an attention window, in pixels.
    pub window: i64,
    /// Expansion of each pair's MLP and inverted residual block.
    pub ratios: Vec<i64>,
}

impl Default for Config {
    fn default() -> Self {
        Config::challenge()
    }
}

impl Config {
    /// The entry of 2022.
    pub fn challenge() -> Config {
        Config { channels: 40, heads: 8, window: 8, ratios: vec![4, 2, 2, 2, 4] }
    }
}

/// Reads the hyperparameters out of keys and shapes.
pub fn guess(dict: &StateDict) -> Option<Guess> {
    let keys = Keys(dict);
    let channels = keys.dim("body.layers.0.0.attn.qkv.weight", 1)?;
    let layers = keys.count(0, |i| format!("body.layers.{i}.0.attn.qkv.weight"));
    let config = Config {
        channels,
        ratios: (0..layers)
            .filter_map(|i| Some(keys.dim(&format!("body.layers.{i}.1.net.0.weight"), 0)? / channels))
            .collect(),
        ..Config::challenge()
    };
    keys.has("upsapling.2.weight").then(|| Guess::new(&config, &["heads 8", "window 8", "slope 0.2"]))?
}

/// The network.
#[derive(Debug)]
pub struct MobileSr {
    head: Conv2d,
    body: Body,
    fuse: Conv2d,
    upsampling: Upsampling,
    tail: Conv2d,
    act: Act,
}

impl MobileSr {
    /// Builds it, with a 3-channel input and output. The channels must be a multiple of the heads.
    pub fn new(p: KeyPath<'_>, c: &Config) -> Result<MobileSr> {
        if c.channels % c.heads != 0 {
            let reason = format!("`channels` {} is not a multiple of `heads` {}", c.channels, c.heads);
            return Err(Error::Config { arch: "mobilesr".to_owned(), reason });
        }
        Ok(MobileSr {
            head: Conv::same(3, c.channels, 3).build(p.sub("head")),
            body: Body::new(p.sub("body"), c),
            fuse: Conv::same(2 * c.channels, c.channels, 3).build(p.sub("fuse")),
            upsampling: Upsampling::new(p.sub("upsapling"), c.channels),
            tail: Conv::same(c.channels, 3, 3).build(p.sub("tail")),
            act: Act::new(p.sub("act"), ActKind::LeakyRelu(SLOPE), true),
        })
    }
}

impl Layer for MobileSr {
    /// (N, 3, H, W) to (N, 3, 4 H, 4 W).
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", "MobileSR");
        let features = self.head.forward(x);
        let deep = self.body.forward(&features);
        let fused = self.fuse.forward(&Tensor::cat(&[features, deep], 1));
        let residual = self.tail.forward(&self.act.forward(&self.upsampling.forward(&fused)));
        residual + x.upsample_bilinear2d_vec(None::<&[i64]>, false, [4.0, 4.0])
    }
}

/// Pairs of a transformer layer and an inverted residual block.
#[derive(Debug)]
struct Body {
    path: String,
    layers: Vec<(Transformer, ResBlock)>,
}

impl Body {
    fn new(p: KeyPath<'_>, c: &Config) -> Body {
        let layers = p.sub("layers");
        let pair = |(i, &ratio): (usize, &i64)| {
            let p = layers.sub(i);
            (Transformer::new(p.sub(0), c, ratio), ResBlock::new(p.sub(1), c.channels, ratio))
        };
        Body { path: p.name(), layers: c.ratios.iter().enumerate().map(pair).collect() }
    }
}

impl Layer for Body {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "BaseBlock");
        self.layers.iter().fold(x.shallow_clone(), |x, (transformer, block)| block.forward(&transformer.forward(&x)))
    }
}

#[derive(Debug)]
struct Transformer {
    path: String,
    window: i64,
    position: Conv2d,
    norm1: LayerNorm,
    attention: Attention,
    norm2: LayerNorm,
    mlp: Mlp,
}

impl Transformer {
    fn new(p: KeyPath<'_>, c: &Config, ratio: i64) -> Transformer {
        let n = c.channels;
        Transformer {
            path: p.name(),
            window: c.window,
            position: Conv::same(n, n, 3).groups(n).build(p.sub("pos_embed")),
            norm1: LayerNorm::new(p.sub("norm1"), n),
            attention: Attention::new(p.sub("attn"), n, c.heads),
            norm2: LayerNorm::new(p.sub("norm2"), n),
            mlp: Mlp::new(p.sub("mlp"), n, ratio),
        }
    }
}

impl Layer for Transformer {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "Transformer");
        let x = (x + self.position.forward(x)).permute([0, 2, 3, 1]);
        let size = x.size();
        let (h, w) = (size[1], size[2]);
        let (below, right) = ((-h).rem_euclid(self.window), (-w).rem_euclid(self.window));
        let padded = self.norm1.forward(&x).pad([0, 0, 0, right, 0, below], "constant", None);
        let windows = self.attention.forward(&partition(&padded, self.window));
        let mut attended = merge(&windows, self.window, &padded.size());
        if below > 0 || right > 0 {
            attended = attended.narrow(1, 0, h).narrow(2, 0, w).contiguous();
        }
        let x = attended + x;
        let mlp = self.mlp.forward(&self.norm2.forward(&x));
        (x + mlp).permute([0, 3, 1, 2])
    }
}

/// (N, H, W, C) to (windows, pixels of a window, C).
fn partition(x: &Tensor, window: i64) -> Tensor {
    let [n, h, w, c] = dims(&x.size());
    x.reshape([n, h / window, window, w / window, window, c]).permute([0, 1, 3, 2, 4, 5]).reshape([
        n * (h / window) * (w / window),
        window * window,
        c,
    ])
}

/// The reverse of [`partition`], to `size`.
fn merge(windows: &Tensor, window: i64, size: &[i64]) -> Tensor {
    let [n, h, w, c] = dims(size);
    windows.reshape([n, h / window, w / window, window, window, c]).permute([0, 1, 3, 2, 4, 5]).reshape([n, h, w, c])
}

fn dims(size: &[i64]) -> [i64; 4] {
    [size[0], size[1], size[2], size[3]]
}

/// Self-attention inside of windows.
#[derive(Debug)]
struct Attention {
    path: String,
    heads: i64,
    scale: f64,
    qkv: Linear,
    proj: Linear,
}

impl Attention {
    fn new(p: KeyPath<'_>, channels: i64, heads: i64) -> Attention {
        Attention {
            path: p.name(),
            heads,
            scale: ((channels / heads) as f64).powf(-0.5),
            qkv: Linear::no_bias(p.sub("qkv"), channels, 3 * channels),
            proj: Linear::new(p.sub("proj_out"), channels, channels),
        }
    }
}

impl Layer for Attention {
    /// (windows, pixels, C) to the same.
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "SelfAttn");
        let size = x.size();
        let (b, n, c) = (size[0], size[1], size[2]);
        let qkv: Vec<Tensor> = self.qkv.forward(x).chunk(3, -1);
        let [q, k, v] =
            [0, 1, 2].map(|i: usize| qkv[i].reshape([b, n, self.heads, c / self.heads]).permute([0, 2, 1, 3]));
        let weights = Tensor::einsum("bijc, bikc -> bijk", &[&q, &k], None::<i64>) * self.scale;
        let weights = weights.softmax(-1, None);
        let mixed = Tensor::einsum("bijk, bikc -> bijc", &[&weights, &v], None::<i64>);
        self.proj.forward(&mixed.permute([0, 2, 1, 3]).reshape([b, n, c]))
    }
}

/// A two-layer perceptron over channels.
#[derive(Debug)]
struct Mlp {
    path: String,
    sequence: String,
    inner: Linear,
    gelu: Act,
    outer: Linear,
}

impl Mlp {
    fn new(p: KeyPath<'_>, channels: i64, ratio: i64) -> Mlp {
        let fc = p.sub("fc");
        Mlp {
            path: p.name(),
            sequence: fc.name(),
            inner: Linear::new(fc.sub(0), channels, ratio * channels),
            gelu: Act::new(fc.sub(1), ActKind::Gelu, false),
            outer: Linear::new(fc.sub(2), ratio * channels, channels),
        }
    }
}

impl Layer for Mlp {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "Mlp");
        let _sequence = scope::enter(&self.sequence, "Sequential");
        self.outer.forward(&self.gelu.forward(&self.inner.forward(x)))
    }
}

/// Inverted residual block (Sandler et al., MobileNetV2, CVPR 2018): widen, depthwise 3x3, narrow, add the input.
#[derive(Debug)]
struct ResBlock {
    path: String,
    sequence: String,
    widen: Conv2d,
    act1: Act,
    depthwise: Conv2d,
    act2: Act,
    narrow: Conv2d,
}

impl ResBlock {
    fn new(p: KeyPath<'_>, channels: i64, ratio: i64) -> ResBlock {
        let net = p.sub("net");
        let wide = ratio * channels;
        ResBlock {
            path: p.name(),
            sequence: net.name(),
            widen: Conv::new(channels, wide, 1).build(net.sub(0)),
            act1: Act::new(net.sub(1), ActKind::LeakyRelu(SLOPE), true),
            depthwise: Conv::same(wide, wide, 3).groups(wide).build(net.sub(2)),
            act2: Act::new(net.sub(3), ActKind::LeakyRelu(SLOPE), true),
            narrow: Conv::new(wide, channels, 1).build(net.sub(4)),
        }
    }

    fn residual(&self, x: &Tensor) -> Tensor {
        let _sequence = scope::enter(&self.sequence, "Sequential");
        let wide = self.act1.forward(&self.widen.forward(x));
        self.narrow.forward(&self.act2.forward(&self.depthwise.forward(&wide)))
    }
}

impl Layer for ResBlock {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "ResBlock");
        self.residual(x) + x
    }
}

/// Twice: a 1x1 convolution to four times the channels and a pixel shuffle by 2.
#[derive(Debug)]
struct Upsampling {
    path: String,
    steps: [(Conv2d, PixelShuffle); 2],
}

impl Upsampling {
    fn new(p: KeyPath<'_>, channels: i64) -> Upsampling {
        let step = |i| (Conv::new(channels, 4 * channels, 1).build(p.sub(i)), PixelShuffle::new(p.sub(i + 1), 2));
        Upsampling { path: p.name(), steps: [step(0), step(2)] }
    }
}

impl Layer for Upsampling {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "Sequential");
        self.steps.iter().fold(x.shallow_clone(), |x, (conv, shuffle)| shuffle.forward(&conv.forward(&x)))
    }
}
