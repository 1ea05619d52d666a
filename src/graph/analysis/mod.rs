//! Analyses of a graph other than its costs: memory, growth, modules, precision, the receptive field.
//! It may use [`crate::graph::ops`] and [`crate::graph::conventions`].

pub(crate) mod blocks;
pub(super) mod connected;
pub(super) mod diff;
pub(super) mod functional;
pub(super) mod growth;
pub(super) mod memory;
pub(super) mod precision;
pub(super) mod receptive;
pub(super) mod scaling;
pub(super) mod tree;
