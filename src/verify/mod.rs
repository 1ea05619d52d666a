//! Whether a run directory is what its `measure` wrote: chained events, hashes of graphs, weights, programs and SR images; a
//! readable copy of a damaged run; and the statement that a signature is made on.
//! It may use [`crate::quality`], [`crate::run`] and [`crate::util`].

mod finding;
mod hashes;
mod log;
pub mod salvage;
pub mod statement;

use std::path::Path;

use serde::Serialize;

use crate::error::Result;
use crate::run::chain::Chain;
use crate::run::{EVENTS, MANIFEST, Manifest, Run, SR};
use crate::util::input;
use crate::util::input::Kind;

pub use finding::Finding;

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
    pub findings: Vec<Finding>,
    /// What could not be told, and why.
    pub notes: Vec<String>,
    /// Files whose hashes were compared: graphs, weights, programs, images.
    pub files: usize,
}

/// Checks the run in `dir` with the SR images that were kept in it, or with those in the folder `sr`, which has the same
/// layout (`SUBMISSION/SPLIT/IMAGE.png`).
///
/// # Errors
/// There is no run, or its `run.json` cannot be read: nothing can be compared then.
pub fn verify(dir: &Path, sr: Option<&Path>) -> Result<Verified> {
    let manifest_path = dir.join(MANIFEST);
    let text = input::read(&manifest_path, Kind::Manifest)?;
    let manifest = Manifest::parse(&manifest_path, &text)?;
    let events = input::read(&dir.join(EVENTS), Kind::Events)?;
    let mut verified = Verified::default();
    let logged = log::check(Chain::begin(&text), &mut Run::empty(dir, manifest.clone()), &events, &mut verified);
    hashes::graphs(dir, &logged, &mut verified)?;
    hashes::sources(&manifest, &logged, &mut verified)?;
    let kept = dir.join(SR);
    if let Some(folder) = sr.map(Path::to_path_buf).or_else(|| kept.is_dir().then_some(kept)) {
        hashes::images(&folder, &Run::empty(dir, manifest), &logged, &mut verified)?;
    }
    statement::check(dir, &text, &events, &mut verified)?;
    Ok(verified)
}
