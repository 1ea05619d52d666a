//! Reading a submission folder: its manifest becomes a submission.

use std::path::Path;

use serde_json::Map;

use crate::entry::Trust;
use crate::error::{Error, Place, Result};
use crate::protocol::{Network, Weights};
use crate::submission::card::Card;
use crate::submission::inside;
use crate::submission::manifest::{MANIFEST, Manifest, ModelRef, ProgramRef};
use crate::submission::python;
use crate::submission::resolved::Submission;
use crate::util::input;
use crate::util::input::Kind;

impl Submission {
    /// Reads a submission folder.
    pub fn read(folder: &Path) -> Result<Submission> {
        let path = folder.join(MANIFEST);
        let manifest = Manifest::parse(&path, &input::read_text(&path, Kind::Toml)?)?;
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

    /// Reads a submission folder that is to be run: its files must lie in it, also once links are followed.
    pub fn read_to_run(folder: &Path) -> Result<Submission> {
        let submission = Submission::read(folder)?;
        inside::files(&submission.network).iter().try_for_each(|file| inside::by_links(folder, file))?;
        Ok(submission)
    }

    fn from_model(
        path: &Path,
        folder: &Path,
        name: String,
        manifest: &Manifest,
        model: &ModelRef,
    ) -> Result<Submission> {
        inside::by_words(path, "model.weights", &model.weights)?;
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
            inside::by_words(path, "program.files", &file.path)?;
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
