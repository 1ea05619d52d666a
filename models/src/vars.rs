//! Parameters and buffers by key: taken strictly from a state dict, or made from a seed. This file may use `layer`.
//!
//! A network asks for each tensor by key and shape while it is built. [`Vars::finish`] names all keys at once that the
//! state dict lacks, has in another shape, or has although the network did not ask for them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use tch::{Device, Kind, Tensor};

use crate::layer::Training;

/// Tensors by their key in a state dict.
pub type StateDict = BTreeMap<String, Tensor>;

/// The weights do not fit the network: every key that is missing, extra or misshapen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the weights do not fit the network: {}", self.list())]
pub struct Misfit {
    /// Keys that the network needs and the weights lack, with the shape that was expected.
    pub missing: Vec<(String, Vec<i64>)>,
    /// Keys that the weights have and the network does not use, with their shapes.
    pub extra: Vec<(String, Vec<i64>)>,
    /// Keys with another shape: expected, found.
    pub misshapen: Vec<(String, Vec<i64>, Vec<i64>)>,
}

impl Misfit {
    /// What does not fit, the first few keys of each kind: `1 missing: ...; 2 extra: ...`.
    pub fn list(&self) -> String {
        const SHOWN: usize = 4;
        let mut parts = Vec::new();
        let mut list = |what: &str, mut items: Vec<String>| {
            if items.is_empty() {
                return;
            }
            let count = items.len();
            items.truncate(SHOWN);
            let more = if count > SHOWN { format!(" and {} more", count - SHOWN) } else { String::new() };
            parts.push(format!("{count} {what}: {}{more}", items.join(", ")));
        };
        list("missing", self.missing.iter().map(|(k, s)| format!("`{k}` {s:?}")).collect());
        list(
            "misshapen",
            self.misshapen.iter().map(|(k, e, f)| format!("`{k}` expected {e:?}, found {f:?}")).collect(),
        );
        list("extra", self.extra.iter().map(|(k, s)| format!("`{k}` {s:?}")).collect());
        parts.join("; ")
    }
}

/// Whether a tensor is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VarKind {
    /// Learned.
    Parameter,
    /// Stored in the state dict and not learned.
    Buffer,
}

/// A tensor that a network uses.
#[derive(Debug)]
pub struct Var {
    /// Its key in the state dict.
    pub name: String,
    /// Whether it is learned.
    pub kind: VarKind,
    /// A shallow copy, which shares the memory of the network's tensor.
    pub tensor: Tensor,
}

enum WeightSource {
    Dict(StateDict),
    Seed(i64),
}

/// Where a network's tensors come from, and which ones it has asked for.
pub struct Vars {
    source: WeightSource,
    device: Device,
    kind: Kind,
    with_13: Option<bool>,
    asked: RefCell<Asked>,
}

#[derive(Default)]
struct Asked {
    vars: Vec<Var>,
    missing: Vec<(String, Vec<i64>)>,
    misshapen: Vec<(String, Vec<i64>, Vec<i64>)>,
    blocks: Vec<Training>,
    undecided: Option<String>,
}

impl Vars {
    /// Tensors from a state dict; they become 32-bit floats on `device`, as PyTorch's `load_state_dict` would make them.
    pub fn from_dict(dict: StateDict, device: Device) -> Vars {
        Vars { source: WeightSource::Dict(dict), device, kind: Kind::Float, with_13: None, asked: RefCell::default() }
    }

    /// Random tensors, the same for the same seed, key and shape: uniform in +-1 / sqrt(fan in), as PyTorch's default.
    pub fn seeded(seed: u64, device: Device) -> Vars {
        Vars {
            source: WeightSource::Seed(seed as i64),
            device,
            kind: Kind::Float,
            with_13: None,
            asked: RefCell::default(),
        }
    }

    /// The same values as 64-bit floats, so that rounding does not hide a difference.
    pub fn double(self) -> Vars {
        Vars { kind: Kind::Double, ..self }
    }

    /// States whether the forward of EDBB blocks adds their branch `conv1x1_3x3` (the class's argument `with_13`), which
    /// no key of a state dict tells.
    pub fn with_13(self, with_13: Option<bool>) -> Vars {
        Vars { with_13, ..self }
    }

    /// The blocks that were built in their training form so far.
    pub fn blocks(&self) -> Vec<Training> {
        self.asked.borrow().blocks.clone()
    }

    /// The first block for which a statement by [`Vars::with_13`] is missing.
    pub fn undecided(&self) -> Option<String> {
        self.asked.borrow().undecided.clone()
    }

