//! One file per architecture, and the table that finds them by name.

pub mod rlfn;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::nn::Layer;
use crate::vars::{Path, StateDict, Var, Vars};
use crate::{Error, Result};

/// An architecture that the registry can build.
pub struct Arch {
    /// Its name in cards and requests.
    pub name: &'static str,
    /// Builds a network from hyperparameters.
    build: Build,
    /// Hyperparameters that a state dict's keys and shapes tell, if it can be this architecture's at all.
    pub guess: fn(&StateDict) -> Option<Guess>,
}

type Build = fn(Path<'_>, &Map<String, Value>) -> Result<Box<dyn Layer>>;

/// What keys and shapes tell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Guess {
    /// The hyperparameters, complete enough to build.
    pub config: Map<String, Value>,
    /// Those that could not be deduced, and what was assumed: `slope 0.05`.
    pub assumed: Vec<String>,
}

/// Every architecture, by name.
pub const REGISTRY: &[Arch] =
    &[Arch { name: "rlfn", build: |p, c| Ok(Box::new(rlfn::Rlfn::new(p, &config("rlfn", c)?))), guess: |_| None }];

impl Arch {
    /// The architecture `name`.
    pub fn find(name: &str) -> Result<&'static Arch> {
        REGISTRY.iter().find(|a| a.name == name).ok_or_else(|| Error::UnknownArch {
            name: name.to_owned(),
            known: REGISTRY.iter().map(|a| a.name).collect(),
        })
    }

    /// Builds the network, strictly: each tensor is used and fits.
    pub fn build(&self, vars: Vars, hyper: &Map<String, Value>) -> Result<Built> {
        let network = (self.build)(vars.root(), hyper)?;
        let vars = vars.finish()?;
        Ok(Built { network, vars })
    }
}

/// A network with its tensors.
pub struct Built {
    /// Run it under `tch::no_grad` or inference mode: (N, 3, H, W) to (N, 3, scale H, scale W), in its data range.
    pub network: Box<dyn Layer>,
    /// Its parameters and buffers, in the order in which they were asked for.
    pub vars: Vec<Var>,
}

fn config<T: DeserializeOwned>(arch: &str, hyper: &Map<String, Value>) -> Result<T> {
    serde_json::from_value(Value::Object(hyper.clone()))
        .map_err(|e| Error::Config { arch: arch.to_owned(), reason: e.to_string() })
}
