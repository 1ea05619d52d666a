//! Text for people: the table builder and the number formatter. It may use [`crate::util`].

mod format;
mod table;

pub use format::{capitalised, decimals_for, fixed, grouped, one_line, rank, shortened, with_rank};
pub use table::{Align, Cell, Style, Table};
