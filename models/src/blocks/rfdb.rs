//! RFDB, the block of RFDN and of the networks that trimmed it.

use tch::Tensor;

use super::esa::Esa;
use super::reparam::Reparam;
use crate::layer::{Conv, Layer};
use crate::nn::{Act, ActKind, Conv2d};
use crate::rep::RepConv;
use crate::scope;
use crate::vars::KeyPath;

/// Residual feature distillation block (Liu et al., "Residual Feature Distillation Network for Lightweight Image
/// Super-Resolution", ECCV Workshops 2020).
///
/// Each step splits: a 1x1 convolution distils what goes straight to the end, a 3x3 convolution refines what goes on.
/// A last 3x3 convolution, the concatenation of all distilled parts, a 1x1 convolution and a gate follow.
#[derive(Debug)]
pub struct Rfdb {
    path: String,
    class: &'static str,
    steps: Vec<Step>,
    last: Refine,
    act: Act,
    fuse: Conv2d,
    gate: Esa,
    shallow: bool,
}

/// How an [`Rfdb`] is built: sizes, then what differs from RFDN's.
#[derive(Debug, Clone, Copy)]
pub struct RfdbConfig {
    /// PyTorch class of the module.
    pub class: &'static str,
    /// Channels in and out, and of the refined part.
    pub channels: i64,
    /// Channels of each distilled part.
    pub distilled: i64,
    /// Steps before the last convolution: three in RFDN.
    pub steps: usize,
    /// Whether each refinement adds its input before the activation, as RFDN's does. A fused residual needs no adding.
    pub shallow: bool,
    /// Whether a 3x3 convolution is a module `Conv3X3` around `conv3x3`.
    pub wrapped: bool,
}

impl RfdbConfig {
    /// RFDN's block.
    pub fn rfdn(channels: i64, distilled: i64) -> RfdbConfig {
        RfdbConfig { class: "RFDB", channels, distilled, steps: 3, shallow: true, wrapped: false }
    }
}

#[derive(Debug)]
struct Step {
    distil: Conv2d,
    refine: Refine,
}

#[derive(Debug)]
enum Refine {
    Plain(RepConv),
    Wrapped(Reparam),
}

impl Refine {
    fn new(p: KeyPath<'_>, in_channels: i64, out: i64, wrapped: bool) -> Refine {
        let conv = Conv::same(in_channels, out, 3);
        if wrapped {
            Refine::Wrapped(Reparam::new(p, "Conv3X3", "conv3x3", conv))
        } else {
            Refine::Plain(RepConv::new(p, "", conv))
        }
    }
}

impl Layer for Refine {
    fn forward(&self, x: &Tensor) -> Tensor {
        match self {
            Refine::Plain(conv) => conv.forward(x),
            Refine::Wrapped(conv) => conv.forward(x),
        }
    }
}

impl Rfdb {
    /// (N, channels, H, W) to the same. `gate` is built by the caller at `p.sub("esa")`: networks differ in it.
    pub fn new(p: KeyPath<'_>, c: &RfdbConfig, gate: Esa) -> Rfdb {
        let step = |i: usize| Step {
            distil: Conv::new(c.channels, c.distilled, 1).build(p.sub(format!("c{i}_d"))),
            refine: Refine::new(p.sub(format!("c{i}_r")), c.channels, c.channels, c.wrapped),
        };
        let parts = c.steps as i64 + 1;
        Rfdb {
            path: p.name(),
            class: c.class,
            steps: (1..=c.steps).map(step).collect(),
            // `c4` whatever the number of steps: shorter blocks keep RFDN's names.
            last: Refine::new(p.sub("c4"), c.channels, c.distilled, c.wrapped),
            act: Act::new(p.sub("act"), ActKind::LeakyRelu(0.05), true),
            fuse: Conv::new(c.distilled * parts, c.channels, 1).build(p.sub("c5")),
            gate,
            shallow: c.shallow,
        }
    }
}

impl Layer for Rfdb {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, self.class);
        let mut parts = Vec::with_capacity(self.steps.len() + 1);
        let mut rest = x.shallow_clone();
        for step in &self.steps {
            parts.push(self.act.forward(&step.distil.forward(&rest)));
            let refined = step.refine.forward(&rest);
            rest = self.act.forward(&if self.shallow { refined + &rest } else { refined });
        }
        parts.push(self.act.forward(&self.last.forward(&rest)));
        self.gate.forward(&self.fuse.forward(&Tensor::cat(&parts, 1)))
    }
}
