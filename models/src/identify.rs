//! Finds the registered architecture that a state dict belongs to, from its keys and shapes alone. This file may use
//! `arch`, `error` and `vars`.
//!
//! Each architecture reads its hyperparameters out of the keys as far as they tell them. It matches if it can then be
//! built strictly: every tensor is used, and fits. Where none matches, the nearest ones tell what does not fit.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Map, Value};
use tch::Device;

use crate::arch::{Arch, Built, Guess, REGISTRY};
use crate::error::{Error, Result};
use crate::vars::{Misfit, StateDict, Vars};

/// An architecture that a state dict fits.
pub struct Match {
    /// The architecture.
    pub arch: &'static Arch,
    /// Its hyperparameters.
    pub guess: Guess,
    /// Whether the weights are of the training form, with branches.
    pub training: bool,
}

/// An architecture that a state dict nearly fits.
pub struct Near {
    /// The architecture.
    pub arch: &'static Arch,
    /// How many of the architecture's tensors are there with their shapes.
    pub fitting: usize,
    /// What does not fit.
    pub misfit: Misfit,
}

/// What a state dict may be.
pub struct Identification {
    /// Every architecture that it fits. An empty list means unknown, more than one means ambiguous.
    pub matches: Vec<Match>,
    /// Where there is no match, the nearest architectures, best first.
    pub near: Vec<Near>,
    /// The first part of every key (`model.`), where the matches were found without it.
    pub prefix: Option<String>,
}

/// The largest number of near misses in an answer.
const NEAREST: usize = 2;

/// An architecture with a smaller share of fitting tensors is not near.
const LEAST_SHARE: f64 = 0.1;

/// Tries every architecture. If none fits, it tries again without the first part that all keys have in common: training
/// frameworks save a network as a member of their own module.
pub fn identify(dict: &StateDict) -> Identification {
    let matches = matches(dict);
    if !matches.is_empty() {
        return Identification { matches, near: Vec::new(), prefix: None };
    }
    let bare = without_common_part(dict);
    if let Some((prefix, bare)) = &bare {
        let matches = self::matches(bare);
        if !matches.is_empty() {
            return Identification { matches, near: Vec::new(), prefix: Some(prefix.clone()) };
        }
    }
    let mut near: Vec<Near> = bare.iter().map(|(_, d)| d).chain([dict]).flat_map(near_misses).collect();
    near.sort_by(|a, b| b.share().total_cmp(&a.share()));
    let best = near.first().map_or(0.0, Near::share);
    near.retain(|n| n.share() >= LEAST_SHARE.max(best / 2.0));
    near.truncate(NEAREST);
    Identification { matches: Vec::new(), near, prefix: None }
}

/// Builds `arch` from a state dict, strictly. If that fails, it builds without the first part that all keys have in
/// common, and returns that part as well.
pub fn build(
    arch: &Arch,
    dict: &StateDict,
    device: Device,
    hyper: &Map<String, Value>,
) -> Result<(Built, Option<String>)> {
    let strict = |dict: &StateDict| arch.build(Vars::from_dict(shallow(dict), device), hyper);
    match (strict(dict), without_common_part(dict)) {
        (Err(Error::Misfit(misfit)), Some((prefix, bare))) => match strict(&bare) {
            Ok(built) => Ok((built, Some(prefix))),
            Err(undecided @ Error::Undecided { .. }) => Err(undecided),
            // The message names the keys as they are in the file.
            Err(_) => Err(misfit.into()),
        },
        (built, _) => Ok((built?, None)),
    }
}

/// `None` if `arch` with these hyperparameters cannot be built strictly from a state dict; otherwise whether the state
/// dict holds the training form.
pub fn fits(arch: &Arch, dict: &StateDict, hyper: &Map<String, Value>) -> Option<bool> {
    match guarded(|| build(arch, dict, Device::Cpu, hyper))? {
        Ok((built, _)) => Some(!built.blocks.is_empty()),
        // A training form in every other respect.
        Err(Error::Undecided { .. }) => Some(true),
        Err(_) => None,
    }
}

fn matches(dict: &StateDict) -> Vec<Match> {
    let fitting = |arch: &'static Arch| {
        let mut guess = guarded(|| (arch.guess)(dict)).flatten()?;
        let training = match attempt(arch, dict, &guess.config)? {
            Ok(built) => !built.blocks.is_empty(),
            Err(Error::Undecided { .. }) => {
                guess.assumed.push("no value of with_13, which the config has to state".to_owned());
                true
            }
            Err(_) => return None,
        };
        Some(Match { arch, guess, training })
    };
    REGISTRY.iter().filter_map(fitting).collect()
}

fn near_misses(dict: &StateDict) -> Vec<Near> {
    let near = |arch: &'static Arch| {
        // Where the keys do not tell the sizes, the default config is tried.
        let guess = guarded(|| (arch.guess)(dict)).flatten().unwrap_or_default();
        let Err(Error::Misfit(misfit)) = attempt(arch, dict, &guess.config)? else { return None };
        let fitting = dict.len().checked_sub(misfit.extra.len() + misfit.misshapen.len())?;
        Some(Near { arch, fitting, misfit })
    };
    REGISTRY.iter().filter_map(near).filter(|n| n.fitting > 0).collect()
}

impl Near {
    /// Fitting tensors over all tensors that the network needs or the state dict has.
    fn share(&self) -> f64 {
        let Misfit { missing, extra, misshapen } = &self.misfit;
        self.fitting as f64 / (self.fitting + missing.len() + extra.len() + misshapen.len()) as f64
    }
}

impl std::fmt::Display for Near {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let needed = self.fitting + self.misfit.missing.len() + self.misfit.misshapen.len();
        write!(f, "{}: {} of its {needed} tensors fit; {}", self.arch.name, self.fitting, self.misfit.list())
    }
}

fn attempt(arch: &Arch, dict: &StateDict, hyper: &Map<String, Value>) -> Option<Result<Built>> {
    guarded(|| arch.build(Vars::from_dict(shallow(dict), Device::Cpu), hyper))
}

/// Runs `f`, and returns `None` where it panics: an architecture or tch may panic on shapes that no network has, such as
/// a size of 0, and then the architecture does not fit.
fn guarded<T>(f: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(f)).ok()
}

fn without_common_part(dict: &StateDict) -> Option<(String, StateDict)> {
    let (first, rest) = dict.keys().next()?.split_once('.')?;
    let prefix = format!("{first}.");
    let bare: Option<StateDict> =
        dict.iter().map(|(key, t)| Some((key.strip_prefix(&prefix)?.to_owned(), t.shallow_clone()))).collect();
    // `weight` alone is no network's key.
    Some((prefix, bare?)).filter(|_| rest.contains('.'))
}

fn shallow(dict: &StateDict) -> StateDict {
    dict.iter().map(|(key, tensor)| (key.clone(), tensor.shallow_clone())).collect()
}
