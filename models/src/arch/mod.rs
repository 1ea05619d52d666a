//! One file per architecture, and the table that finds them by name.
//! This room may use [`crate::blocks`], [`crate::error`], [`crate::layer`], [`crate::nn`], [`crate::rep`],
//! [`crate::scope`] and [`crate::vars`].

pub mod bicubic;
pub mod bsrn;
pub mod dipnet;
pub mod disp;
pub mod efdn;
pub mod fmen;
pub mod imdn;
pub mod imdn_plus;
mod keys;
pub mod lwfanet;
pub mod mobilesr;
pub mod msdn;
pub mod plain_rfdn;
pub mod repafdn;
pub mod rfdn;
pub mod rlfn;
pub mod span;
pub mod spanf;
pub mod spanv2;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::layer::{Layer, Training};
use crate::vars::{KeyPath, StateDict, Var, Vars};
pub use keys::Guess;

/// An architecture that the registry can build.
pub struct Arch {
    /// Its name in cards and requests.
    pub name: &'static str,
    /// Builds a network from hyperparameters.
    build: Build,
    /// Reads the hyperparameters out of a state dict's keys and shapes; `None` where it cannot be this architecture's.
    pub guess: fn(&StateDict) -> Option<Guess>,
}

type Build = fn(KeyPath<'_>, &Map<String, Value>) -> Result<Box<dyn Layer>>;

/// Every architecture, by name.
pub const REGISTRY: &[Arch] = &[
    Arch {
        name: "bicubic",
        build: |_, c| {
            let bicubic::Config {} = config("bicubic", c)?;
            Ok(Box::new(bicubic::Bicubic))
        },
        guess: |_| None,
    },
    Arch { name: "bsrn", build: |p, c| Ok(Box::new(bsrn::Bsrn::new(p, &config("bsrn", c)?))), guess: bsrn::guess },
    Arch {
        name: "dipnet",
        build: |p, c| Ok(Box::new(dipnet::DipNet::new(p, &config("dipnet", c)?))),
        guess: dipnet::guess,
    },
    Arch { name: "disp", build: |p, c| Ok(Box::new(disp::Disp::new(p, &config("disp", c)?))), guess: disp::guess },
    Arch { name: "efdn", build: |p, c| Ok(Box::new(efdn::Efdn::new(p, &config("efdn", c)?))), guess: efdn::guess },
    Arch { name: "fmen", build: |p, c| Ok(Box::new(fmen::Fmen::new(p, &config("fmen", c)?))), guess: fmen::guess },
    Arch { name: "imdn", build: |p, c| imdn::build(p, &config("imdn", c)?), guess: imdn::guess },
    Arch {
        name: "imdn_plus",
        build: |p, c| Ok(Box::new(imdn_plus::ImdnPlus::new(p, &config("imdn_plus", c)?))),
        guess: imdn_plus::guess,
    },
    Arch {
        name: "lwfanet",
        build: |p, c| Ok(Box::new(lwfanet::LwfaNet::new(p, &config("lwfanet", c)?)?)),
        guess: lwfanet::guess,
    },
    Arch {
        name: "mobilesr",
        build: |p, c| Ok(Box::new(mobilesr::MobileSr::new(p, &config("mobilesr", c)?)?)),
        guess: mobilesr::guess,
    },
    Arch { name: "msdn", build: |p, c| Ok(Box::new(msdn::Msdn::new(p, &config("msdn", c)?))), guess: msdn::guess },
    Arch {
        name: "plain_rfdn",
        build: |p, c| Ok(Box::new(plain_rfdn::PlainRfdn::new(p, &config("plain_rfdn", c)?))),
        guess: plain_rfdn::guess,
    },
    Arch {
        name: "repafdn",
        build: |p, c| Ok(Box::new(repafdn::RePafdn::new(p, &config("repafdn", c)?))),
        guess: repafdn::guess,
    },
    Arch { name: "rfdn", build: |p, c| Ok(Box::new(rfdn::Rfdn::new(p, &config("rfdn", c)?))), guess: rfdn::guess },
    Arch { name: "rlfn", build: |p, c| Ok(Box::new(rlfn::Rlfn::new(p, &config("rlfn", c)?))), guess: rlfn::guess },
    Arch { name: "span", build: |p, c| Ok(Box::new(span::Span::new(p, &config("span", c)?))), guess: span::guess },
    Arch { name: "spanf", build: |p, c| Ok(Box::new(spanf::Spanf::new(p, &config("spanf", c)?))), guess: spanf::guess },
    Arch {
        name: "spanv2",
        build: |p, c| Ok(Box::new(spanv2::SpanV2::new(p, &config("spanv2", c)?))),
        guess: spanv2::guess,
    },
];

impl Arch {
    /// The architecture `name`.
    pub fn find(name: &str) -> Result<&'static Arch> {
        REGISTRY.iter().find(|a| a.name == name).ok_or_else(|| Error::UnknownArch {
            name: name.to_owned(),
            known: REGISTRY.iter().map(|a| a.name).collect(),
        })
    }

    /// Builds the network, strictly: each tensor is used and fits.
    ///
    /// Every architecture takes the hyperparameter `with_13`, which says of EDBB blocks in training form whether they add
    /// their branch `conv1x1_3x3`. It has no effect on other blocks.
    pub fn build(&self, vars: Vars, hyper: &Map<String, Value>) -> Result<Built> {
        let mut hyper = hyper.clone();
        let with_13 = match hyper.remove(WITH_13) {
            None => None,
            Some(Value::Bool(with_13)) => Some(with_13),
            Some(other) => {
                let reason = format!("`{WITH_13}`: expected true or false, found {other}");
                return Err(Error::Config { arch: self.name.to_owned(), reason });
            }
        };
        let vars = vars.with_13(with_13);
        let network = (self.build)(vars.root(), &hyper)?;
        let (blocks, undecided) = (vars.blocks(), vars.undecided());
        let vars = vars.finish()?;
        match undecided {
            Some(block) => Err(Error::Undecided { arch: self.name, block }),
            None => Ok(Built { network, vars, blocks }),
        }
    }
}

