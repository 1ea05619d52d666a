//! Graphs of operations, and everything that is counted on them, without a network and without libtorch. It may use [`crate::util`] alone.

mod analysis;
mod conventions;
mod ops;
mod views;

pub use analysis::connected::{connected, unread_parameters};
pub use analysis::diff::{BlockDiff, diff};
pub use analysis::functional::functional_convolutions;
pub use analysis::growth::{Growth, growth};
pub use analysis::memory::{MemoryBound, alive, memory};
pub use analysis::precision::precision;
pub use analysis::receptive::{Receptive, receptive};
pub use analysis::scaling::scaling;
pub use analysis::tree::{Module, tree};
pub use conventions::count::{OpCost, Tally, Treatment, costs, count};
pub use conventions::counter::Counter;
pub use ops::build::{self, Builder};
pub use ops::call::Call;
pub(crate) use ops::call::sum;
pub use ops::file;
pub use ops::opgraph::{self, Arg, Op, OpGraph, Recorded, Role, Scope, TensorId, TensorInfo};
pub use ops::table;
pub use views::dot::dot;
pub use views::inspection::{self, Inspection, inspect};
pub use views::notes::{self, Discrepancy, discrepancies};
pub use views::rows::{Grouping, Row, rows};
