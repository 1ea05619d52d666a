//! A copy of a repository that holds weights which lie elsewhere: the repository itself is never written to.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::submission::clone::reader::Repository;

/// Folders that no network needs.
const LEFT_OUT: [&str; 3] = [".git", "figs", "__pycache__"];

/// Where each absent weights file lies below `elsewhere`: (its path from the root, the file).
pub(super) fn find(repository: &Repository, elsewhere: &Path) -> Result<Vec<(PathBuf, PathBuf)>> {
    let mut files = Vec::new();
    files_below(elsewhere, &mut files)?;
    let weights = repository.branches.iter().flat_map(|branch| &branch.weights).filter(|w| !w.exists);
    let mut found: Vec<(PathBuf, PathBuf)> = Vec::new();
    for path in weights.filter_map(|w| w.path.clone()) {
        let plain = path.strip_prefix(".").unwrap_or(&path).to_path_buf();
        let inside = plain.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        let source = files.iter().find(|file| file.file_name() == plain.file_name());
        if let Some(source) = source.filter(|_| inside && !found.iter().any(|(known, _)| *known == plain)) {
            found.push((plain, source.clone()));
        }
    }
    Ok(found)
}

/// Makes the copy in `output`, with `weights` at their places; returns its root. What is there already is kept.
pub(super) fn make(root: &Path, weights: &[(PathBuf, PathBuf)], output: &Path) -> Result<PathBuf> {
    let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
    // Hidden, so that it is no submission's folder.
    let copy = output.join(format!(".{name}"));
    fs::create_dir_all(&copy).map_err(Error::io("create", &copy))?;
    // The repository's own name last, since messages and editions go by it.
    let copy = copy.join(&name);
    tree(root, &copy)?;
    for (path, source) in weights {
        place(source, &copy.join(path))?;
    }
    copy.canonicalize().map_err(Error::io("find", &copy))
}

fn tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(Error::io("create", to))?;
    for entry in fs::read_dir(from).map_err(Error::io("read", from))? {
        let entry = entry.map_err(Error::io("read", from))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            if !LEFT_OUT.iter().any(|name| entry.file_name() == *name) {
                tree(&path, &target)?;
            }
        } else if path.is_file() {
            place(&path, &target)?;
        }
    }
    Ok(())
}

/// A copy, never a link: who edits one of them must not change the other.
fn place(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    }
    fs::copy(from, to).map(|_| ()).map_err(Error::io("copy", from))
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries = fs::read_dir(folder)
        .and_then(Iterator::collect::<std::io::Result<Vec<_>>>)
        .map_err(Error::io("read", folder))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type().map_err(Error::io("read", entry.path()))?;
        if kind.is_dir() {
            files_below(&entry.path(), files)?;
        } else if entry.path().is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submission::clone::reader::{Branch, WeightsFile};

    #[test]
    fn absent_weights_are_found_by_name_and_the_clone_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let (clone, zoo, output) = (dir.path().join("ESR"), dir.path().join("zoo"), dir.path().join("out"));
        for folder in [clone.join("models"), clone.join(".git"), zoo.join("deep")] {
            fs::create_dir_all(folder).unwrap();
        }
        fs::write(clone.join("models/net.py"), "net").unwrap();
        fs::write(clone.join(".git/objects"), "history").unwrap();
        fs::write(zoo.join("deep/a.pth"), "weights").unwrap();
        let weights = |path: &str| WeightsFile { path: Some(path.into()), exists: false };
        let branch = |path: &str| Branch { weights: vec![weights(path)], ..Branch::default() };
        let branches = ["./model_zoo/a.pth", "model_zoo/b.pth", "../a.pth"].map(branch).to_vec();
        let repository = Repository { root: clone.clone(), call: String::new(), branches };
        let found = find(&repository, &zoo).unwrap();
        assert_eq!(found, [("model_zoo/a.pth".into(), zoo.join("deep/a.pth"))]);
        for _ in 0..2 {
            let copy = make(&clone, &found, &output).unwrap();
            assert_eq!(fs::read_to_string(copy.join("models/net.py")).unwrap(), "net");
            assert_eq!(fs::read_to_string(copy.join("model_zoo/a.pth")).unwrap(), "weights");
            assert!(!copy.join(".git").exists() && copy.ends_with(".ESR/ESR"));
        }
        assert!(!clone.join("model_zoo").exists());
    }
}
