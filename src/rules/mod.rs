//! The rules of the challenge's editions, as data: embedded into the program, or read from a path.
//! It may use [`crate::entry`], [`crate::tables`], [`crate::util`], and the names of the counters in [`crate::graph`] and of the
//! protocols in [`crate::stats`].

pub mod across;
pub mod edition;
pub mod schema;
mod validate;

pub use schema::Rules;
