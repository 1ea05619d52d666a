//! Bare weights files: a worker says what they are, and a card, if one describes the same network, says the rest.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::entry::Trust;
use crate::error::{Error, Result};
use crate::protocol::{Candidate, Identified, Network, Reply, Request, Weights};
use crate::submission::card::Card;
use crate::submission::manifest::Precision;
use crate::submission::resolved::Submission;
use crate::util::input;
use crate::util::input::Kind;
use crate::worker_process::Failure;
use crate::worker_process::Launch;
use crate::worker_process::Worker;

/// What a file is called while a worker reads it.
const DOING: &str = "identifying";

/// Identifies weights files, by one worker as long as it lives.
#[derive(Debug)]
pub struct Identifier {
    launch: Launch,
    worker: Option<Worker>,
}

impl Identifier {
    /// One that starts workers by `launch` when there is a file to identify.
    pub fn new(launch: Launch) -> Identifier {
        Identifier { launch, worker: None }
    }

    /// What the worker says of `file`. A file that it refuses is an [`Error::Refused`] in its words.
    pub fn identify(&mut self, file: &Path) -> Result<Identified> {
        // The worker opens the file itself; what is no file of weights does not get that far.
        input::open(file, Kind::Weights)?;
        let mut worker = match self.worker.take() {
            Some(worker) => worker,
            None => Worker::start(&self.launch, Arc::new(AtomicBool::new(false)))?,
        };
        let answer = worker.request(&Request::Identify { file: file.to_path_buf() }, DOING);
        match answer {
            Ok(Reply::Identified(found)) => {
                self.worker = Some(worker);
                Ok(found)
            }
            Ok(_) => Err(Error::Worker("the worker did not answer `identify` with what it found".to_owned())),
            Err(refused @ Failure::Refused(_)) => {
                self.worker = Some(worker);
                let (reason, name) = (refused.to_string(), file.display().to_string());
                Err(Error::Refused(if reason.contains(&name) { reason } else { format!("{name}: {reason}") }))
            }
            // A worker that broke is not asked again.
            Err(failure) => Err(Error::Refused(format!("{}: {failure}", file.display()))),
        }
    }

    /// The submission that a bare weights file makes. `data_range` is what the user says; without it a card must, for keys
    /// and shapes do not tell it.
    pub fn submission(&mut self, file: &Path, data_range: Option<f64>) -> Result<Submission> {
        let found = self.identify(file)?;
        let candidate = only(file, &found)?;
        let range = match data_range {
            Some(range) => range,
            None => known_range(candidate)?.ok_or_else(|| {
                Error::Usage(format!(
                    "{}: identified as {}, but no card describes this network, and its data range cannot be told from keys \
                     and shapes: say `--data-range 1` or `--data-range 255`",
                    file.display(),
                    describe(candidate)
                ))
            })?,
        };
        submission(file, candidate, range)
    }

    /// The same for costs alone, which do not depend on the data range.
    pub fn for_costs(&mut self, file: &Path) -> Result<Submission> {
        let found = self.identify(file)?;
        let candidate = only(file, &found)?;
        submission(file, candidate, known_range(candidate)?.unwrap_or(1.0))
    }
}

/// The one architecture that `file` can be; unknown and ambiguous files are errors.
pub fn only<'a>(file: &Path, found: &'a Identified) -> Result<&'a Candidate> {
    match found.candidates.as_slice() {
        [one] => Ok(one),
        [] => Err(Error::Refused(format!(
            "{}: no registered architecture fits these weights ({})",
            file.display(),
            found.near_misses.iter().map(|n| format!("nearest {n}")).collect::<Vec<_>>().join("; ")
        ))),
        several => Err(Error::Refused(format!(
            "{}: ambiguous, these weights fit {}: name a card by `--model CARD --weights FILE`",
            file.display(),
            several.iter().map(describe).collect::<Vec<_>>().join(" and ")
        ))),
    }
}

/// The cards that describe the candidate: the one whose published file it is, or else all with the same network.
pub fn cards(candidate: &Candidate) -> Result<Vec<Card>> {
    match &candidate.published {
        Some(name) => Ok(vec![Card::find(name)?]),
        None => candidate.cards.iter().map(|name| Card::find(name)).collect(),
    }
}

/// The data range that all cards of this network agree on.
pub fn known_range(candidate: &Candidate) -> Result<Option<f64>> {
    let ranges: Vec<f64> = cards(candidate)?.iter().map(|c| c.data_range).collect();
    Ok(ranges.first().copied().filter(|first| ranges.iter().all(|r| r == first)))
}

