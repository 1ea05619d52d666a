//! `[python]` in a manifest: a team's PyTorch code, run by the PyTorch worker.

use std::path::Path;

use crate::entry::Trust;
use crate::error::{Error, Place, Result};
use crate::protocol::{Network, PythonNetwork, Weights};
use crate::submission::inside::by_words;
use crate::submission::manifest::{Manifest, PythonRef};
use crate::submission::resolved::Submission;

/// The submission of a manifest with `[python]`.
pub(super) fn resolve(
    path: &Path,
    folder: &Path,
    name: String,
    manifest: &Manifest,
    code: &PythonRef,
) -> Result<Submission> {
    let mut stated_hashes = Vec::new();
    let network = match (&code.call, &code.file) {
        (Some(call), None) => called(path, folder, code, call)?,
        (None, Some(file)) => {
            let network = of_file(path, folder, code, file)?;
            if let (Some(weights), Some(hash)) = (&code.weights, &code.sha256) {
                stated_hashes.push((folder.join(weights), hash.clone()));
            }
            network
        }
        (call, _) => {
            let found = if call.is_some() { "both" } else { "neither" };
            return Err(wrong(path, "python", "exactly one of `call` (with `root`) and `file` (with `class`)", found));
        }
    };
    let data_range =
        manifest.data_range.ok_or_else(|| wrong(path, "data_range", "a number (1.0 or 255.0)", "no such key"))?;
    Ok(Submission {
        name,
        team: manifest.team.clone(),
        network: Network::Python(network),
        scale: manifest.scale,
        data_range,
        tile: manifest.tile,
        precision: manifest.precision,
        trust: Trust::Python,
        card: None,
        stated_hashes,
        checked: Vec::new(),
        origin: None,
    })
}

fn called(path: &Path, folder: &Path, code: &PythonRef, call: &str) -> Result<PythonNetwork> {
    let others = [
        ("python.class", code.class.is_some()),
        ("python.kwargs", !code.kwargs.is_empty()),
        ("python.weights", code.weights.is_some()),
        ("python.sha256", code.sha256.is_some()),
    ];
    if let Some((key, _)) = others.into_iter().find(|(_, there)| *there) {
        return Err(wrong(path, key, "no such key beside `call`: the function itself says what it loads", "one"));
    }
    let key = |key: &str, expected: &str| wrong(path, &format!("python.{key}"), expected, "no such key");
    let root = code.root.as_ref().ok_or_else(|| key("root", "the folder of the organisers' repository"))?;
    let model_id = code.model_id.clone().ok_or_else(|| key("model_id", "the number of the network"))?;
    let root = folder.join(root);
    let root = root
        .canonicalize()
        .ok()
        .filter(|root| root.is_dir())
        .ok_or_else(|| wrong(path, "python.root", "a folder", format!("nothing at {}", root.display())))?;
    match call.rsplit_once(':') {
        Some((file, function)) if file.ends_with(".py") && !function.is_empty() => {
            if !root.join(file).is_file() {
                let found = format!("no file {}", root.join(file).display());
                return Err(wrong(path, "python.call", "`FILE.py:FUNCTION` with a file of `root`", found));
            }
        }
        _ => {
            return Err(wrong(
                path,
                "python.call",
                "`FILE.py:FUNCTION`, as `test_demo.py:select_model`",
                format!("`{call}`"),
            ));
        }
    }
    Ok(PythonNetwork::Call { root, call: call.to_owned(), model_id })
}

fn of_file(path: &Path, folder: &Path, code: &PythonRef, file: &Path) -> Result<PythonNetwork> {
    let others = [("python.root", code.root.is_some()), ("python.model_id", code.model_id.is_some())];
    if let Some((key, _)) = others.into_iter().find(|(_, there)| *there) {
        return Err(wrong(path, key, "no such key beside `file`: it belongs to `call`", "one"));
    }
    by_words(path, "python.file", file)?;
    let class = code.class.clone().ok_or_else(|| {
        wrong(path, "python.class", "the name of a class, or of a function that returns the network", "no such key")
    })?;
    let weights = match &code.weights {
        Some(weights) => {
            by_words(path, "python.weights", weights)?;
            Weights::File { path: folder.join(weights) }
        }
        None => Weights::Random { seed: 0 },
    };
    Ok(PythonNetwork::File {
        file: folder.join(file),
        class,
        kwargs: code.kwargs.clone(),
        weights,
        root: Some(std::path::absolute(folder).map_err(Error::io("find", folder))?),
    })
}

