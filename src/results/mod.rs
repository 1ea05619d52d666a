//! What follows from runs: entries for a ranking, samples for statistics, rows for a table, and whether the session is fit
//! to rank. Derived, never stored. It may use [`crate::run`], [`crate::entry`], [`crate::graph`], [`crate::protocol`],
//! [`crate::quality`], [`crate::rules`],
//! [`crate::stats`] and [`crate::tables`].

mod basis;
mod checks;
mod control;
mod departures;
mod entries;
mod fitness;
mod forms;
mod images;
mod note;
mod samples;
mod scale;
mod timed;
mod worst;

pub use basis::Basis;
pub use control::Control;
pub use departures::Departure;
pub use fitness::{Fitness, Unfit};
pub use forms::{CostDifference, Forms, Overhead, SameSr, different_costs, overhead, same_sr};
pub use images::ImageRow;
pub use worst::WorstImage;
