//! The networks of a repository, as `python -m esr_torch.branches` reads them from its source.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::{Error, Place, Result};
use crate::protocol::{ModelId, Tile};
use crate::submission::manifest::MANIFEST;
use crate::worker_process::{Limits, Python, limited};

/// The function that selects a network, in every edition so far.
const FUNCTION: &str = "def select_model";

/// Reading takes a second or two.
const PATIENCE: Duration = Duration::from_secs(120);

/// A repository's networks.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Repository {
    /// Its root, absolute.
    pub(super) root: PathBuf,
    /// `test_demo.py:select_model`.
    pub(super) call: String,
    /// One for each id that the function asks for, in the order of the source.
    pub(super) branches: Vec<Branch>,
}

/// One network, as far as the source tells it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Branch {
    pub(super) model_id: Option<ModelId>,
    /// The name that the function returns: `04_RLFN`.
    pub(super) name: Option<String>,
    pub(super) data_range: Option<f64>,
    /// The tile and its overlap in LR pixels, where the network runs in tiles.
    pub(super) tile: Option<Tile>,
    pub(super) network: Option<Class>,
    pub(super) weights: Vec<WeightsFile>,
    /// The comment that opens the branch; some editions name the team there.
    pub(super) comment: Option<String>,
    /// Why there is nothing to run.
    pub(super) reason: Option<String>,
}

/// What the network is built of.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Class {
    pub(super) class: String,
    pub(super) kwargs: Map<String, Value>,
}

/// A file that is loaded into the network.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct WeightsFile {
    /// Its path from the root; absent where only execution would tell it.
    pub(super) path: Option<PathBuf>,
    pub(super) exists: bool,
}

impl Branch {
    /// The number or the word, for people.
    pub(super) fn id(&self) -> ModelId {
        self.model_id.clone().unwrap_or(ModelId::Word(String::new()))
    }

    /// The one weights file, if there is one and no other.
    pub(super) fn weights_file(&self) -> Option<&Path> {
        match self.weights.as_slice() {
            [WeightsFile { path: Some(path), exists: true }] => Some(path),
            _ => None,
        }
    }

    /// Weights that the source names and that are not there.
    pub(super) fn absent(&self) -> Vec<String> {
        let missing = self.weights.iter().filter(|w| !w.exists);
        missing.filter_map(|w| Some(w.path.as_ref()?.display().to_string())).collect()
    }
}

/// Whether `folder` is an organisers' repository: no submission, and a file at its top has the function that selects a network.
pub fn is_clone(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    if folder.join(MANIFEST).exists() {
        return false;
    }
    entries.filter_map(Result::<_, std::io::Error>::ok).map(|entry| entry.path()).any(|path| {
        let is_python = path.extension().is_some_and(|e| e == "py") && path.is_file();
        let selects = |text: Vec<u8>| String::from_utf8_lossy(&text).lines().any(|line| line.starts_with(FUNCTION));
        is_python && std::fs::read(&path).is_ok_and(selects)
    })
}

/// Reads a repository. No code of it is executed.
pub(super) fn read(python: &Python, root: &Path, call: Option<&str>) -> Result<Repository> {
    let mut launch = python.module("esr_torch.branches", Limits { forward: PATIENCE, ..Limits::default() });
    launch.args.push(root.into());
    if let Some(call) = call {
        launch.args.extend(["--call".into(), call.into()]);
    }
    let wrong = |found: String| Error::input(root, Place::Whole, "a repository whose networks can be read", found);
    let ran = limited::run(&launch, "the reading of the repository").map_err(|failure| wrong(failure.to_string()))?;
    if !ran.succeeded() {
        return Err(wrong(ran.last_words()));
    }
    serde_json::from_str(&ran.stdout).map_err(|error| wrong(format!("what its reader said makes no sense: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_whatever_else_it_holds() {
        let text = r#"{"root": "/c", "call": "test_demo.py:select_model", "branches": [
            {"model_id": 4, "name": "04_RLFN", "data_range": 255.0, "tile": null, "comment": "ByteESR Team",
             "network": {"module": "models.team04_rlfn", "class": "RLFN_cut", "args": [], "kwargs": {}, "line": 9},
             "weights": [{"path": "model_zoo/team04_rlfn.pth", "exists": true, "keys": [null], "strict": true}]},
            {"model_id": "x", "name": null, "weights": [{"path": "model_zoo/no.pth", "exists": false}], "reason": "absent"}]}"#;
        let read: Repository = serde_json::from_str(text).unwrap();
        let [first, second] = &read.branches[..] else { panic!("two") };
        assert_eq!(first.weights_file(), Some(Path::new("model_zoo/team04_rlfn.pth")));
        assert_eq!((first.id().to_string(), second.id().to_string()), ("4".into(), "x".into()));
        assert_eq!((second.weights_file(), second.absent()), (None, vec!["model_zoo/no.pth".to_owned()]));
    }

    #[test]
    fn a_clone_is_known_by_its_function() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!is_clone(dir.path()));
        std::fs::write(dir.path().join("other.py"), "# def select_model\n").unwrap();
        assert!(!is_clone(dir.path()));
        std::fs::write(dir.path().join("test_demo.py"), "import os\n\ndef select_model(args, device):\n    pass\n")
            .unwrap();
        assert!(is_clone(dir.path()));
        std::fs::write(dir.path().join(MANIFEST), "").unwrap();
        assert!(!is_clone(dir.path()), "a submission that brings the organisers' script along");
    }
}
