//! Text for people: the table builder and the number formatter. It uses nothing else of the library.

mod format;
mod table;

pub use format::{capitalised, decimals_for, fixed, grouped, one_line, rank, with_rank};
pub use table::{Align, Cell, Style, Table};
