//! The folders that hold submissions.

use std::path::{Path, PathBuf};

use crate::error::{Error, Place, Result};
use crate::submission::MANIFEST;

/// The folder of the template, which is not an entry and has no weights.
const TEMPLATE: &str = "template";

/// Every submission's folder of `paths`, each once, in the order of `paths` and then of names.
pub(super) fn folders(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for path in paths {
        if path.join(MANIFEST).is_file() {
            push(&mut folders, path.clone());
            continue;
        }
        let below = if path.is_dir() { below(path)? } else { Vec::new() };
        if below.is_empty() {
            let expected = format!("a folder with {MANIFEST}, or a folder of such folders");
            let found = if path.exists() { "neither" } else { "no such file or folder" };
            return Err(Error::input(path, Place::Whole, expected, found));
        }
        for folder in below {
            push(&mut folders, folder);
        }
    }
    Ok(folders)
}

fn push(folders: &mut Vec<PathBuf>, folder: PathBuf) {
    if !folders.contains(&folder) {
        folders.push(folder);
    }
}

/// The folders directly below `path`. A folder without a manifest fails its check.
fn below(path: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(Error::io("read", path))? {
        let entry = entry.map_err(Error::io("read", path))?;
        let name = entry.file_name();
        let hidden = name.to_string_lossy().starts_with('.');
        if entry.path().is_dir() && !hidden && name != TEMPLATE {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}
