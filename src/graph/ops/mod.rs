//! The operations of a forward: the graph's types, its file, and the table of what each operation does.
//! It may use [`crate::util`].

pub mod build;
pub(crate) mod call;
pub(crate) mod cost;
pub(crate) mod einsum;
pub mod file;
pub mod opgraph;
pub mod table;
