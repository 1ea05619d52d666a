//! A submission is made of its own folder's files: another team's, or the machine's, are none of its business.

use std::path::{Component, Path, PathBuf};

use crate::error::{Error, Place, Result};
use crate::protocol::{Network, PythonNetwork, Weights};

/// Refuses a path of a manifest that is absolute or leads out of the folder by its words.
pub(super) fn by_words(manifest: &Path, key: &str, file: &Path) -> Result<()> {
    if file.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Ok(());
    }
    let found = format!("`{}`", file.display());
    Err(Error::input(manifest, Place::Key(key.to_owned()), "a file in the submission's folder", found))
}

/// Refuses a file that does not lie in `folder` once every link in its path is followed.
pub(crate) fn by_links(folder: &Path, file: &Path) -> Result<()> {
    let real = |path: &Path| path.canonicalize().map_err(Error::io("read", path));
    let (folder, target) = (real(folder)?, real(file)?);
    if !target.starts_with(&folder) {
        let found = format!("a link that leads out of the folder, to {}", target.display());
        return Err(Error::input(file, Place::Whole, "a file in the submission's folder", found));
    }
    if target.is_file() {
        return Ok(());
    }
    Err(Error::input(file, Place::Whole, "a regular file", "none"))
}

/// The files that a network is made of.
pub(crate) fn files(network: &Network) -> Vec<PathBuf> {
    match network {
        Network::Registry { weights: Weights::File { path }, .. } => vec![path.clone()],
        Network::Registry { weights: Weights::Random { .. }, .. } => Vec::new(),
        Network::Program { files } => files.clone(),
        // The code of a repository lies outside the folder, and the worker tells which of its files it read.
        Network::Python(PythonNetwork::Call { .. }) => Vec::new(),
        Network::Python(PythonNetwork::File { file, weights, .. }) => {
            let weights = match weights {
                Weights::File { path } => Some(path.clone()),
                Weights::Random { .. } => None,
            };
            std::iter::once(file.clone()).chain(weights).collect()
        }
    }
}
