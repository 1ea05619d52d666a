//! Whether a run directory is what its `measure` wrote: chained events, hashes of graphs, weights, programs and SR images; a
//! readable copy of a damaged run; and the statement that a signature is made on.
//! It may use [`crate::protocol`], [`crate::quality`], [`crate::run`] and [`crate::util`].

mod finding;
mod hashes;
mod log;
pub mod salvage;
pub mod statement;
mod verified;

use std::path::Path;

use crate::error::Result;
use crate::run::chain::Chain;
use crate::run::{EVENTS, MANIFEST, Manifest, Run, SR};
use crate::util::input;
use crate::util::input::Kind;

pub use finding::Discrepancy;
pub use verified::Verified;

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
