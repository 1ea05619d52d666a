//! Text for people: one table builder, one way to write numbers. It may use [`crate::util`].

mod format;
mod table;

pub use format::{capitalised, decimals_for, fixed, grouped, one_line, rank, shortened, with_rank};
pub use table::{Align, Cell, Style, Table};
