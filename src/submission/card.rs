//! Cards: what the registry says of a network (`models/cards/*.toml`), embedded into the binary.
//!
//! A card describes; it never stands in for a measurement. Published figures are printed beside ours, not instead.

use std::path::Path;

use include_dir::{Dir, include_dir};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::util::input;
use crate::util::input::Kind;
use crate::util::toml_file;

static CARDS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/models/cards");

/// One card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// The name that the command line takes; the file's stem.
    #[serde(skip_deserializing)]
    pub name: String,
    /// For people: `RLFN (ByteESR, NTIRE 2022)`.
    pub title: String,
    /// The paper that describes it.
    pub paper: String,
    /// The paper's year.
    pub year: u16,
    /// The challenge's edition that it was entered in, as in `challenges/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// The team's name in that edition's table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// The architecture's name in the registry.
    pub arch: String,
    /// Its hyperparameters.
    #[serde(default)]
    pub config: Map<String, Value>,
    /// SR size over LR size.
    pub scale: u32,
    /// The largest value of the network's input and output.
    pub data_range: f64,
    /// What others report of it.
    #[serde(default)]
    pub published: Published,
    /// Where its weights come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<WeightsNote>,
    /// What a reader should know besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// Figures as published, with their source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Published {
    /// Where the figures stand.
    pub source: Option<String>,
    /// Millions of parameters.
    pub params_m: Option<f64>,
    /// FLOPs (the challenge's word for MACs) at 256 x 256, in units of 10^9.
    pub flops_g: Option<f64>,
    /// Activations at 256 x 256, in units of 10^6.
    pub acts_m: Option<f64>,
    /// Convolutions.
    pub convs: Option<u32>,
    /// Milliseconds, on the edition's GPU.
    pub runtime_ms: Option<f64>,
    /// PSNR-RGB on the validation split, dB.
    pub psnr_val: Option<f64>,
    /// PSNR-RGB on the test split, dB.
    pub psnr_test: Option<f64>,
    /// PSNR-Y on Set5, dB.
    pub psnr_y_set5: Option<f64>,
}

/// Where weights come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightsNote {
    /// The file's name where it is published.
    pub file: String,
    /// Who publishes it: a repository's name.
    pub origin: String,
    /// SHA-256 of that file, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl Card {
    /// All embedded cards, by name.
    pub fn all() -> Result<Vec<Card>> {
        let mut cards = CARDS
            .files()
            .filter(|f| f.path().extension().is_some_and(|e| e == "toml"))
            .map(|f| Card::parse(f.path(), f.contents_utf8().unwrap_or_default()))
            .collect::<Result<Vec<_>>>()?;
        cards.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(cards)
    }

    /// The embedded card `name`, or the card at the path `name` if it ends in `.toml`.
    pub fn find(name: &str) -> Result<Card> {
        let path = Path::new(name);
        if path.extension().is_some_and(|e| e == "toml") {
            let text = input::read_text(path, Kind::Toml)?;
            return Card::parse(path, &text);
        }
        let cards = Card::all()?;
        if let Some(card) = cards.iter().find(|c| c.name == name) {
            return Ok(card.clone());
        }
        let hint = toml_file::nearest(name, cards.iter().map(|c| c.name.as_str()));
        Err(Error::Usage(format!("no model card `{name}`{hint}; `esr-bench models` lists them")))
    }

    fn parse(path: &Path, text: &str) -> Result<Card> {
        let mut card: Card = toml_file::parse(path, text)?;
        card.name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(card)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_card_parses() {
        assert!(!Card::all().unwrap().is_empty());
    }

    #[test]
    fn a_mistyped_name_gets_a_suggestion() {
        let error = Card::find("rlfm").unwrap_err().to_string();
        assert!(error.contains("did you mean `rlfn`?"), "{error}");
    }
}
