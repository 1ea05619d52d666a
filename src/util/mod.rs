//! Helpers that know nothing of the field: whole-file writes, TOML, hashes. It uses [`crate::error`] alone.

pub mod files;
mod hash;
pub mod priority;
pub mod toml_file;

pub use hash::{hex, sha256};
