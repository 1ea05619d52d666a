//! What a check of a run directory found.

use serde::Serialize;

use crate::verify::finding::Discrepancy;

/// What was found in a run directory.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Verified {
    /// Lines of the log.
    pub lines: usize,
    /// How many of them have a hash that follows from the line before.
    pub chained: usize,
    /// The last line's hash: whoever knows it from elsewhere knows that nothing was cut off since.
    pub head: Option<String>,
    /// What is not as it was written.
    pub findings: Vec<Discrepancy>,
    /// What could not be told, and why.
    pub notes: Vec<String>,
    /// Files whose hashes were compared: graphs, weights, programs, images.
    pub files: usize,
}
