//! What follows from runs: entries for a ranking, samples for statistics, rows for a table. Derived, never stored.
//! It may use [`crate::run`], [`crate::entry`], [`crate::graph`], [`crate::stats`] and [`crate::tables`].

mod entries;
mod images;
mod samples;
mod worst;

pub use images::ImageRow;
pub use worst::WorstImage;
