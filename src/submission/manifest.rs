//! Submissions: a folder with `submission.toml`, or a model card with a weights file.

use crate::entry::Trust;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, Place, Result};
use crate::protocol::{Load, ModelId, Network, Probe, Switches, Tile, Weights};
use crate::submission::card::Card;
use crate::submission::python;
use crate::submission::python::PythonRef;
use crate::util::toml_file;

/// The manifest's file name.
pub const MANIFEST: &str = "submission.toml";

/// What `submission.toml` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The team's name in the table.
    pub team: String,
    /// The entry's name; absent: the folder's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// SR size over LR size.
    #[serde(default = "four")]
    pub scale: u32,
    /// The largest value of the network's input and output; absent with a model card: the card's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_range: Option<f64>,
    /// The precision that the team declares.
    #[serde(default)]
    pub precision: Precision,
    /// Anything that the organisers should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// A registered network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// A program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<ProgramRef>,
    /// A team's PyTorch code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<PythonRef>,
    /// Overlapping tiles, in LR pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tile: Option<Tile>,
    /// Of which network of which repository this is a form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// A network of an organisers' repository. Submissions of one origin are the same network in several forms.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The repository's name: `NTIRE2022_ESR`.
    pub clone: String,
    /// Which of its networks.
    pub model_id: ModelId,
}

fn four() -> u32 {
    4
}

/// What precision a network computes in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 32-bit floats throughout.
    #[default]
    Float32,
    /// 16-bit floats somewhere inside.
    Float16,
    /// bfloat16 somewhere inside.
    Bfloat16,
}

/// A registered network and its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelRef {
    /// A card's name, or a card file's path in the folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// Instead of a card: an architecture of the registry ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// ... and its hyperparameters (with a card: those that differ from it).
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub config: Map<String, Value>,
    /// The weights file, in the folder.
    pub weights: PathBuf,
    /// Its SHA-256, checked where it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// A program: TorchScript or `torch.export` archives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramRef {
    /// The files, in the folder.
    pub files: Vec<ProgramFile>,
    /// Where the exporter saw the program agree with eager PyTorch.
    #[serde(default)]
    pub checked: Vec<Probe>,
    /// The PyTorch that exported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub torch: Option<String>,
}

/// One file of a program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramFile {
    /// Its name in the folder.
    pub path: PathBuf,
    /// Its SHA-256, checked where it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The only LR size (height, width) that it runs; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<[u32; 2]>,
}

/// A submission, resolved: everything that a worker needs to run it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// Unique in a run; file names are made of it.
    pub name: String,
    /// The team's name in the table.
    pub team: String,
    /// What to run.
    pub network: Network,
    /// SR size over LR size.
    pub scale: u32,
    /// The largest value of the network's input and output.
    pub data_range: f64,
    /// Overlapping tiles, in LR pixels.
    pub tile: Option<Tile>,
    /// The precision that the team declares.
    pub precision: Precision,
    /// See [`Trust`].
    pub trust: Trust,
    /// The model card's name, if one was named.
    pub card: Option<String>,
    /// SHA-256 that the manifest states, by file.
    pub stated_hashes: Vec<(PathBuf, String)>,
    /// What a program gave at the sizes at which its exporter checked it.
    pub checked: Vec<Probe>,
    /// Of which network of which repository this is a form, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

impl Submission {
    /// The request that builds its network on `device`.
    pub fn load_request(&self, device: &str, switches: &Switches) -> Load {
        Load {
            network: self.network.clone(),
            device: device.to_owned(),
            scale: self.scale,
            data_range: self.data_range,
            tile: self.tile,
            switches: switches.clone(),
        }
    }

    /// Reads a submission folder.
    pub fn read(folder: &Path) -> Result<Submission> {
        let path = folder.join(MANIFEST);
        let manifest: Manifest = toml_file::read(&path)?;
        let name = match &manifest.name {
            Some(name) => name.clone(),
            None => folder
                .canonicalize()
                .ok()
                .and_then(|f| Some(f.file_name()?.to_string_lossy().into_owned()))
                .unwrap_or_else(|| folder.to_string_lossy().into_owned()),
        };
        let submission = match (&manifest.model, &manifest.program, &manifest.python) {
            (Some(model), None, None) => Self::from_model(&path, folder, name, &manifest, model),
            (None, Some(program), None) => Self::from_program(&path, folder, name, &manifest, program),
            (None, None, Some(code)) => python::resolve(&path, folder, name, &manifest, code),
            (model, program, code) => {
                let there =
                    [("[model]", model.is_some()), ("[program]", program.is_some()), ("[python]", code.is_some())];
                let found: Vec<&str> = there.into_iter().filter(|(_, is)| *is).map(|(table, _)| table).collect();
                Err(Error::input(
                    &path,
                    Place::Whole,
                    "exactly one of the tables [model], [program] and [python]",
                    if found.is_empty() { "none of them".to_owned() } else { found.join(" and ") },
                ))
            }
        }?;
        Ok(Submission { origin: manifest.origin, ..submission })
    }

