//! Blocks that several networks share, each with its paper: one file per family.

mod esa;
mod reparam;
mod rfdb;
mod spab;
mod upsampler;

pub use esa::Esa;
pub use reparam::Reparam;
pub use rfdb::{Rfdb, RfdbConfig};
pub use spab::Spab;
pub use upsampler::Upsampler;
