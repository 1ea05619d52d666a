//! Re-parameterisation: blocks that are trained with several branches and run as one convolution.
//!
//! Each kind has a file with its paper. A block knows its training form (a [`Layer`]) and what that is as a single
//! convolution ([`Rep::merge`]). A network asks for a [`RepConv`] where its training form has such a block: which form
//! it gets is decided by the keys of the state dict, so one file describes both. [`fuse()`] turns the one into the other.

mod branch;
mod conv3xc;
mod dbb;
mod ecb;
mod fuse;
mod kernel;
mod norm;
mod normed;
mod repvgg;
mod rrrb;

use std::fmt::Debug;
use std::rc::Rc;

use tch::Tensor;

pub use conv3xc::Conv3xc;
pub use dbb::Dbb;
pub use ecb::Ecb;
pub use fuse::{AGREEMENT, Error, Fused, fuse};
pub use kernel::Kernel;
pub use norm::BatchNorm2d;
pub use normed::Normed;
pub use repvgg::RepVgg;
pub use rrrb::Rrrb;

use crate::nn::{Conv, Conv2d, Layer};
use crate::vars::Path;

/// A block of several linear branches: its forward is the training form's.
pub trait Rep: Layer + Debug {
    /// Its kind, for people.
    fn kind(&self) -> &'static str;

    /// The one convolution that gives the same at every pixel, borders included, under zero padding.
    fn merge(&self) -> Kernel;
}

/// A block in its training form, and what becomes of it.
#[derive(Debug, Clone)]
pub struct Training {
    /// The block.
    pub rep: Rc<dyn Rep>,
    /// Key of the convolution in the deploy form, without `.weight`.
    pub deploy: String,
    /// That convolution.
    pub conv: Conv,
    /// Keys of the branches.
    pub keys: Vec<String>,
}

/// A convolution in the form that the state dict holds.
#[derive(Debug)]
pub enum RepConv {
    /// One convolution.
    Deploy(Conv2d),
    /// Branches.
    Training(Rc<dyn Rep>),
}

impl RepConv {
    /// The block at `p`, whose deploy form is the convolution at the key `inner` in it, or at `p` itself if that is empty.
    pub fn new(p: Path<'_>, inner: &str, conv: Conv) -> RepConv {
        let deploy = if inner.is_empty() { p.clone() } else { p.sub(inner) };
        RepConv::at(&p, deploy, conv)
    }

    /// The block at `p`, whose deploy form is the convolution at `deploy`.
    pub fn at(p: &Path<'_>, deploy: Path<'_>, conv: Conv) -> RepConv {
        let from = p.asked();
        match find(p, &conv) {
            Some(rep) => RepConv::training(rep, from, &deploy, conv),
            None => RepConv::Deploy(conv.build(deploy)),
        }
    }

    /// A convolution at `p` between batch normalisations at `before` and `after`, whose deploy form is at `deploy`.
    pub fn normed(p: Path<'_>, deploy: &Path<'_>, conv: Conv, before: Path<'_>, after: Option<Path<'_>>) -> RepConv {
        let from = p.asked();
        RepConv::training(Rc::new(Normed::new(p, conv, before, after)), from, deploy, conv)
    }

    /// `from`: how many tensors had been asked for before the block was built.
    fn training(rep: Rc<dyn Rep>, from: usize, deploy: &Path<'_>, conv: Conv) -> RepConv {
        deploy.train(from, |keys| Training { rep: Rc::clone(&rep), deploy: deploy.name(), conv, keys });
        RepConv::Training(rep)
    }
}

impl Layer for RepConv {
    fn forward(&self, x: &Tensor) -> Tensor {
        match self {
            RepConv::Deploy(conv) => conv.forward(x),
            RepConv::Training(rep) => rep.forward(x),
        }
    }
}

/// The block whose branches the state dict holds at `p`, if any.
pub fn find(p: &Path<'_>, conv: &Conv) -> Option<Rc<dyn Rep>> {
    // Branches add up pixel by pixel only where the size stays.
    let [kh, kw] = conv.kernel;
    let same = conv.padding == [(kh - 1) / 2, (kw - 1) / 2] && kh % 2 == 1 && kw % 2 == 1;
    if !same || conv.stride != [1, 1] || conv.dilation != [1, 1] || conv.groups != 1 {
        return None;
    }
    None.or_else(|| Some(Rc::new(Conv3xc::find(p, conv)?) as Rc<dyn Rep>))
        .or_else(|| Some(Rc::new(Dbb::find(p, conv)?) as Rc<dyn Rep>))
        .or_else(|| Some(Rc::new(Ecb::find(p, conv)?) as Rc<dyn Rep>))
        .or_else(|| Some(Rc::new(RepVgg::find(p, conv)?) as Rc<dyn Rep>))
        .or_else(|| Some(Rc::new(Rrrb::find(p, conv)?) as Rc<dyn Rep>))
}