fn wrong(path: &Path, key: &str, expected: &str, found: impl Into<String>) -> Error {
    Error::input(path, Place::Key(key.to_owned()), expected, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ModelId;
    use crate::submission::MANIFEST;
    use std::fs;

    fn read(python: &str) -> Result<Submission, String> {
        let dir = tempfile::tempdir().unwrap();
        let clone = dir.path().join("clone");
        let folder = dir.path().join("entry");
        fs::create_dir_all(&clone).unwrap();
        fs::create_dir_all(&folder).unwrap();
        fs::write(clone.join("test_demo.py"), "").unwrap();
        fs::write(folder.join(MANIFEST), format!("team = \"A\"\ndata_range = 1.0\n[python]\n{python}")).unwrap();
        let home = format!("{}/", dir.path().display());
        Submission::read(&folder).map_err(|e| e.to_string().replace(&home, ""))
    }

    #[test]
    fn a_network_of_a_repository_is_named_by_its_id() {
        let read = read("root = \"../clone\"\ncall = \"test_demo.py:select_model\"\nmodel_id = 4\n").unwrap();
        assert_eq!((read.name.as_str(), read.trust), ("entry", Trust::Python));
        let Network::Python(PythonNetwork::Call { root, call, model_id }) = read.network else { panic!("a call") };
        assert!(root.is_absolute() && root.ends_with("clone"), "{}", root.display());
        assert_eq!((call.as_str(), model_id), ("test_demo.py:select_model", ModelId::Number(4)));
    }

    #[test]
    fn a_class_of_a_file_has_arguments_and_weights() {
        let read =
            read("file = \"net.py\"\nclass = \"Net\"\nkwargs = { width = 48 }\nweights = \"w.pth\"\nsha256 = \"ab\"\n");
        let read = read.unwrap();
        let Network::Python(PythonNetwork::File { file, class, kwargs, weights, .. }) = read.network else {
            panic!("a file")
        };
        assert!(file.ends_with("entry/net.py"));
        assert_eq!((class.as_str(), kwargs["width"].as_i64()), ("Net", Some(48)));
        assert!(matches!(weights, Weights::File { path } if path.ends_with("entry/w.pth")));
        assert_eq!(read.stated_hashes.len(), 1);
    }

    #[test]
    fn what_does_not_go_together_is_refused_by_key() {
        let refused = |python: &str| read(python).unwrap_err();
        let call = "call = \"test_demo.py:select_model\"\n";
        insta::assert_snapshot!(refused(""), @"entry/submission.toml: `python`: expected exactly one of `call` (with `root`) and `file` (with `class`), found neither");
        insta::assert_snapshot!(refused(&format!("{call}file = \"net.py\"\n")), @"entry/submission.toml: `python`: expected exactly one of `call` (with `root`) and `file` (with `class`), found both");
        insta::assert_snapshot!(refused(&format!("{call}model_id = 1\n")), @"entry/submission.toml: `python.root`: expected the folder of the organisers' repository, found no such key");
        insta::assert_snapshot!(refused(&format!("{call}root = \"../clone\"\n")), @"entry/submission.toml: `python.model_id`: expected the number of the network, found no such key");
        insta::assert_snapshot!(refused(&format!("{call}root = \"../other\"\nmodel_id = 1\n")), @"entry/submission.toml: `python.root`: expected a folder, found nothing at entry/../other");
        insta::assert_snapshot!(refused("call = \"demo.py:select_model\"\nroot = \"../clone\"\nmodel_id = 1\n"), @"entry/submission.toml: `python.call`: expected `FILE.py:FUNCTION` with a file of `root`, found no file clone/demo.py");
        insta::assert_snapshot!(refused("call = \"select_model\"\nroot = \"../clone\"\nmodel_id = 1\n"), @"entry/submission.toml: `python.call`: expected `FILE.py:FUNCTION`, as `test_demo.py:select_model`, found `select_model`");
        insta::assert_snapshot!(refused(&format!("{call}root = \"../clone\"\nmodel_id = 1\nweights = \"w.pth\"\n")), @"entry/submission.toml: `python.weights`: expected no such key beside `call`: the function itself says what it loads, found one");
        insta::assert_snapshot!(refused("file = \"net.py\"\n"), @"entry/submission.toml: `python.class`: expected the name of a class, or of a function that returns the network, found no such key");
        insta::assert_snapshot!(refused("file = \"../net.py\"\nclass = \"Net\"\n"), @"entry/submission.toml: `python.file`: expected a file in the submission's folder, found `../net.py`");
        insta::assert_snapshot!(refused("file = \"net.py\"\nclass = \"Net\"\nmodel_id = 1\n"), @"entry/submission.toml: `python.model_id`: expected no such key beside `file`: it belongs to `call`, found one");
    }
}
