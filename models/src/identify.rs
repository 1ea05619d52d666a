//! Which registered architecture a state dict belongs to, from its keys and shapes alone.
//!
//! Each architecture reads its hyperparameters out of the keys, as far as they tell them; a match is one that can then
//! be built strictly: every tensor is used, and fits. Where nothing matches, the nearest ones say what is in the way.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Map, Value};
use tch::Device;

use crate::arch::{Arch, Built, Guess, REGISTRY};
use crate::vars::{Misfit, StateDict, Vars};
use crate::{Error, Result};

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
    /// Every architecture that it fits. None: unknown. More than one: ambiguous.
    pub matches: Vec<Match>,
    /// The nearest ones, best first, where there is no match.
    pub near: Vec<Near>,
    /// The first part of every key, where it had to be taken away to find the matches: `model.`.
    pub prefix: Option<String>,
}

/// How many near misses are worth reading.
const NEAREST: usize = 2;

/// Below this share of fitting tensors an architecture is not near, whatever comes second.
const LEAST_SHARE: f64 = 0.1;

/// Tries every architecture, and if none fits, once more without the first part that all keys have in common: training
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

/// Builds `arch` from a state dict, strictly; if that fails, without the first part that all keys have in common, which
/// is then returned as well.
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
            // The keys as they are in the file make the better message.
            Err(_) => Err(misfit.into()),
        },
        (built, _) => Ok((built?, None)),
    }
}

/// Whether `arch` with these hyperparameters can be built from a state dict, strictly; if so, whether in its training form.
pub fn fits(arch: &Arch, dict: &StateDict, hyper: &Map<String, Value>) -> Option<bool> {
    let (built, _) = guarded(|| build(arch, dict, Device::Cpu, hyper).ok()).flatten()?;
    Some(!built.blocks.is_empty())
}

fn matches(dict: &StateDict) -> Vec<Match> {
    let fitting = |arch: &'static Arch| {
        let guess = guarded(|| (arch.guess)(dict)).flatten()?;
        let built = attempt(arch, dict, &guess.config)?.ok()?;
        Some(Match { arch, guess, training: !built.blocks.is_empty() })
    };
    REGISTRY.iter().filter_map(fitting).collect()
}

fn near_misses(dict: &StateDict) -> Vec<Near> {
    let near = |arch: &'static Arch| {
        // Where the keys do not even tell the sizes, those of the best-known network of the kind.
        let guess = guarded(|| (arch.guess)(dict)).flatten().unwrap_or_default();
        let Err(Error::Misfit(misfit)) = attempt(arch, dict, &guess.config)? else { return None };
        let fitting = dict.len().checked_sub(misfit.extra.len() + misfit.misshapen.len())?;
        Some(Near { arch, fitting, misfit })
    };
    REGISTRY.iter().filter_map(near).filter(|n| n.fitting > 0).collect()
}

impl Near {
    /// The part of all tensors, needed or there, that fit.
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

/// Shapes that no network has (a size of 0, say) may make an architecture or tch panic: then it does not fit.
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
