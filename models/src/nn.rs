//! PyTorch's modules as layers, with their keys, their classes and their scopes. This file may use `layer`, `ops`, `scope`
//! and `vars`.
//!
//! Layers report which module an operation belongs to. Calls that are plain functions in the reference
//! (`F.interpolate`, `+`, `torch.cat`) are plain tch calls in the networks, outside of any layer.

use tch::Tensor;

use crate::layer::{Conv, Kernel, Layer};
use crate::scope;
use crate::vars::KeyPath;

/// A `torch.nn.Conv2d`.
#[derive(Debug)]
pub struct Conv2d {
    path: String,
    weight: Tensor,
    bias: Option<Tensor>,
    stride: [i64; 2],
    padding: [i64; 2],
    dilation: [i64; 2],
    groups: i64,
}

impl Conv {
    /// Takes `weight` (out, in / groups, kh, kw) and `bias` (out) at `p`.
    pub fn build(self, p: KeyPath<'_>) -> Conv2d {
        let [kh, kw] = self.kernel;
        Conv2d {
            path: p.name(),
            weight: p.param("weight", &[self.out_channels, self.in_channels / self.groups, kh, kw]),
            bias: self.bias.then(|| p.param("bias", &[self.out_channels])),
            stride: self.stride,
            padding: self.padding,
            dilation: self.dilation,
            groups: self.groups,
        }
    }
}

impl Conv2d {
    /// Its bias (out).
    pub(crate) fn bias(&self) -> Option<&Tensor> {
        self.bias.as_ref()
    }

    /// Its kernel, for merging with others.
    pub(crate) fn kernel(&self) -> Kernel {
        Kernel::new(&self.weight, self.bias.as_ref())
    }
}

impl Layer for Conv2d {
    /// (N, in, H, W) to (N, out, H', W').
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "Conv2d");
        x.conv2d(&self.weight, self.bias.as_ref(), self.stride, self.padding, self.dilation, self.groups)
    }
}

/// An activation that is a module in the reference, so that the challenge's hook counts it.
#[derive(Debug)]
pub struct Act {
    path: String,
    kind: ActKind,
    in_place: bool,
}

/// Which activation.
#[derive(Debug)]
pub enum ActKind {
    /// `torch.nn.ReLU`.
    Relu,
    /// `torch.nn.LeakyReLU` with its slope.
    LeakyRelu(f64),
    /// `torch.nn.PReLU` with its learned slopes.
    PRelu(Tensor),
    /// `torch.nn.SiLU`.
    Silu,
    /// `torch.nn.GELU`, exact.
    Gelu,
    /// `torch.nn.Sigmoid`.
    Sigmoid,
}

impl Act {
    /// An activation module at `p`. `in_place` must be as in the reference, since it decides the peak memory.
    pub fn new(p: KeyPath<'_>, kind: ActKind, in_place: bool) -> Act {
        Act { path: p.name(), kind, in_place }
    }
}

impl Layer for Act {
    fn forward(&self, x: &Tensor) -> Tensor {
        let class = match self.kind {
            ActKind::Relu => "ReLU",
            ActKind::LeakyRelu(_) => "LeakyReLU",
            ActKind::PRelu(_) => "PReLU",
            ActKind::Silu => "SiLU",
            ActKind::Gelu => "GELU",
            ActKind::Sigmoid => "Sigmoid",
        };
        let _scope = scope::enter(&self.path, class);
        match (&self.kind, self.in_place) {
            (ActKind::Relu, false) => x.relu(),
            (ActKind::Relu, true) => x.shallow_clone().relu_(),
            (ActKind::LeakyRelu(slope), in_place) => leaky_relu(x, *slope, in_place),
            (ActKind::PRelu(slopes), _) => x.prelu(slopes),
            (ActKind::Silu, false) => x.silu(),
            (ActKind::Silu, true) => x.shallow_clone().silu_(),
            (ActKind::Gelu, _) => x.gelu("none"),
            (ActKind::Sigmoid, false) => x.sigmoid(),
            (ActKind::Sigmoid, true) => x.shallow_clone().sigmoid_(),
        }
    }
}

/// `F.leaky_relu`. The function of tch lacks the slope.
pub fn leaky_relu(x: &Tensor, slope: f64, in_place: bool) -> Tensor {
    crate::ops::leaky_relu(x, slope, in_place)
}

/// A `torch.nn.PixelShuffle`: (N, C r^2, H, W) to (N, C, r H, r W) (Shi et al., ESPCN, 2016).
#[derive(Debug)]
pub struct PixelShuffle {
    path: String,
    factor: i64,
}

