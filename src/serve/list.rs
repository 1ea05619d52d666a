//! The runs of a folder.

use std::path::{Path, PathBuf};

use crate::run::Run;

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its folder's name: what its address ends with.
    pub name: String,
    /// The folder.
    pub dir: PathBuf,
}

/// The runs in `folder`, the newest name first; or the folder itself, if it is a run. A folder that is not there has none.
pub fn runs(folder: &Path) -> Vec<Listed> {
    let listed = |dir: PathBuf| {
        let name = dir.file_name()?.to_str()?.to_owned();
        Run::is_at(&dir).then_some(Listed { name, dir })
    };
    if Run::is_at(folder) {
        let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
        return listed(absolute).into_iter().collect();
    }
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut runs: Vec<Listed> = entries.filter_map(|entry| listed(entry.ok()?.path())).collect();
    runs.sort_by(|a, b| b.name.cmp(&a.name));
    runs
}
