//! What follows from runs: entries for a ranking, samples for statistics, rows for a table. Derived, never stored.
//! It may use [`crate::run`], [`crate::entry`], [`crate::graph`], [`crate::stats`] and [`crate::tables`].

mod entries;
mod forms;
mod images;
mod samples;

pub use forms::{Forms, Overhead, SameSr, overhead, same_sr};
pub use images::ImageRow;