impl PixelShuffle {
    /// The module at `p`.
    pub fn new(p: KeyPath<'_>, factor: i64) -> PixelShuffle {
        PixelShuffle { path: p.name(), factor }
    }
}

impl Layer for PixelShuffle {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "PixelShuffle");
        x.pixel_shuffle(self.factor)
    }
}

/// A `torch.nn.Linear` over the last dimension.
#[derive(Debug)]
pub struct Linear {
    path: String,
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// Takes `weight` (`out`, `in_channels`) and `bias` (`out`) at `p`.
    pub fn new(p: KeyPath<'_>, in_channels: i64, out: i64) -> Linear {
        Linear { path: p.name(), weight: p.param("weight", &[out, in_channels]), bias: Some(p.param("bias", &[out])) }
    }

    /// As [`Linear::new`], without bias.
    pub fn no_bias(p: KeyPath<'_>, in_channels: i64, out: i64) -> Linear {
        Linear { path: p.name(), weight: p.param("weight", &[out, in_channels]), bias: None }
    }
}

impl Layer for Linear {
    /// (..., in_channels) to (..., out).
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "Linear");
        x.linear(&self.weight, self.bias.as_ref())
    }
}

/// A `torch.nn.LayerNorm` over the last dimension, with PyTorch's default epsilon.
#[derive(Debug)]
pub struct LayerNorm {
    path: String,
    size: i64,
    weight: Tensor,
    bias: Tensor,
}

impl LayerNorm {
    /// Takes `weight` and `bias` (`size`) at `p`.
    pub fn new(p: KeyPath<'_>, size: i64) -> LayerNorm {
        LayerNorm { path: p.name(), size, weight: p.param("weight", &[size]), bias: p.param("bias", &[size]) }
    }
}

impl Layer for LayerNorm {
    /// (..., size) to the same.
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "LayerNorm");
        x.layer_norm([self.size], Some(&self.weight), Some(&self.bias), 1e-5, true)
    }
}

/// A `torch.nn.MaxPool2d` without padding.
#[derive(Debug)]
pub struct MaxPool2d {
    path: String,
    kernel: i64,
    stride: i64,
}

impl MaxPool2d {
    /// The module at `p`.
    pub fn new(p: KeyPath<'_>, kernel: i64, stride: i64) -> MaxPool2d {
        MaxPool2d { path: p.name(), kernel, stride }
    }
}

impl Layer for MaxPool2d {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "MaxPool2d");
        x.max_pool2d([self.kernel; 2], [self.stride; 2], [0; 2], [1; 2], false)
    }
}

/// A `torch.nn.AdaptiveAvgPool2d(1)` or `AdaptiveMaxPool2d(1)`: each channel's mean or maximum.
#[derive(Debug)]
pub struct GlobalPool {
    path: String,
    kind: GlobalPoolKind,
}

/// What a [`GlobalPool`] computes of each channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GlobalPoolKind {
    /// The mean.
    Mean,
    /// The maximum.
    Max,
}

impl GlobalPool {
    /// The module at `p`.
    pub fn new(p: KeyPath<'_>, kind: GlobalPoolKind) -> GlobalPool {
        GlobalPool { path: p.name(), kind }
    }
}

impl Layer for GlobalPool {
    /// (N, C, H, W) to (N, C, 1, 1).
    fn forward(&self, x: &Tensor) -> Tensor {
        match self.kind {
            GlobalPoolKind::Mean => {
                let _scope = scope::enter(&self.path, "AdaptiveAvgPool2d");
                x.adaptive_avg_pool2d([1, 1])
            }
            GlobalPoolKind::Max => {
                let _scope = scope::enter(&self.path, "AdaptiveMaxPool2d");
                x.adaptive_max_pool2d([1, 1]).0
            }
        }
    }
}

/// `torch.split` over channels into two parts of `sizes` channels: views, no copies.
pub fn split(x: &Tensor, sizes: [i64; 2]) -> (Tensor, Tensor) {
    let mut parts = x.split_with_sizes(sizes, 1);
    let second = parts.swap_remove(1);
    (parts.swap_remove(0), second)
}

/// Runs layers one after the other and keeps each one's output.
pub fn chain<L: Layer>(layers: &[L], x: &Tensor) -> Vec<Tensor> {
    let mut outs: Vec<Tensor> = Vec::with_capacity(layers.len());
    for layer in layers {
        let out = layer.forward(outs.last().unwrap_or(x));
        outs.push(out);
    }
    outs
}