/// A network with its tensors.
pub struct Built {
    /// (N, 3, H, W) to (N, 3, scale H, scale W), in its data range. Run it under `tch::no_grad` or inference mode.
    pub network: Box<dyn Layer>,
    /// Its parameters and buffers, in the order in which they were asked for.
    pub vars: Vec<Var>,
    /// Its blocks in training form. There are none where the weights are of the deploy form.
    pub blocks: Vec<Training>,
}

/// The hyperparameter that every architecture takes: see [`Arch::build`].
const WITH_13: &str = "with_13";

/// The largest size that a hyperparameter may state. No network comes near it.
const LARGEST: i64 = 1 << 16;

fn config<T: DeserializeOwned>(arch: &str, hyper: &Map<String, Value>) -> Result<T> {
    let fault = |reason| Error::Config { arch: arch.to_owned(), reason };
    for (key, value) in hyper {
        if let Some(n) = out_of_range(value) {
            return Err(fault(format!("`{key}`: expected integers from 1 to {LARGEST}, found {n}")));
        }
    }
    serde_json::from_value(Value::Object(hyper.clone())).map_err(|e| fault(e.to_string()))
}

/// The first integer in `value` that cannot be a size.
fn out_of_range(value: &Value) -> Option<&serde_json::Number> {
    match value {
        Value::Number(n) if !n.is_f64() => (!n.as_i64().is_some_and(|n| (1..=LARGEST).contains(&n))).then_some(n),
        Value::Array(items) => items.iter().find_map(out_of_range),
        Value::Object(fields) => fields.values().find_map(out_of_range),
        _ => None,
    }
}