    /// A card with a weights file, as `--model CARD --weights FILE` gives it.
    pub fn from_card(card: &Card, weights: Weights) -> Submission {
        Submission {
            name: card.name.clone(),
            team: card.team.clone().unwrap_or_else(|| card.title.clone()),
            network: Network::Registry { arch: card.arch.clone(), config: card.config.clone(), weights },
            scale: card.scale,
            data_range: card.data_range,
            tile: None,
            precision: Precision::Float32,
            trust: Trust::Registered,
            card: Some(card.name.clone()),
            stated_hashes: Vec::new(),
            checked: Vec::new(),
            origin: None,
        }
    }

    fn from_model(
        path: &Path,
        folder: &Path,
        name: String,
        manifest: &Manifest,
        model: &ModelRef,
    ) -> Result<Submission> {
        inside(path, "model.weights", &model.weights)?;
        let weights = Weights::File { path: folder.join(&model.weights) };
        let mut submission = match (&model.card, &model.arch) {
            (Some(card), None) => {
                let inside = folder.join(card);
                let named = if inside.is_file() { inside.to_string_lossy().into_owned() } else { card.clone() };
                let card = Card::find(&named).map_err(|error| match error {
                    Error::Usage(why) => Error::input(path, Place::Key("model.card".into()), "a model card", why),
                    other => other,
                })?;
                Submission::from_card(&card, weights)
            }
            (None, Some(arch)) => Submission {
                name: name.clone(),
                team: manifest.team.clone(),
                network: Network::Registry { arch: arch.clone(), config: Map::new(), weights },
                scale: manifest.scale,
                data_range: manifest.data_range.ok_or_else(|| {
                    Error::input(
                        path,
                        Place::Key("data_range".into()),
                        "a number, since no card gives it",
                        "no such key",
                    )
                })?,
                tile: None,
                precision: manifest.precision,
                trust: Trust::Registered,
                card: None,
                stated_hashes: Vec::new(),
                checked: Vec::new(),
                origin: None,
            },
            _ => {
                return Err(Error::input(
                    path,
                    Place::Key("model".into()),
                    "exactly one of `card` and `arch`",
                    if model.card.is_some() { "both" } else { "neither" },
                ));
            }
        };
        if let Network::Registry { config, .. } = &mut submission.network {
            config.extend(model.config.clone());
        }
        submission.name = name;
        submission.team = manifest.team.clone();
        submission.data_range = manifest.data_range.unwrap_or(submission.data_range);
        submission.scale = manifest.scale;
        submission.tile = manifest.tile;
        submission.precision = manifest.precision;
        if let Some(hash) = &model.sha256 {
            submission.stated_hashes.push((folder.join(&model.weights), hash.clone()));
        }
        Ok(submission)
    }

    fn from_program(
        path: &Path,
        folder: &Path,
        name: String,
        manifest: &Manifest,
        program: &ProgramRef,
    ) -> Result<Submission> {
        if program.files.is_empty() {
            return Err(Error::input(path, Place::Key("program.files".into()), "at least one file", "an empty list"));
        }
        for file in &program.files {
            inside(path, "program.files", &file.path)?;
        }
        Ok(Submission {
            name,
            team: manifest.team.clone(),
            network: Network::Program { files: program.files.iter().map(|f| folder.join(&f.path)).collect() },
            scale: manifest.scale,
            data_range: manifest.data_range.ok_or_else(|| {
                Error::input(path, Place::Key("data_range".into()), "a number (1.0 or 255.0)", "no such key")
            })?,
            tile: manifest.tile,
            precision: manifest.precision,
            trust: Trust::Program,
            card: None,
            stated_hashes: program
                .files
                .iter()
                .filter_map(|f| Some((folder.join(&f.path), f.sha256.clone()?)))
                .collect(),
            checked: program.checked.clone(),
            origin: None,
        })
    }
}

/// A submission is made of its own folder's files: another team's, or the machine's, are none of its business.
pub(super) fn inside(manifest: &Path, key: &str, file: &Path) -> Result<()> {
    if file.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Ok(());
    }
    let found = format!("`{}`", file.display());
    Err(Error::input(manifest, Place::Key(key.to_owned()), "a file in the submission's folder", found))
}
