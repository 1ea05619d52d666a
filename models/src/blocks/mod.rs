//! Blocks that several networks share, each with its paper: one file per family.

mod esa;
mod upsampler;

pub use esa::Esa;
pub use upsampler::Upsampler;
