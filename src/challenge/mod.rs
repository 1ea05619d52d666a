//! Editions of the challenge as data: rules, published tables, and the files that measurements come in.

pub mod across;
pub mod columns;
pub mod edition;
pub mod per_image;
pub mod rules;
pub mod table;
mod validate;

pub use per_image::PerImage;
pub use rules::Rules;
pub use table::Table;
