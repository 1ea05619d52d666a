//! Blocks that are trained with several branches and run as one convolution.

use std::fmt::Debug;
use std::rc::Rc;

use super::conv::Conv;
use super::forward::Layer;
use super::kernel::Kernel;

/// A block of several linear branches. Its forward is the training form's.
pub trait BranchedBlock: Layer + Debug {
    /// The name of its kind, for messages.
    fn kind(&self) -> &'static str;

    /// The one convolution that gives the same values at every pixel, borders included, under zero padding.
    fn merge(&self) -> Kernel;
}

/// A block in its training form, and the convolution that replaces it in the deploy form.
#[derive(Debug, Clone)]
pub struct Training {
    /// The block with its branches.
    pub block: Rc<dyn BranchedBlock>,
    /// Key of the convolution in the deploy form, without `.weight`.
    pub deploy: String,
    /// Sizes of that convolution.
    pub conv: Conv,
    /// Keys of the branches.
    pub keys: Vec<String>,
}
