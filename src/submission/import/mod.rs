//! Submission folders out of a clone of a challenge's repository: each file of its `model_zoo/` is identified, and what is
//! known of the edition says whose it is and how it runs.
//! It may use the other files of [`crate::submission`] and [`crate::rules`].

mod zoo;

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Place, Result};
use crate::protocol::{Candidate, Identified};
use crate::submission::identify;
use crate::submission::identify::Identifier;
use crate::submission::manifest::{MANIFEST, Manifest, ModelRef, Precision};
use crate::util::files;

pub use zoo::{Zoo, ZooEntry};

/// The folder of weights in the organisers' repositories.
pub const MODEL_ZOO: &str = "model_zoo";

/// What is to be imported, and whereto.
#[derive(Debug, Clone)]
pub struct ZooImport {
    /// The clone, or its `model_zoo/`.
    pub clone: PathBuf,
    /// The edition; absent: told by the names of the files.
    pub edition: Option<String>,
    /// Where the submission folders go.
    pub output: PathBuf,
    /// Give the weights a second name (a hard link) instead of copying them.
    pub link: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Imported {
    /// The edition, if it is known.
    pub edition: Option<String>,
    /// Every file, in the order of their names.
    pub files: Vec<Row>,
    /// Files of the edition that are known, and not there.
    pub absent: Vec<String>,
}

/// What came of one file.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Row {
    /// Its path below `model_zoo/`.
    pub file: String,
    /// Whose it is, if that is known.
    pub team: Option<String>,
    /// The network, if it is known.
    pub network: Option<String>,
    /// What happened.
    pub outcome: Outcome,
}

/// What happened to a file.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It has a submission folder now.
    Written(PathBuf),
    /// A folder of that name was there already, and stays as it is.
    Kept(PathBuf),
    /// There is no submission of it, for this reason.
    Left(String),
}

/// Imports every file that can be, and says of the others why not. Nothing that exists is changed.
pub fn import(request: &ZooImport, identifier: &mut Identifier) -> Result<Imported> {
    let folder = model_zoo(&request.clone)?;
    let mut names = Vec::new();
    weights_below(&folder, Path::new(""), &mut names)?;
    names.sort();
    if names.is_empty() {
        return Err(Error::input(&folder, Place::Whole, "weights files", "none"));
    }
    let zoo = match &request.edition {
        Some(edition) => Some(Zoo::of(edition)?),
        None => Zoo::recognise(&names)?,
    };
    fs::create_dir_all(&request.output).map_err(Error::io("create", &request.output))?;
    let mut rows = Vec::new();
    for name in &names {
        rows.push(one(request, &folder, name, zoo.as_ref(), identifier)?);
    }
    let absent = zoo.iter().flat_map(|z| &z.entries).map(|e| &e.file).filter(|f| !names.contains(f)).cloned().collect();
    Ok(Imported { edition: zoo.map(|z| z.edition), files: rows, absent })
}

fn one(request: &ZooImport, folder: &Path, name: &str, zoo: Option<&Zoo>, identifier: &mut Identifier) -> Result<Row> {
    let file = folder.join(name);
    let known = zoo.and_then(|z| z.entry(name));
    let mut row = Row {
        file: name.to_owned(),
        team: known.and_then(|e| e.team.clone()),
        network: None,
        outcome: Outcome::Left(String::new()),
    };
    let found = match identifier.identify(&file) {
        Ok(found) => found,
        Err(error @ Error::Worker(_)) => return Err(error),
        Err(error) => {
            row.outcome = Outcome::Left(error.to_string());
            return Ok(row);
        }
    };
    let candidate = match identify::only(&file, &found) {
        Ok(candidate) => candidate,
        Err(error) => {
            row.outcome = Outcome::Left(error.to_string());
            return Ok(row);
        }
    };
    row.network = Some(candidate.cards.first().unwrap_or(&candidate.arch).clone());
    if row.team.is_none() && candidate.published.is_some() {
        row.team = identify::cards(candidate)?.into_iter().find_map(|c| c.team);
    }
    let Some(data_range) = known.map(|e| e.data_range).or(identify::known_range(candidate)?) else {
        row.outcome = Outcome::Left(format!(
            "identified as {}, but its data range is not known: neither the edition's map nor a card tells it",
            identify::describe(candidate)
        ));
        return Ok(row);
    };
    let stem = Path::new(name).with_extension("").to_string_lossy().replace('/', "_");
    let submission = match zoo {
        Some(zoo) => format!("{}_{stem}", zoo.edition),
        None => stem.clone(),
    };
    let target = request.output.join(submission);
    if target.symlink_metadata().is_ok() {
        row.outcome = Outcome::Kept(target);
        return Ok(row);
    }
    let manifest = Manifest {
        team: row.team.clone().unwrap_or(stem),
        name: None,
        scale: identify::scale(candidate),
        data_range: Some(data_range),
        precision: Precision::Float32,
        notes: Some(format!("Imported from {}.", zoo.map_or(MODEL_ZOO, |z| &z.repository))),
        model: Some(model(&file, candidate, &found)),
        program: None,
        python: None,
        tile: known.and_then(|e| e.tile),
        origin: None,
    };
    write(&target, &file, &manifest, request.link)?;
    row.outcome = Outcome::Written(target);
    Ok(row)
}

/// A registered network, by its card where one describes it.
pub(in crate::submission) fn model(file: &Path, candidate: &Candidate, found: &Identified) -> ModelRef {
    let card = candidate.published.as_ref().or(candidate.cards.first());
    ModelRef {
        card: card.cloned(),
        arch: card.is_none().then(|| candidate.arch.clone()),
        config: if card.is_none() { candidate.config.clone() } else { Default::default() },
        weights: file.file_name().unwrap_or_default().into(),
        sha256: Some(found.sha256.clone()),
    }
}

