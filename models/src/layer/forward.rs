//! The trait of everything that runs.

use tch::Tensor;

/// Anything with a forward from one tensor to one tensor.
pub trait Layer {
    /// Runs it.
    fn forward(&self, x: &Tensor) -> Tensor;
}
