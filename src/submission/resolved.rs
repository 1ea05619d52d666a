//! A submission with everything that a worker needs to run it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::entry::Trust;
use crate::protocol::{Load, Network, Probe, Switches, Tile, Weights};
use crate::submission::card::Card;
use crate::submission::manifest::{Origin, Precision};

/// A submission, resolved: everything that a worker needs to run it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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
}
