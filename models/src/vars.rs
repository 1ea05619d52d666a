//! Parameters and buffers by name: taken from a state dict, strictly, or made up from a seed.
//!
//! A network asks for each tensor by key and shape while it is built. What a state dict lacks, has in another shape,
//! or has and nobody asked for is collected, and [`Vars::finish`] names all of it at once.

use std::cell::RefCell;
use std::collections::BTreeMap;

use tch::{Device, Kind, Tensor};

use crate::rep::Training;

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

/// What a tensor is to the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VarKind {
    /// Learned.
    Parameter,
    /// Kept, not learned; it lies in the state dict as well.
    Buffer,
}

/// A tensor that a network uses.
#[derive(Debug)]
pub struct Var {
    /// Its key.
    pub name: String,
    /// See [`VarKind`].
    pub kind: VarKind,
    /// The tensor (a shallow copy: the memory is the network's).
    pub tensor: Tensor,
}

enum Source {
    Dict(StateDict),
    Seed(i64),
}

/// Where a network's tensors come from, and a record of those it asked for.
pub struct Vars {
    source: Source,
    device: Device,
    kind: Kind,
    log: RefCell<Log>,
}

#[derive(Default)]
struct Log {
    vars: Vec<Var>,
    missing: Vec<(String, Vec<i64>)>,
    misshapen: Vec<(String, Vec<i64>, Vec<i64>)>,
    blocks: Vec<Training>,
}

impl Vars {
    /// Tensors from a state dict; they become 32-bit floats on `device`, as PyTorch's `load_state_dict` would make them.
    pub fn from_dict(dict: StateDict, device: Device) -> Vars {
        Vars { source: Source::Dict(dict), device, kind: Kind::Float, log: RefCell::default() }
    }

    /// Random tensors, the same for the same seed, key and shape: uniform in +-1 / sqrt(fan in), as PyTorch's default.
    pub fn seeded(seed: u64, device: Device) -> Vars {
        Vars { source: Source::Seed(seed as i64), device, kind: Kind::Float, log: RefCell::default() }
    }

    /// The same values in 64-bit floats, where rounding would hide a difference.
    pub fn double(self) -> Vars {
        Vars { kind: Kind::Double, ..self }
    }

    /// The blocks that were built in their training form so far.
    pub fn blocks(&self) -> Vec<Training> {
        self.log.borrow().blocks.clone()
    }

    /// The network's own level of keys.
    pub fn root(&self) -> Path<'_> {
        Path { vars: self, prefix: String::new() }
    }

    /// Ends the building: every tensor that was asked for, or all that did not fit.
    pub fn finish(self) -> Result<Vec<Var>, Misfit> {
        let log = self.log.into_inner();
        let extra = match &self.source {
            Source::Seed(_) => Vec::new(),
            Source::Dict(dict) => {
                let asked: std::collections::BTreeSet<&str> = log
                    .vars
                    .iter()
                    .map(|v| v.name.as_str())
                    .chain(log.misshapen.iter().map(|(k, ..)| k.as_str()))
                    .collect();
                dict.iter().filter(|(k, _)| !asked.contains(k.as_str())).map(|(k, t)| (k.clone(), t.size())).collect()
            }
        };
        if log.missing.is_empty() && log.misshapen.is_empty() && extra.is_empty() {
            Ok(log.vars)
        } else {
            Err(Misfit { missing: log.missing, extra, misshapen: log.misshapen })
        }
    }

    fn get(&self, name: String, shape: &[i64], kind: VarKind) -> Tensor {
        let mut log = self.log.borrow_mut();
        if let Some(var) = log.vars.iter().find(|v| v.name == name) {
            return var.tensor.shallow_clone();
        }
        let tensor = match &self.source {
            Source::Seed(seed) => seeded(*seed, &name, shape),
            Source::Dict(dict) => match dict.get(&name) {
                Some(t) if t.size() == shape => t.to_kind(Kind::Float).contiguous(),
                Some(t) => {
                    log.misshapen.push((name, shape.to_vec(), t.size()));
                    return Tensor::zeros(shape, (self.kind, self.device));
                }
                None => {
                    log.missing.push((name, shape.to_vec()));
                    return Tensor::zeros(shape, (self.kind, self.device));
                }
            },
        }
        .to_kind(self.kind)
        .to_device(self.device)
        .set_requires_grad(false);
        log.vars.push(Var { name, kind, tensor: tensor.shallow_clone() });
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
pub struct Path<'a> {
    vars: &'a Vars,
    prefix: String,
}

impl Path<'_> {
    /// The level below.
    pub fn sub(&self, name: impl std::fmt::Display) -> Self {
        Path { vars: self.vars, prefix: self.join(&name.to_string()) }
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

    /// A tensor that is kept with the network, but not learned.
    pub fn buffer(&self, name: &str, shape: &[i64]) -> Tensor {
        self.vars.get(self.join(name), shape, VarKind::Buffer)
    }

    /// Whether the state dict holds `name` at this level; always `default` where weights are made up.
    pub fn has(&self, name: &str, default: bool) -> bool {
        match &self.vars.source {
            Source::Dict(dict) => dict.contains_key(&self.join(name)),
            Source::Seed(_) => default,
        }
    }

    /// Shape of `name` at this level, as the state dict has it.
    pub fn size(&self, name: &str) -> Option<Vec<i64>> {
        match &self.vars.source {
            Source::Dict(dict) => dict.get(&self.join(name)).map(Tensor::size),
            Source::Seed(_) => None,
        }
    }

    /// How many tensors the network has asked for so far.
    pub(crate) fn asked(&self) -> usize {
        self.vars.log.borrow().vars.len()
    }

    /// Notes a block in its training form; its keys are those that were asked for since there were `from`.
    pub(crate) fn train(&self, from: usize, block: impl FnOnce(Vec<String>) -> Training) {
        let mut log = self.vars.log.borrow_mut();
        let keys = log.vars.iter().skip(from).map(|v| v.name.clone()).collect();
        log.blocks.push(block(keys));
    }

    fn join(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }
}
