//! Graphs of operations, and what can be counted on them. Pure: no network, no libtorch.

pub mod opgraph;

pub use opgraph::{Arg, Op, OpGraph, Recorded, Role, Scope, TensorId, TensorInfo};
