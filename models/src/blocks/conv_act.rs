//! A convolution and its activation.

use tch::Tensor;

use crate::layer::{Conv, Layer};
use crate::nn::{Act, ActKind, Conv2d};
use crate::scope;
use crate::vars::KeyPath;

/// `Sequential(Conv2d, activation)`, keys `0.weight`, `0.bias`; the activation works in place.
#[derive(Debug)]
pub struct ConvAct {
    path: String,
    conv: Conv2d,
    act: Act,
}

impl ConvAct {
    /// The pair at `p`.
    pub fn new(p: KeyPath<'_>, conv: Conv, act: ActKind) -> ConvAct {
        ConvAct { path: p.name(), conv: conv.build(p.sub(0)), act: Act::new(p.sub(1), act, true) }
    }
}

impl Layer for ConvAct {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "Sequential");
        self.act.forward(&self.conv.forward(x))
    }
}
