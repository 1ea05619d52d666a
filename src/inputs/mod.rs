//! What a command line names as its input, read into entries and timings and merged.
//! It may use [`crate::entry`], [`crate::rules`], [`crate::run`], [`crate::results`], [`crate::stats`], [`crate::tables`],
//! [`crate::submission`], [`crate::graph`], [`crate::protocol`], [`crate::worker_process`] and [`crate::util`].

pub mod card;
pub mod combine;
pub mod sources;
pub mod timings;
pub mod variants;
