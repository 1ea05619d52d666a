//! Graphs of operations, and what can be counted on them. Pure: no network, no libtorch.

pub mod build;
mod call;
mod cost;
pub mod count;
pub mod counter;
mod einsum;
pub mod file;
mod hook;
pub mod memory;
pub mod opgraph;
pub mod table;

pub use build::Builder;
pub use call::Call;
pub use count::{OpCost, Tally, Verdict, count};
pub use counter::Counter;
pub use memory::{Memory, memory};
pub use opgraph::{Arg, Op, OpGraph, Recorded, Role, Scope, TensorId, TensorInfo};
