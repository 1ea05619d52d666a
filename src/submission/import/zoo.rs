//! What is known of the files in the editions' model zoos: `challenges/<edition>/zoo.toml`.

use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::protocol::Tile;
use crate::rules::Rules;
use crate::rules::edition::embedded_file;
use crate::util::toml_file;

const FILE: &str = "zoo.toml";

/// One edition's model zoo.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zoo {
    /// The edition: `ntire2022`.
    #[serde(skip)]
    pub edition: String,
    /// The name of the organisers' repository.
    pub repository: String,
    /// Its files.
    pub entries: Vec<ZooEntry>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZooEntry {
    /// Its path below `model_zoo/`.
    pub file: String,
    /// The team's name in the edition's table; absent where the organisers name none.
    pub team: Option<String>,
    /// The largest value of the network's input and output.
    pub data_range: f64,
    /// Its tiles.
    pub tile: Option<Tile>,
}

impl Zoo {
    /// All that are known, oldest edition first.
    pub fn all() -> Result<Vec<Zoo>> {
        let texts = Rules::ids().into_iter().filter_map(|id| Some((embedded_file(&id, FILE)?, id)));
        texts
            .map(|(text, edition)| {
                let zoo: Zoo = toml_file::parse(&Path::new("challenges").join(&edition).join(FILE), text)?;
                Ok(Zoo { edition, ..zoo })
            })
            .collect()
    }

    /// The zoo of an edition.
    pub fn of(edition: &str) -> Result<Zoo> {
        let all = Zoo::all()?;
        let hint = toml_file::nearest(edition, all.iter().map(|z| z.edition.as_str()));
        let known: Vec<String> = all.iter().map(|z| z.edition.clone()).collect();
        all.into_iter().find(|z| z.edition == edition).ok_or_else(|| {
            Error::Usage(format!("no model zoo of `{edition}` is known{hint}; there are those of {}", known.join(", ")))
        })
    }

    /// The zoo that has most of these files; none if no zoo has any, or two have as many.
    pub fn recognise(files: &[String]) -> Result<Option<Zoo>> {
        let mut counted: Vec<(usize, Zoo)> =
            Zoo::all()?.into_iter().map(|z| (files.iter().filter(|f| z.entry(f).is_some()).count(), z)).collect();
        counted.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let tie = matches!(counted.as_slice(), [first, second, ..] if first.0 == second.0);
        Ok(counted.into_iter().next().filter(|(count, _)| *count > 0 && !tie).map(|(_, zoo)| zoo))
    }

    /// What is known of a file.
    pub fn entry(&self, file: &str) -> Option<&ZooEntry> {
        self.entries.iter().find(|e| e.file == file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submission::card::Card;

    #[test]
    fn a_zoo_and_the_cards_say_the_same() {
        let zoos = Zoo::all().unwrap();
        let mut compared = 0;
        for card in Card::all().unwrap() {
            let (Some(edition), Some(weights)) = (&card.edition, &card.weights) else { continue };
            let zoo = zoos.iter().find(|z| z.edition == *edition).unwrap();
            let entry = zoo.entry(&weights.file).unwrap_or_else(|| panic!("{}: {}", card.name, weights.file));
            assert_eq!((&entry.team, entry.data_range), (&card.team, card.data_range), "{}", card.name);
            compared += 1;
        }
        assert!(compared >= 20, "{compared}");
    }

    #[test]
    fn teams_are_spelt_as_in_the_published_table() {
        let zoo = Zoo::of("ntire2022").unwrap();
        let published = Rules::embedded("ntire2022").unwrap().published().unwrap();
        assert_eq!(zoo.entries.len(), 42);
        for entry in &zoo.entries {
            let team = entry.team.as_deref().unwrap();
            assert!(published.iter().any(|p| p.team == team), "{team}");
        }
    }

    #[test]
    fn an_edition_is_recognised_by_its_files() {
        let of = |files: &[&str]| {
            let files: Vec<String> = files.iter().map(|&f| f.to_owned()).collect();
            Zoo::recognise(&files).unwrap().map(|z| z.edition)
        };
        assert_eq!(of(&["team04_rlfn.pth", "notes.pth"]).as_deref(), Some("ntire2022"));
        assert_eq!(of(&["team00_SPAN.pth", "team01_PDS.pth", "team01_efdn.pth"]).as_deref(), Some("ntire2026"));
        assert_eq!(of(&["team00_SPAN.pth", "team01_efdn.pth"]), None);
        assert_eq!(of(&["mine.pth"]), None);
        assert!(Zoo::of("ntire2O22").unwrap_err().to_string().contains("did you mean `ntire2022`?"));
    }
}