    /// The level of the network itself.
    pub fn root(&self) -> KeyPath<'_> {
        KeyPath { vars: self, prefix: String::new() }
    }

    /// Ends the building. Returns every tensor that the network asked for, or all keys that do not fit.
    pub fn finish(self) -> Result<Vec<Var>, Misfit> {
        let asked = self.asked.into_inner();
        let extra = match &self.source {
            WeightSource::Seed(_) => Vec::new(),
            WeightSource::Dict(dict) => {
                let known: BTreeSet<&str> = asked
                    .vars
                    .iter()
                    .map(|v| v.name.as_str())
                    .chain(asked.misshapen.iter().map(|(k, ..)| k.as_str()))
                    .collect();
                dict.iter().filter(|(k, _)| !known.contains(k.as_str())).map(|(k, t)| (k.clone(), t.size())).collect()
            }
        };
        if asked.missing.is_empty() && asked.misshapen.is_empty() && extra.is_empty() {
            Ok(asked.vars)
        } else {
            Err(Misfit { missing: asked.missing, extra, misshapen: asked.misshapen })
        }
    }

    fn get(&self, name: String, shape: &[i64], kind: VarKind) -> Tensor {
        let mut asked = self.asked.borrow_mut();
        if let Some(var) = asked.vars.iter().find(|v| v.name == name) {
            return var.tensor.shallow_clone();
        }
        let tensor = match &self.source {
            WeightSource::Seed(seed) => seeded(*seed, &name, shape),
            WeightSource::Dict(dict) => match dict.get(&name) {
                Some(t) if t.size() == shape => t.to_kind(Kind::Float).contiguous(),
                Some(t) => {
                    asked.misshapen.push((name, shape.to_vec(), t.size()));
                    return Tensor::zeros(shape, (self.kind, self.device));
                }
                None => {
                    asked.missing.push((name, shape.to_vec()));
                    return Tensor::zeros(shape, (self.kind, self.device));
                }
            },
        }
        .to_kind(self.kind)
        .to_device(self.device)
        .set_requires_grad(false);
        asked.vars.push(Var { name, kind, tensor: tensor.shallow_clone() });
        tensor
    }
}

fn seeded(seed: i64, name: &str, shape: &[i64]) -> Tensor {
    // FNV-1a: the values of a key do not depend on the order in which keys are asked for.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    tch::manual_seed(seed.wrapping_add((hash >> 1) as i64));
    let fan_in: i64 = shape.iter().skip(1).product::<i64>().max(1);
    let bound = 1.0 / (fan_in as f64).sqrt();
    (Tensor::rand(shape, (Kind::Float, Device::Cpu)) - 0.5) * (2.0 * bound)
}

/// A level of keys: `B1.esa`.
#[derive(Clone)]
pub struct KeyPath<'a> {
    vars: &'a Vars,
    prefix: String,
}

impl KeyPath<'_> {
    /// The level below.
    pub fn sub(&self, name: impl std::fmt::Display) -> Self {
        KeyPath { vars: self.vars, prefix: self.join(&name.to_string()) }
    }

    /// The level's name, as a module path.
    pub fn name(&self) -> String {
        self.prefix.clone()
    }

    /// The device that the network is built on.
    pub fn device(&self) -> Device {
        self.vars.device
    }

    /// A learned tensor.
    pub fn param(&self, name: &str, shape: &[i64]) -> Tensor {
        self.vars.get(self.join(name), shape, VarKind::Parameter)
    }

    /// A tensor that is stored with the network and not learned.
    pub fn buffer(&self, name: &str, shape: &[i64]) -> Tensor {
        self.vars.get(self.join(name), shape, VarKind::Buffer)
    }

    /// Whether the state dict holds `name` at this level; always `default` where the weights come from a seed.
    pub fn has(&self, name: &str, default: bool) -> bool {
        match &self.vars.source {
            WeightSource::Dict(dict) => dict.contains_key(&self.join(name)),
            WeightSource::Seed(_) => default,
        }
    }

    /// The shape that `name` has in the state dict at this level.
    pub fn size(&self, name: &str) -> Option<Vec<i64>> {
        match &self.vars.source {
            WeightSource::Dict(dict) => dict.get(&self.join(name)).map(Tensor::size),
            WeightSource::Seed(_) => None,
        }
    }

    /// How many tensors the network has asked for so far.
    pub(crate) fn asked(&self) -> usize {
        self.vars.asked.borrow().vars.len()
    }

    /// The keys that the network asked for after the first `from`.
    pub(crate) fn keys_since(&self, from: usize) -> Vec<String> {
        self.vars.asked.borrow().vars.iter().skip(from).map(|v| v.name.clone()).collect()
    }

    /// Adds a block in its training form to [`Vars::blocks`].
    pub(crate) fn add_block(&self, block: Training) {
        self.vars.asked.borrow_mut().blocks.push(block);
    }

    /// What [`Vars::with_13`] states; where it states nothing, this level is remembered as undecided.
    pub(crate) fn with_13(&self) -> Option<bool> {
        if self.vars.with_13.is_none() {
            self.vars.asked.borrow_mut().undecided.get_or_insert_with(|| self.name());
        }
        self.vars.with_13
    }

    fn join(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }
}
