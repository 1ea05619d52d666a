//! Blocks that several networks share, each with its paper, one file per family.
//! This room may use [`crate::layer`], [`crate::nn`], [`crate::rep`], [`crate::scope`] and [`crate::vars`].

mod cca;
mod conv_act;
mod esa;
mod reparam;
mod rfdb;
mod shortcut;
mod spab;
mod upsampler;

pub use cca::Cca;
pub use conv_act::ConvAct;
pub use esa::Esa;
pub use reparam::Reparam;
pub use rfdb::{Rfdb, RfdbConfig};
pub use shortcut::Shortcut;
pub use spab::Spab;
pub use upsampler::Upsampler;
