//! Every network of a repository becomes a submission's folder, or a row that says why not. What exists is not changed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::entry::Trust;
use crate::error::{Error, Place, Result};
use crate::protocol::{Candidate, Identified, ModelId, Network, PythonNetwork, Weights};
use crate::submission::clone::agree::Agreement;
use crate::submission::clone::folder::{Draft, folder_name, network_name};
use crate::submission::clone::reader::{Branch, Repository};
use crate::submission::clone::teams::Teams;
use crate::submission::clone::{agree, copy, export, folder, reader};
use crate::submission::identify;
use crate::submission::identify::Identifier;
use crate::submission::import::model;
use crate::submission::manifest::PythonRef;
use crate::submission::manifest::{Manifest, Origin, Precision};
use crate::submission::resolved::Submission;
use crate::worker_process::{Launches, Python};

pub use crate::submission::clone::export::Export;

/// The organisers' networks upscale by four.
const SCALE: u32 = 4;

/// As what a network is imported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// A registered network where weights and outputs agree, Python code elsewhere
    #[default]
    Auto,
    /// Registered networks alone
    Registered,
    /// The team's own Python code
    Python,
    /// A program that the exporter makes, to run without Python
    Program,
}

/// What is to be imported, and whereto.
#[derive(Debug, Clone)]
pub struct CloneImport {
    /// The repository.
    pub clone: PathBuf,
    /// `FILE.py:FUNCTION` that selects a network; absent: found by its name.
    pub call: Option<String>,
    /// The edition; absent: told by the repository's name or its weights.
    pub edition: Option<String>,
    /// Where the submission folders go.
    pub output: PathBuf,
    /// As what.
    pub form: Form,
    /// Which networks; empty: all.
    pub ids: Vec<ModelId>,
    /// A folder with weights that the repository lacks.
    pub zoo: Option<PathBuf>,
    /// Whether a registered network's output is compared with that of the team's code.
    pub check: bool,
    /// What exports may cost.
    pub export: Export,
}

/// What an import works with.
#[derive(Debug, Clone)]
pub struct Tools {
    /// It reads the repository, and exports.
    pub python: Python,
    /// Workers that identify weights and compare outputs.
    pub launches: Launches,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Imported {
    /// The edition, if it is known.
    pub edition: Option<String>,
    /// The repository's name.
    pub clone: String,
    /// Every network, in the order of the source.
    pub rows: Vec<Row>,
    /// Weights that the source names and that are not there.
    pub absent: Vec<String>,
}

/// What came of one network.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Row {
    /// What the function selects it by.
    pub model_id: ModelId,
    /// Its name in tables, if it has one.
    pub name: Option<String>,
    /// Whose it is, if that is known.
    pub team: Option<String>,
    /// What it became.
    pub class: Option<Trust>,
    /// The registered network, where it is one.
    pub registered: Option<String>,
    /// What happened.
    pub outcome: Outcome,
    /// What a reader should know besides.
    pub remarks: Vec<String>,
}

/// What happened to a network.
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

impl Outcome {
    /// Its folder, if it has one.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Outcome::Written(folder) | Outcome::Kept(folder) => Some(folder),
            Outcome::Left(_) => None,
        }
    }
}

impl Imported {
    /// The name of the network with the id 0: the edition's baseline.
    pub fn baseline(&self) -> Option<&str> {
        let row = self.rows.iter().find(|row| row.model_id == ModelId::Number(0) && row.outcome.folder().is_some())?;
        row.name.as_deref()
    }
}

/// What an import tells while it works.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// The exporter starts on this network, with so many seconds for each way that it tries.
    Exporting(&'a Row, u64),
    /// This row is there.
    Done(&'a Row),
}

/// Imports the repository's networks. `each` sees every step as soon as it is there: exports take minutes.
pub fn import(request: &CloneImport, tools: &Tools, each: &mut dyn FnMut(Step)) -> Result<Imported> {
    let mut repository = reader::read(&tools.python, &request.clone, request.call.as_deref())?;
    if let Some(unknown) = request.ids.iter().find(|id| !repository.branches.iter().any(|b| b.id() == **id)) {
        let known: Vec<String> = repository.branches.iter().map(|b| b.id().to_string()).collect();
        let found = format!("none with `{unknown}`; there are {}", known.join(", "));
        return Err(Error::input(&request.clone, Place::Key("--ids".into()), "ids of its networks", found));
    }
    fs::create_dir_all(&request.output).map_err(Error::io("create", &request.output))?;
    if let Some(zoo) = &request.zoo {
        let found = copy::find(&repository, zoo)?;
        if !found.is_empty() {
            let root = copy::make(&repository.root, &found, &request.output)?;
            repository = reader::read(&tools.python, &root, request.call.as_deref())?;
        }
    }
    let teams = Teams::of(&repository, request.edition.as_deref())?;
    let wanted = |branch: &&Branch| request.ids.is_empty() || request.ids.contains(&branch.id());
    let mut import = Import {
        identifier: tools.launches.libtorch.clone().map(Identifier::new),
        clone: repository.root.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        request,
        tools,
        repository: &repository,
        teams: &teams,
    };
    let mut rows = Vec::new();
    for branch in repository.branches.iter().filter(wanted) {
        let row = import.one(branch, each)?;
        each(Step::Done(&row));
        rows.push(row);
    }
    let absent = repository.branches.iter().filter(wanted).flat_map(Branch::absent).collect();
    Ok(Imported { edition: teams.edition.clone(), clone: import.clone, rows, absent })
}

struct Import<'a> {
    request: &'a CloneImport,
    tools: &'a Tools,
    repository: &'a Repository,
    teams: &'a Teams,
    clone: String,
    identifier: Result<Identifier, String>,
}

