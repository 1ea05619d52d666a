//! Cards, their weights and the truth about both.

use std::path::{Path, PathBuf};

use esr_bench::submission::card::Card;
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
    let mut rows: Vec<Row> = reader.deserialize().map(Result::unwrap).collect();
    rows.extend(authors());
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

/// The authors' own releases, which the table of challenge entries lacks. Parameters and convolutions (each is called
/// once) are what the files hold: elements, and tensors of four dimensions.
fn authors() -> [Row; 3] {
    let row = |name: &str, weights: &str, cls: &str, data_range, params, conv| Row {
        name: name.to_owned(),
        weights: weights.to_owned(),
        data_range,
        cls: cls.to_owned(),
        params,
        conv,
    };
    [
        row("imdn_author", "author_imdn_x4.pth", "IMDN", 1.0, 715_176, 46),
        row("rlfn_author", "author_rlfn_x4.pth", "RLFN", 255.0, 543_740, 57),
        row("rlfn_s", "author_rlfn_s_x4.pth", "RLFN", 255.0, 470_208, 57),
    ]
}

impl Network {
    /// Its name in `psnr_truth.csv`.
    pub(crate) fn truth(&self) -> &str {
        match self.row.name.as_str() {
            "imdn_author" => "imdn_orig",
            "rlfn_author" => "rlfn_orig",
            name => name,
        }
    }

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
            class => class,
        }
        .to_owned()
    }
}
