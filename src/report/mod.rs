//! Reports: leaderboards and other results in each output format.
//!
//! A [`BoardView`] is the leaderboard after the options (sorted, cut, Pareto front marked) with the columns to show. Each format
//! is one file that implements [`Render`]; none of them computes figures. It may use [`crate::entry`], [`crate::rank`],
//! [`crate::rules`], [`crate::stats`], [`crate::graph`], [`crate::results`], [`crate::submission`], [`crate::audit`],
//! [`crate::page`], [`crate::protocol`], [`crate::text`] and [`crate::util`].

pub mod announcement;
pub mod audit;
mod board;
pub mod cloned;
mod column;
mod csv;
pub mod description;
mod format;
pub mod forms;
mod html;
pub mod identified;
pub mod imported;
pub mod inspection;
mod json;
mod latex;
mod line;
mod markdown;
mod options;
mod pareto;
pub mod placement;
mod render;
pub mod rules;
pub mod run;
pub mod sensitivity;
mod terminal;
mod view;

pub use board::{BOARD_FORMATS, render, render_all};
pub use column::Column;
pub use format::Format;
pub use html::page;
pub use line::{Kind, Line};
pub use options::{Options, Sort, colour_on_stdout, parse_pareto};
pub use render::Render;
pub use view::BoardView;

#[cfg(test)]
mod injection_tests;
#[cfg(test)]
mod tests;
