//! Tables of measurements from other sources: CSV files, and the organisers' per-image results.
//! It may use [`crate::entry`] and [`crate::util`].

pub mod columns;
pub mod per_image;
pub mod table;

pub use per_image::PerImage;
pub use table::Table;
