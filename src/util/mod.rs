//! Helpers that know nothing of the field: whole-file writes, inputs and their limits, TOML, hashes. It uses [`crate::error`] alone.

pub mod chars;
pub mod files;
pub mod formula;
mod hash;
pub mod input;
pub mod priority;
pub mod toml_file;

pub use hash::{hex, sha256};
