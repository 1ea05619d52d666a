//! The costs of operations, by each convention. It may use [`crate::graph::ops`].

pub(super) mod count;
pub(super) mod counter;
pub(crate) mod hook;
