//! The manifest of a submission: `submission.toml`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::protocol::{ModelId, Probe, Tile};

/// The manifest's file name.
pub const MANIFEST: &str = "submission.toml";

/// What `submission.toml` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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

impl Precision {
    /// The dtype that computes in it, as PyTorch calls it.
    pub const fn dtype(self) -> &'static str {
        match self {
            Precision::Float32 => "float32",
            Precision::Float16 => "float16",
            Precision::Bfloat16 => "bfloat16",
        }
    }
}

/// A registered network and its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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

/// A team's PyTorch code: `root`, `call` and `model_id` for a network of an organisers' repository, or `file`, `class`,
/// `kwargs` and `weights` for one that the folder holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PythonRef {
    /// The root of the organisers' repository, absolute or relative to the submission's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<PathBuf>,
    /// `FILE.py:FUNCTION` in it: `test_demo.py:select_model`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// What the function selects its network by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_id: Option<ModelId>,
    /// Instead of those: a Python file in the folder ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// ... its class, or its function that returns the network ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// ... the arguments of the class ...
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub kwargs: Map<String, Value>,
    /// ... and the weights, in the folder; absent: the values that the constructor sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<PathBuf>,
    /// The SHA-256 of the weights, checked where it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}