/// The folder appears whole or not at all.
fn write(target: &Path, weights: &Path, manifest: &Manifest, link: bool) -> Result<()> {
    let parent = target.parent().unwrap_or(Path::new("."));
    let draft = tempfile::Builder::new()
        .prefix(".esr-bench-")
        .tempdir_in(parent)
        .map_err(Error::io("create a folder in", parent))?;
    let inner = draft.path().join("submission");
    fs::create_dir(&inner).map_err(Error::io("create", &inner))?;
    let copy = inner.join(weights.file_name().unwrap_or_default());
    if link {
        // A hard link: the file then lies in the folder, which a symbolic link would lead out of.
        let original = fs::canonicalize(weights).map_err(Error::io("find", weights))?;
        fs::hard_link(original, &copy).map_err(Error::io("link (leave `--link` out to copy)", &copy))?;
    } else {
        fs::copy(weights, &copy).map_err(Error::io("copy", weights))?;
    }
    let text = toml::to_string(manifest).map_err(|e| Error::io("write", target)(std::io::Error::other(e)))?;
    files::write(&inner.join(MANIFEST), text.as_bytes())?;
    fs::rename(&inner, target).map_err(Error::io("rename", target))
}

fn model_zoo(clone: &Path) -> Result<PathBuf> {
    let inside = clone.join(MODEL_ZOO);
    if inside.is_dir() {
        return Ok(inside);
    }
    let whole = clone.canonicalize().map_err(Error::io("read", clone))?;
    if whole.is_dir() && whole.file_name().is_some_and(|n| n == MODEL_ZOO) {
        return Ok(clone.to_path_buf());
    }
    Err(Error::input(
        clone,
        Place::Whole,
        format!("a clone with a folder `{MODEL_ZOO}`, or that folder"),
        "no such folder",
    ))
}

/// Every file that may hold weights, by its path below `root`. Links to folders are not followed.
fn weights_below(root: &Path, below: &Path, names: &mut Vec<String>) -> Result<()> {
    const OTHERS: [&str; 6] = ["json", "md", "py", "txt", "yaml", "yml"];
    let folder = root.join(below);
    for entry in fs::read_dir(&folder).map_err(Error::io("read", &folder))? {
        let entry = entry.map_err(Error::io("read", &folder))?;
        let path = below.join(entry.file_name());
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type().map_err(Error::io("read", entry.path()))?.is_dir() {
            weights_below(root, &path, names)?;
        } else if !path.extension().is_some_and(|e| OTHERS.iter().any(|o| e.eq_ignore_ascii_case(o))) {
            names.push(path.to_string_lossy().into_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Tile;
    use crate::submission::resolved::Submission;

    fn manifest(model: ModelRef) -> Manifest {
        Manifest {
            team: "A".into(),
            name: None,
            scale: 4,
            data_range: Some(255.0),
            precision: Precision::Float32,
            notes: None,
            model: Some(model),
            program: None,
            python: None,
            tile: Some(Tile { size: 256, overlap: 32 }),
            origin: None,
        }
    }

    #[test]
    fn a_folder_is_read_back_as_it_was_meant() {
        let dir = tempfile::tempdir().unwrap();
        let weights = dir.path().join("w.pth");
        fs::write(&weights, b"weights").unwrap();
        let serde_json::Value::Object(config) = serde_json::json!({
            "channels": 20, "naming": "challenge", "body": [{ "channels": 16 }],
        }) else {
            panic!("an object")
        };
        let model = ModelRef {
            card: None,
            arch: Some("rlfn".into()),
            config: config.clone(),
            weights: "w.pth".into(),
            sha256: None,
        };
        for (name, link) in [("copied", false), ("linked", true)] {
            let target = dir.path().join(name);
            write(&target, &weights, &manifest(model.clone()), link).unwrap();
            let links = std::os::unix::fs::MetadataExt::nlink(&target.join("w.pth").symlink_metadata().unwrap());
            assert_eq!(links > 1, link);
            assert_eq!(fs::read(target.join("w.pth")).unwrap(), b"weights");
            let read = Submission::read(&target).unwrap();
            assert_eq!((read.name.as_str(), read.team.as_str(), read.data_range), (name, "A", 255.0));
            assert_eq!(read.tile, Some(Tile { size: 256, overlap: 32 }));
            let crate::protocol::Network::Registry { arch, config: read, .. } = read.network else {
                panic!("a network")
            };
            assert_eq!((arch.as_str(), read), ("rlfn", config.clone()));
        }
        // Nothing but the three is left.
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_clone_has_a_model_zoo_and_only_weights_count() {
        let dir = tempfile::tempdir().unwrap();
        let error = model_zoo(dir.path()).unwrap_err().to_string();
        assert!(
            error.ends_with("expected a clone with a folder `model_zoo`, or that folder, found no such folder"),
            "{error}"
        );
        let zoo = dir.path().join(MODEL_ZOO);
        fs::create_dir_all(zoo.join("team02")).unwrap();
        for name in ["b.pth", "README.md", ".gitkeep", "team02/a.pt", "weird.bin"] {
            fs::write(zoo.join(name), b"x").unwrap();
        }
        assert_eq!(model_zoo(dir.path()).unwrap(), model_zoo(&zoo).unwrap());
        let mut names = Vec::new();
        weights_below(&zoo, Path::new(""), &mut names).unwrap();
        names.sort();
        assert_eq!(names, ["b.pth", "team02/a.pt", "weird.bin"]);
    }
}
