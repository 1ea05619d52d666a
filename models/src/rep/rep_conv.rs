//! A convolution of a network, in the form that the state dict holds: one convolution, or branches.

use std::rc::Rc;

use tch::Tensor;

use super::conv3xc::Conv3xc;
use super::dbb::Dbb;
use super::ecb::Ecb;
use super::normed::Normed;
use super::repvgg::RepVgg;
use super::rrrb::Rrrb;
use crate::layer::{BranchedBlock, Conv, Layer, Training};
use crate::nn::Conv2d;
use crate::vars::KeyPath;

/// A convolution in the form that the state dict holds.
#[derive(Debug)]
pub enum RepConv {
    /// One convolution.
    Deploy(Conv2d),
    /// Branches.
    Training(Rc<dyn BranchedBlock>),
}

impl RepConv {
    /// The block at `p`, whose deploy form is the convolution at the key `inner` in it, or at `p` itself if that is empty.
    pub fn new(p: KeyPath<'_>, inner: &str, conv: Conv) -> RepConv {
        let deploy = if inner.is_empty() { p.clone() } else { p.sub(inner) };
        RepConv::at(&p, deploy, conv)
    }

    /// The block at `p`, whose deploy form is the convolution at `deploy`.
    pub fn at(p: &KeyPath<'_>, deploy: KeyPath<'_>, conv: Conv) -> RepConv {
        let from = p.asked();
        match find(p, &conv) {
            Some(block) => RepConv::training(block, from, &deploy, conv),
            None => RepConv::Deploy(conv.build(deploy)),
        }
    }

    /// A convolution at `p` between batch normalisations at `before` and `after`, whose deploy form is at `deploy`.
    pub fn normed(
        p: KeyPath<'_>,
        deploy: &KeyPath<'_>,
        conv: Conv,
        before: KeyPath<'_>,
        after: Option<KeyPath<'_>>,
    ) -> RepConv {
        let from = p.asked();
        RepConv::training(Rc::new(Normed::new(p, conv, before, after)), from, deploy, conv)
    }

    /// `from` is the number of tensors that the network had asked for before the block was built.
    fn training(block: Rc<dyn BranchedBlock>, from: usize, deploy: &KeyPath<'_>, conv: Conv) -> RepConv {
        let keys = deploy.keys_since(from);
        deploy.add_block(Training { block: Rc::clone(&block), deploy: deploy.name(), conv, keys });
        RepConv::Training(block)
    }
}

impl Layer for RepConv {
    fn forward(&self, x: &Tensor) -> Tensor {
        match self {
            RepConv::Deploy(conv) => conv.forward(x),
            RepConv::Training(block) => block.forward(x),
        }
    }
}

/// The block whose branches the state dict holds at `p`, if any.
pub fn find(p: &KeyPath<'_>, conv: &Conv) -> Option<Rc<dyn BranchedBlock>> {
    // Branches add up pixel by pixel only where the size stays.
    let [kh, kw] = conv.kernel;
    let same = conv.padding == [(kh - 1) / 2, (kw - 1) / 2] && kh % 2 == 1 && kw % 2 == 1;
    if !same || conv.stride != [1, 1] || conv.dilation != [1, 1] || conv.groups != 1 {
        return None;
    }
    None.or_else(|| Some(Rc::new(Conv3xc::find(p, conv)?) as Rc<dyn BranchedBlock>))
        .or_else(|| Some(Rc::new(Dbb::find(p, conv)?) as Rc<dyn BranchedBlock>))
        .or_else(|| Some(Rc::new(Ecb::find(p, conv)?) as Rc<dyn BranchedBlock>))
        .or_else(|| Some(Rc::new(RepVgg::find(p, conv)?) as Rc<dyn BranchedBlock>))
        .or_else(|| Some(Rc::new(Rrrb::find(p, conv)?) as Rc<dyn BranchedBlock>))
}
