//! Image quality: PNG, PSNR, SSIM and the integer bicubic, bit by bit as the field defines them.
//!
//! Everything is computed on 8-bit RGB in `f64`, or in integers where the definition is one. Work is spread over rayon's
//! pool by rows and bands of fixed size, and partial sums are added in order: the bits do not depend on the threads.

pub mod bicubic;
mod compare;
mod image;
pub mod luma;
pub mod psnr;
pub mod ssim;
mod view;

pub use compare::{Quality, Variants, compare, variants};
pub use image::{Image, size};
pub use view::View;
