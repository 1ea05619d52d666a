//! What follows from runs: entries for a ranking, samples for statistics, rows for a table. Derived, never stored.
//! It may use [`crate::entry`], [`crate::graph`], [`crate::protocol`], [`crate::quality`], [`crate::run`], [`crate::stats`] and
//! [`crate::tables`].

mod entries;
mod images;
mod samples;

pub use images::ImageRow;