/// A registered network that fits the weights.
struct Registered {
    found: Identified,
    candidate: Candidate,
    file: PathBuf,
}

impl Import<'_> {
    fn one(&mut self, branch: &Branch, each: &mut dyn FnMut(Step)) -> Result<Row> {
        let id = branch.id();
        let class = branch.network.as_ref().map(|n| n.class.clone()).unwrap_or_default();
        let told = branch.name.as_deref().map(network_name).filter(|name| !name.is_empty());
        let name = told.unwrap_or_else(|| network_name(&format!("{id}_{class}")));
        let mut row = Row {
            model_id: id,
            name: branch.network.is_some().then(|| name.clone()),
            team: self.teams.team(branch),
            class: None,
            registered: None,
            outcome: Outcome::Left(String::new()),
            remarks: Vec::new(),
        };
        let absent = branch.absent();
        match (&branch.reason, branch.network.is_some()) {
            // What only lacks its weights, or what only execution would tell, is the team's code to say.
            (Some(_), true) if !absent.is_empty() => {
                row.remarks.push(format!("the weights are absent: {}", absent.join(", ")));
            }
            (Some(reason), _) => {
                row.outcome = Outcome::Left(reason.clone());
                return Ok(row);
            }
            (None, _) => {}
        }
        let Some(data_range) = branch.data_range else {
            row.outcome =
                Outcome::Left("its data range is not told by the source: write a submission.toml by hand".into());
            return Ok(row);
        };
        let allowed: &[Trust] = match self.request.form {
            Form::Auto => &[Trust::Registered, Trust::Python],
            Form::Registered => &[Trust::Registered],
            Form::Python => &[Trust::Python],
            Form::Program => &[Trust::Program],
        };
        if let Some(there) = allowed.iter().find(|trust| self.target(&name, **trust).symlink_metadata().is_ok()) {
            row.class = Some(*there);
            row.outcome = Outcome::Kept(self.target(&name, *there));
            return Ok(row);
        }
        let manifest = self.manifest(branch, &name, &row, data_range);
        match self.request.form {
            Form::Program => self.program(branch, manifest, &mut row, each)?,
            Form::Python => self.python(manifest, &mut row)?,
            Form::Auto | Form::Registered => match self.registered(branch, data_range, &mut row)? {
                Ok(registered) => {
                    row.class = Some(Trust::Registered);
                    let candidate = &registered.candidate;
                    row.registered = Some(candidate.cards.first().unwrap_or(&candidate.arch).clone());
                    let folder = self.target(&name, Trust::Registered);
                    let model = model(&registered.file, candidate, &registered.found);
                    let manifest = Manifest { model: Some(model), scale: identify::scale(candidate), ..manifest };
                    folder::write(&folder, Some(&registered.file), &manifest)?;
                    row.outcome = Outcome::Written(folder);
                }
                Err(why) if self.request.form == Form::Registered => row.outcome = Outcome::Left(why),
                Err(_) => self.python(manifest, &mut row)?,
            },
        }
        Ok(row)
    }

    fn target(&self, name: &str, trust: Trust) -> PathBuf {
        let prefix = self.teams.edition.as_deref().unwrap_or(&self.clone);
        let folder = folder_name(prefix, name);
        self.request.output.join(match trust {
            Trust::Registered => folder,
            other => format!("{folder}_{}", other.name()),
        })
    }

    fn manifest(&self, branch: &Branch, name: &str, row: &Row, data_range: f64) -> Manifest {
        Manifest {
            team: row.team.clone().unwrap_or_else(|| format!("Team {}", row.model_id)),
            name: Some(name.to_owned()),
            scale: SCALE,
            data_range: Some(data_range),
            precision: Precision::Float32,
            notes: Some(format!("Imported from {}, model_id {}.", self.clone, row.model_id)),
            model: None,
            program: None,
            python: None,
            tile: branch.tile,
            origin: Some(Origin { clone: self.clone.clone(), model_id: row.model_id.clone() }),
        }
    }

    /// The team's own code, which says itself whether it runs in tiles.
    fn python(&self, manifest: Manifest, row: &mut Row) -> Result<()> {
        let python = PythonRef {
            root: Some(self.repository.root.clone()),
            call: Some(self.repository.call.clone()),
            model_id: Some(row.model_id.clone()),
            ..PythonRef::default()
        };
        let folder = self.target(manifest.name.as_deref().unwrap_or_default(), Trust::Python);
        folder::write(&folder, None, &Manifest { python: Some(python), tile: None, ..manifest })?;
        row.class = Some(Trust::Python);
        row.outcome = Outcome::Written(folder);
        Ok(())
    }

    fn program(&self, branch: &Branch, manifest: Manifest, row: &mut Row, each: &mut dyn FnMut(Step)) -> Result<()> {
        if !branch.absent().is_empty() {
            row.outcome = Outcome::Left(row.remarks.pop().unwrap_or_default());
            return Ok(());
        }
        let folder = self.target(manifest.name.as_deref().unwrap_or_default(), Trust::Program);
        let draft = Draft::beside(&folder)?;
        each(Step::Exporting(row, self.request.export.way_s));
        match export::export(&self.tools.python, self.repository, &row.model_id, &draft, &self.request.export)? {
            Ok((exported, way)) => {
                let Manifest { team, name, notes, origin, .. } = manifest;
                draft.finish(&Manifest { team, name, notes, origin, ..exported })?;
                row.class = Some(Trust::Program);
                row.remarks.push(way);
                row.outcome = Outcome::Written(folder);
            }
            Err(why) => row.outcome = Outcome::Left(why),
        }
        Ok(())
    }

    /// The registered network that fits weights and outputs, or why there is none.
    fn registered(&mut self, branch: &Branch, range: f64, row: &mut Row) -> Result<Result<Registered, String>> {
        let Some(file) = branch.weights_file() else {
            return Ok(Err("it has no weights file of its own, by which it could be identified".to_owned()));
        };
        let file = self.repository.root.join(file);
        let identifier = match &mut self.identifier {
            Ok(identifier) => identifier,
            Err(why) => return Ok(Err(why.clone())),
        };
        let found = match identifier.identify(&file) {
            Ok(found) => found,
            Err(error @ Error::Worker(_)) => return Err(error),
            Err(error) => return Ok(Err(error.to_string())),
        };
        let candidate = match identify::only(&file, &found) {
            Ok(candidate) => candidate.clone(),
            Err(error) => return Ok(Err(error.to_string())),
        };
        let registered = Registered { found, candidate, file };
        if !self.request.check {
            row.remarks.push("registered by its weights; outputs were not compared (--no-check)".to_owned());
            return Ok(Ok(registered));
        }
        let (one, other) = self.both(&registered, branch, range);
        Ok(match agree::compare(&self.tools.launches, &one, &other)? {
            Ok(Agreement::Same) => Ok(registered),
            Ok(Agreement::Rounding) => {
                row.remarks.push("registered: outputs differ from the team's code by one rounding at most".to_owned());
                Ok(registered)
            }
            Ok(Agreement::Differs(step)) => {
                let why = format!(
                    "its weights fit the registered {}, but its outputs differ by {step} of 255 from the team's code",
                    identify::describe(&registered.candidate)
                );
                row.remarks.push(why.clone());
                Err(why)
            }
            Err(why) => {
                row.remarks.push(format!("registered by its weights; outputs were not compared: {why}"));
                Ok(registered)
            }
        })
    }

    /// The registered network and the team's code, as submissions to compare.
    fn both(&self, registered: &Registered, branch: &Branch, data_range: f64) -> (Submission, Submission) {
        let plain = |network: Network, trust: Trust| Submission {
            name: branch.id().to_string(),
            team: String::new(),
            network,
            scale: SCALE,
            data_range,
            tile: None,
            precision: Precision::Float32,
            trust,
            card: None,
            stated_hashes: Vec::new(),
            checked: Vec::new(),
            origin: None,
        };
        let one = Network::Registry {
            arch: registered.candidate.arch.clone(),
            config: registered.candidate.config.clone(),
            weights: Weights::File { path: registered.file.clone() },
        };
        let other = Network::Python(PythonNetwork::Call {
            root: self.repository.root.clone(),
            call: self.repository.call.clone(),
            model_id: branch.id(),
        });
        let one = Submission { tile: branch.tile, ..plain(one, Trust::Registered) };
        (one, plain(other, Trust::Python))
    }
}
