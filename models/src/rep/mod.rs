//! Re-parameterisation: blocks that are trained with several branches and run as one convolution, one file per kind, each
//! with its paper.
//! This room may use [`crate::layer`], [`crate::nn`], [`crate::scope`] and [`crate::vars`].
//!
//! A block knows its training form (a [`Layer`](crate::layer::Layer)) and the single convolution that computes the same
//! ([`BranchedBlock::merge`](crate::layer::BranchedBlock::merge)). A network asks for a [`RepConv`] where its training
//! form has such a block. The keys of the state dict decide which form it gets, so one file describes both forms.
//! [`fuse`](crate::fuse) turns the training form into the deploy form.

mod branch;
mod conv3xc;
mod dbb;
mod ecb;
mod norm;
mod normed;
mod rep_conv;
mod repvgg;
mod rrrb;

pub use conv3xc::Conv3xc;
pub use dbb::Dbb;
pub use ecb::Ecb;
pub use norm::BatchNorm2d;
pub use normed::Normed;
pub use rep_conv::{RepConv, find};
pub use repvgg::RepVgg;
pub use rrrb::Rrrb;
