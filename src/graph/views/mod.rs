//! Tables and drawings of a graph, as data. It may use the other folders of [`crate::graph`].

pub(crate) mod dot;
pub mod inspection;
pub mod notes;
pub(super) mod rows;
