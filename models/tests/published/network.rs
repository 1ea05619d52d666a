//! Cards, their weights and the truth about both.

use std::path::{Path, PathBuf};

use esr_bench::card::Card;
use esr_models::arch::{Arch, Built};
use esr_models::state;
use esr_models::vars::{StateDict, Vars};
use serde::Deserialize;
use tch::Device;

/// A row of `cost_truth.csv`, as far as it is of use here.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    weights: String,
    data_range: f64,
    cls: String,
    pub(crate) params: usize,
    pub(crate) conv: u64,
}

/// A card with its row.
pub(crate) struct Network {
    pub(crate) card: Card,
    pub(crate) row: Row,
    weights: PathBuf,
}

/// All cards that the truth knows.
pub(crate) fn networks(shared: &Path) -> Vec<Network> {
    let mut reader = csv::Reader::from_path(shared.join("truth/cost_truth.csv")).unwrap();
    let rows: Vec<Row> = reader.deserialize().map(Result::unwrap).collect();
    let networks: Vec<Network> = rows
        .into_iter()
        .filter_map(|row| {
            let card = Card::find(&row.name).ok()?;
            assert_eq!(card.data_range, row.data_range, "{}", row.name);
            Some(Network { card, weights: shared.join("weights").join(&row.weights), row })
        })
        .collect();
    assert!(!networks.is_empty());
    networks
}

impl Network {
    pub(crate) fn dict(&self) -> StateDict {
        state::read(&self.weights).unwrap()
    }

    pub(crate) fn build(&self, dict: StateDict) -> Built {
        let arch = Arch::find(&self.card.arch).unwrap();
        arch.build(Vars::from_dict(dict, Device::Cpu), &self.card.config)
            .unwrap_or_else(|error| panic!("{}: {error}", self.row.name))
    }

    /// The published code's class of the whole network, as far as the registry tells it apart from its family.
    pub(crate) fn class(&self) -> String {
        match self.row.cls.as_str() {
            "DSCF" => "SPAN",
            "RFDN40" => "RFDN",
            "RLFN_cut" => "RLFN",
            class => class,
        }
        .to_owned()
    }
}
