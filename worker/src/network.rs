//! What runs: a registered architecture with its weights.

use std::panic::{AssertUnwindSafe, catch_unwind};

use esr_bench::protocol::{self, FileHash, Weights};
use esr_models::arch::{Arch, Built};
use esr_models::state;
use esr_models::vars::{Var, Vars};
use tch::{Device, Tensor};

use crate::failure::{self, Result};

/// A network that stands ready on its device.
pub(crate) trait Network {
    /// What it is called in a graph.
    fn name(&self) -> &str;

    /// (1, 3, H, W) to (1, 3, scale H, scale W), in the network's data range.
    fn forward(&self, x: &Tensor) -> Result<Tensor>;

    /// Its parameters and buffers.
    fn vars(&self) -> &[Var];
}

/// A network, and what is to be said about its loading.
pub(crate) struct Ready {
    /// The network.
    pub(crate) network: Box<dyn Network>,
    /// Each file that was read.
    pub(crate) hashes: Vec<FileHash>,
    /// Remarks of the loader.
    pub(crate) notes: Vec<String>,
}

/// Builds what was asked for on `device`.
pub(crate) fn build(wanted: &protocol::Network, device: Device) -> Result<Ready> {
    match wanted {
        protocol::Network::Registry { arch, config, weights } => {
            let arch = Arch::find(arch).map_err(|e| failure::request(e.to_string()))?;
            let (vars, hashes, notes) = match weights {
                Weights::Random { seed } => (Vars::seeded(*seed, device), Vec::new(), Vec::new()),
                Weights::File { path } => {
                    let state = state::open(path).map_err(|e| failure::load(e.to_string()))?;
                    let hash = FileHash { path: path.clone(), sha256: state.sha256 };
                    (Vars::from_dict(state.dict, device), vec![hash], state.notes)
                }
            };
            let built = arch.build(vars, config).map_err(|e| failure::load(e.to_string()))?;
            Ok(Ready { network: Box::new(Registered { name: arch.name, built }), hashes, notes })
        }
        protocol::Network::Program { .. } => Err(failure::request("programs are not supported yet")),
    }
}

/// A registered architecture.
struct Registered {
    name: &'static str,
    built: Built,
}

impl Network for Registered {
    fn name(&self) -> &str {
        self.name
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        // tch's functions that return no result panic where libtorch throws.
        catch_unwind(AssertUnwindSafe(|| self.built.network.forward(x)))
            .map_err(|payload| failure::from_panic(payload.as_ref()))
    }

    fn vars(&self) -> &[Var] {
        &self.built.vars
    }
}
