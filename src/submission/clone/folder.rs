//! The folder of an imported submission: its name, and how it is written.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::submission::manifest::{MANIFEST, Manifest};
use crate::util::files;

/// The longest name of a network: file names are made of it.
const LONGEST: usize = 60;

/// The network's name in tables: `04_RLFN`, whatever the function returned.
pub(super) fn network_name(name: &str) -> String {
    let plain = |c: char| if c.is_control() || matches!(c, '/' | '\\') { '_' } else { c };
    let name: String = name.trim().chars().map(plain).take(LONGEST).collect();
    name.trim_start_matches('.').trim().to_owned()
}

/// `ntire2022_04_RLFN`, fit for a shell.
pub(super) fn folder_name(prefix: &str, network: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '.' | '_') { c } else { '_' };
    format!("{prefix}_{network}").chars().map(plain).collect()
}

/// Writes the folder `target` with its manifest and, beside it, a copy of `weights`. It appears whole or not at all.
pub(super) fn write(target: &Path, weights: Option<&Path>, manifest: &Manifest) -> Result<()> {
    let draft = Draft::beside(target)?;
    if let Some(weights) = weights {
        fs::copy(weights, draft.path().join(weights.file_name().unwrap_or_default()))
            .map_err(Error::io("copy", weights))?;
    }
    draft.finish(manifest)
}

/// A folder that is not at its place yet. It is removed where it is not finished.
pub(super) struct Draft {
    holder: tempfile::TempDir,
    target: PathBuf,
}

impl Draft {
    pub(super) fn beside(target: &Path) -> Result<Draft> {
        let parent = target.parent().unwrap_or(Path::new("."));
        let holder = tempfile::Builder::new()
            .prefix(files::TEMPORARY)
            .tempdir_in(parent)
            .map_err(Error::io("create a folder in", parent))?;
        let draft = Draft { holder, target: target.to_path_buf() };
        fs::create_dir(draft.path()).map_err(Error::io("create", draft.path()))?;
        Ok(draft)
    }

    pub(super) fn path(&self) -> PathBuf {
        self.holder.path().join("submission")
    }

    /// Writes the manifest, and puts the folder at its place.
    pub(super) fn finish(self, manifest: &Manifest) -> Result<()> {
        let text = toml::to_string(manifest).map_err(|e| Error::io("write", &self.target)(std::io::Error::other(e)))?;
        files::write(&self.path().join(MANIFEST), text.as_bytes())?;
        fs::rename(self.path(), &self.target).map_err(Error::io("rename", &self.target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_fit_for_files_whatever_the_code_returns() {
        assert_eq!(network_name("         11_VSCINet"), "11_VSCINet");
        assert_eq!(network_name("../a/b\n"), "_a_b");
        assert_eq!(folder_name("ntire2025", "42_[FEAN]"), "ntire2025_42__FEAN_");
        assert_eq!(network_name(&"x".repeat(500)).len(), LONGEST);
    }
}
