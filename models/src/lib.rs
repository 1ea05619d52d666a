//! The registry of efficient super-resolution networks.
//!
//! Each network is built by name from hyperparameters and weights ([`arch::Arch`]), runs on tch, and reports to an
//! observer which module is running ([`scope`]), so that an op recorder sees the modules that PyTorch's hooks see.
//!
//! Rooms, each of which may use those before it: `scope` and `ops`; `layer` (what a layer is); `vars` (weights by key);
//! `nn` (PyTorch's layers); `rep` (re-parameterisation); `blocks` (shared by several networks); `state` (reads weights
//! files); `arch` (the networks); `identify` and `fuse` (work on whole networks).

pub mod arch;
pub mod blocks;
mod error;
pub mod fuse;
pub mod identify;
pub mod layer;
pub mod nn;
mod ops;
pub mod rep;
pub mod scope;
pub mod state;
pub mod vars;

pub use error::{Error, Result};