/// `rlfn (blocks 4, channels 46)`.
pub fn describe(candidate: &Candidate) -> String {
    format!("{} ({})", candidate.arch, config(candidate))
}

/// `blocks 4, channels 46`.
pub fn config(candidate: &Candidate) -> String {
    let plain = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    candidate.config.iter().map(|(key, value)| format!("{key} {}", plain(value))).collect::<Vec<_>>().join(", ")
}

/// SR size over LR size. Architectures without such a hyperparameter upscale by four, as the challenges do.
pub fn scale(candidate: &Candidate) -> u32 {
    let told = candidate.config.get("scale").and_then(serde_json::Value::as_u64);
    told.and_then(|s| u32::try_from(s).ok()).unwrap_or(4)
}

fn submission(file: &Path, candidate: &Candidate, data_range: f64) -> Result<Submission> {
    let cards = cards(candidate)?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    // Weights that are not the published ones are nobody's entry.
    let team = cards.first().filter(|_| candidate.published.is_some()).and_then(|c| c.team.clone());
    Ok(Submission {
        team: team.unwrap_or_else(|| stem.clone()),
        name: stem,
        network: Network::Registry {
            arch: candidate.arch.clone(),
            config: candidate.config.clone(),
            weights: Weights::File { path: file.to_path_buf() },
        },
        scale: scale(candidate),
        data_range,
        tile: None,
        precision: Precision::Float32,
        trust: Trust::Registered,
        card: cards.first().map(|c| c.name.clone()),
        stated_hashes: Vec::new(),
        checked: Vec::new(),
        origin: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn candidate(config: serde_json::Value, cards: &[&str], published: Option<&str>) -> Candidate {
        let serde_json::Value::Object(config) = config else { panic!("a config is an object") };
        Candidate {
            arch: "rlfn".into(),
            config,
            assumed: Vec::new(),
            form: "deploy".into(),
            cards: cards.iter().map(|&c| c.to_owned()).collect(),
            published: published.map(ToOwned::to_owned),
        }
    }

    #[test]
    fn the_range_is_known_only_where_the_cards_agree() {
        let range = |cards: &[&str], published| known_range(&candidate(json!({}), cards, published)).unwrap();
        assert_eq!(range(&[], None), None);
        assert_eq!(range(&["rlfn"], None), Some(255.0));
        assert_eq!(range(&["rlfn", "rlfn_s"], None), Some(255.0));
        assert_eq!(range(&["rlfn", "span"], None), None);
        assert_eq!(range(&["rlfn", "span"], Some("span")), Some(1.0));
    }

    #[test]
    fn unknown_and_ambiguous_files_say_so() {
        let mut found = Identified {
            candidates: Vec::new(),
            near_misses: vec!["rlfn: 3 of its 5 tensors fit; 2 extra: `x` [1], `y` [1]".into()],
            elements: 5,
            sha256: String::new(),
            notes: Vec::new(),
        };
        let message = |found: &Identified| only(Path::new("a.pth"), found).unwrap_err().to_string();
        insta::assert_snapshot!(message(&found), @"a.pth: no registered architecture fits these weights (nearest rlfn: 3 of its 5 tensors fit; 2 extra: `x` [1], `y` [1])");
        found.candidates = [40, 48].map(|n| candidate(json!({ "channels": n }), &[], None)).into();
        insta::assert_snapshot!(message(&found), @"a.pth: ambiguous, these weights fit rlfn (channels 40) and rlfn (channels 48): name a card by `--model CARD --weights FILE`");
        assert_eq!(scale(&candidate(json!({ "scale": 2 }), &[], None)), 2);
        assert_eq!(scale(&candidate(json!({}), &[], None)), 4);
    }

    #[test]
    fn only_the_published_file_is_its_teams_entry() {
        let of = |published| {
            let candidate = candidate(json!({ "channels": 46, "naming": "challenge" }), &["rlfn"], published);
            submission(Path::new("zoo/x.pth"), &candidate, 255.0).unwrap()
        };
        assert_eq!((of(None).name.as_str(), of(None).team.as_str()), ("x", "x"));
        assert_eq!(of(Some("rlfn")).team, "ByteESR");
        assert_eq!(of(None).card.as_deref(), Some("rlfn"));
    }
}
