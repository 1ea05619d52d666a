//! Finds the registered architecture of a state dict, and the cards that describe it.

use std::path::Path;

use esr_bench::protocol::{Candidate, Identified};
use esr_bench::submission::card::Card;
use esr_models::arch::{Arch, Guess};
use esr_models::identify::{self, Match};
use esr_models::state::{self, State};

use crate::failure;
use crate::failure::Result;

/// Answers `identify`.
pub(crate) fn identify(file: &Path) -> Result<Identified> {
    let state = state::open(file).map_err(|e| failure::load(e.to_string()))?;
    let cards = Card::all().map_err(|e| failure::request(e.to_string()))?;
    let mut found = identify::identify(&state.dict);
    if found.matches.is_empty() {
        found.matches = by_cards(&state, &cards);
    }
    let unknown = found.matches.is_empty();
    let near = found.near.iter().filter(|_| unknown);
    let mut near_misses: Vec<String> = near.map(ToString::to_string).collect();
    if unknown && near_misses.is_empty() {
        near_misses.push("no registered network is close".to_owned());
    }
    let note = found.prefix.map(|p| format!("the prefix `{p}` was removed from every key"));
    Ok(Identified {
        candidates: found.matches.into_iter().map(|m| candidate(m, &state, &cards)).collect(),
        near_misses,
        elements: state.dict.values().map(|t| t.numel() as u64).sum(),
        sha256: state.sha256,
        notes: state.notes.into_iter().chain(note).collect(),
    })
}

/// The keys of a training form need not tell the sizes. The sizes of a card may fit it nevertheless.
fn by_cards(state: &State, cards: &[Card]) -> Vec<Match> {
    let mut matches: Vec<Match> = Vec::new();
    for card in cards {
        let Ok(arch) = Arch::find(&card.arch) else { continue };
        if matches.iter().any(|m| m.arch.name == arch.name) {
            continue;
        }
        if let Some(training) = identify::fits(arch, &state.dict, &card.config).filter(|_| !state.dict.is_empty()) {
            let assumed = vec![format!("all sizes as in the card {}", card.name)];
            matches.push(Match { arch, guess: Guess { config: card.config.clone(), assumed }, training });
        }
    }
    matches
}

fn candidate(found: Match, state: &State, cards: &[Card]) -> Candidate {
    let Match { arch, mut guess, training } = found;
    let fitting: Vec<&Card> = cards
        .iter()
        .filter(|c| c.arch == arch.name && identify::fits(arch, &state.dict, &c.config).is_some())
        .collect();
    let published = fitting.iter().find(|c| is_published_as(c, &state.sha256));
    if let Some(card) = published {
        // What the card of known weights states is not assumed but known.
        guess.config.extend(card.config.clone());
    }
    // A card may differ in a hyperparameter that neither keys nor shapes tell.
    let (same, others): (Vec<&Card>, Vec<&Card>) =
        fitting.iter().partition(|c| c.config.iter().all(|(key, value)| guess.config.get(key) == Some(value)));
    for card in others {
        let differing = card.config.iter().filter(|(key, value)| guess.config.get(*key) != Some(value));
        let says: Vec<String> = differing.map(|(key, value)| format!("{key} {value}")).collect();
        guess.assumed.push(format!("not {} as in the card {}, which fits as well", says.join(", "), card.name));
    }
    Candidate {
        arch: arch.name.to_owned(),
        config: guess.config,
        assumed: guess.assumed,
        form: if training { "training" } else { "deploy" }.to_owned(),
        cards: same.iter().map(|c| c.name.clone()).collect(),
        published: published.map(|c| c.name.clone()),
    }
}

fn is_published_as(card: &Card, sha256: &str) -> bool {
    card.weights.as_ref().and_then(|w| w.sha256.as_deref()).is_some_and(|known| known.eq_ignore_ascii_case(sha256))
}
