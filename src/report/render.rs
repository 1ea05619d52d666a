//! The trait that every format of a leaderboard implements.

use crate::error::Result;
use crate::report::view::BoardView;

/// Writes a leaderboard in one format.
pub trait Render {
    /// The whole document, with a newline at its end.
    fn render(&self, view: &BoardView<'_>) -> Result<String>;
}
