//! Batch normalisation in evaluation mode.

use tch::Tensor;

use crate::layer::{Kernel, Layer};
use crate::scope;
use crate::vars::KeyPath;

/// PyTorch's default.
const EPSILON: f64 = 1e-5;

/// A `torch.nn.BatchNorm2d` in evaluation mode.
#[derive(Debug)]
pub struct BatchNorm2d {
    path: String,
    weight: Tensor,
    bias: Tensor,
    mean: Tensor,
    variance: Tensor,
}

impl BatchNorm2d {
    /// Takes `weight`, `bias`, `running_mean` and `running_var` (`channels`) at `p`.
    pub fn new(p: KeyPath<'_>, channels: i64) -> BatchNorm2d {
        if p.has("num_batches_tracked", false) {
            // PyTorch counts training batches there. Evaluation does not use it.
            let _ = p.buffer("num_batches_tracked", &[]);
        }
        BatchNorm2d {
            path: p.name(),
            weight: p.param("weight", &[channels]),
            bias: p.param("bias", &[channels]),
            mean: p.buffer("running_mean", &[channels]),
            variance: p.buffer("running_var", &[channels]),
        }
    }

    fn scale(&self) -> Tensor {
        &self.weight / (&self.variance + EPSILON).sqrt()
    }

    /// Its output for an input of zero (channels).
    pub fn of_zero(&self) -> Tensor {
        &self.bias - &self.mean * self.scale()
    }

    /// As a 1x1 convolution.
    pub fn kernel(&self) -> Kernel {
        Kernel::diagonal(&self.scale(), Some(&self.of_zero()))
    }
}

impl Layer for BatchNorm2d {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "BatchNorm2d");
        let (mean, variance) = (Some(&self.mean), Some(&self.variance));
        x.batch_norm(Some(&self.weight), Some(&self.bias), mean, variance, false, 0.1, EPSILON, true)
    }
}
