//! Joining run directories into one: shards of one plan, or runs of different submissions with the same baseline.
//!
//! Logs are read line by line, twice: once to see whether the runs can be joined, and once to copy them. What is in memory does
//! not grow with their number of events. It may use [`crate::machine`], [`crate::protocol`], [`crate::run`] and
//! [`crate::util`].

mod agree;
mod join;
mod log;
mod survey;

pub use join::{Joined, Options, merge};
