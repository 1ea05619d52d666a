//! What a layer is before it has weights: the trait, the sizes of a convolution, the algebra of kernels, and blocks in
//! their training form. This room uses no other room.

mod conv;
mod forward;
mod kernel;
mod training;

pub use conv::Conv;
pub use forward::Layer;
pub use kernel::{Kernel, framed};
pub use training::{BranchedBlock, Training};
