//! Graphs of operations, and what can be counted on them. Pure: no network, no libtorch.

mod blocks;
pub mod build;
mod call;
mod cost;
pub mod count;
pub mod counter;
pub mod diff;
mod dot;
mod einsum;
pub mod file;
pub mod growth;
mod hook;
pub mod inspection;
pub mod memory;
pub mod notes;
pub mod opgraph;
pub mod receptive;
pub mod rows;
pub mod table;
pub mod tree;

pub use build::Builder;
pub use call::Call;
pub(crate) use call::sum;
pub use count::{OpCost, Tally, Verdict, costs, count};
pub use counter::Counter;
pub use diff::{BlockDiff, diff};
pub use dot::dot;
pub use growth::{Growth, growth};
pub use inspection::{Inspection, inspect};
pub use memory::{Memory, memory};
pub use notes::{Discrepancy, discrepancies};
pub use opgraph::{Arg, Op, OpGraph, Recorded, Role, Scope, TensorId, TensorInfo};
pub use receptive::{Receptive, receptive};
pub use rows::{By, Row, rows};
pub use tree::{Module, tree};
