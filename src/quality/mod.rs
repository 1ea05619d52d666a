//! Image quality: PNG, PSNR, SSIM and the integer bicubic, bit by bit as the field defines them.
//!
//! Everything is computed on 8-bit RGB in `f64`, or in integers where the definition is in integers. Work is spread over rayon's
//! threads by rows and bands of fixed size, and partial sums are added in order: the result does not depend on the number of
//! threads. It may use [`crate::util`].

pub mod bicubic;
mod compare;
mod image;
pub mod luma;
pub mod psnr;
pub mod ssim;
mod view;

pub use compare::{Quality, Variants, compare, variants};
pub use image::{Image, size};
pub use view::PixelView;
