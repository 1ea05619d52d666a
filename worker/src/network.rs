//! Builds the network that a request names: a registered architecture with its weights, or a program.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use esr_bench::protocol;
use esr_bench::protocol::{FileHash, Weights};
use esr_bench::util::input;
use esr_bench::util::input::Kind;
use esr_models::arch::{Arch, Built};
use esr_models::vars::{Var, Vars};
use esr_models::{identify, state};
use tch::{Device, Tensor};

use crate::failure;
use crate::failure::Result;
use crate::program::Program;
use crate::runnable::Runnable;

/// A network, and how it was loaded.
pub(crate) struct Ready {
    /// The network.
    pub(crate) network: Box<dyn Runnable>,
    /// Each file that was read.
    pub(crate) hashes: Vec<FileHash>,
    /// Remarks of the loader.
    pub(crate) notes: Vec<String>,
}

/// Builds the requested network on `device`.
pub(crate) fn build(wanted: &protocol::Network, device: Device) -> Result<Ready> {
    match wanted {
        protocol::Network::Registry { arch, config, weights } => {
            let arch = Arch::find(arch).map_err(|e| failure::request(e.to_string()))?;
            // tch panics where a tensor cannot have the sizes that the hyperparameters ask for.
            let guarded = |f: &dyn Fn() -> esr_models::Result<(Built, Option<String>)>| {
                catch_unwind(AssertUnwindSafe(f))
                    .map_err(|payload| failure::from_panic(payload.as_ref()))?
                    .map_err(|e| failure::load(e.to_string()))
            };
            let (built, hashes, notes) = match weights {
                Weights::Random { seed } => {
                    let (built, _) = guarded(&|| Ok((arch.build(Vars::seeded(*seed, device), config)?, None)))?;
                    (built, Vec::new(), Vec::new())
                }
                Weights::File { path } => {
                    let state = state::open(path).map_err(|e| failure::load(e.to_string()))?;
                    let hash = FileHash { path: path.clone(), sha256: state.sha256 };
                    let (built, prefix) = guarded(&|| identify::build(arch, &state.dict, device, config))?;
                    let note = prefix.map(|p| format!("the prefix `{p}` was removed from every key"));
                    (built, vec![hash], state.notes.into_iter().chain(note).collect())
                }
            };
            Ok(Ready { network: Box::new(Registered { name: arch.name, built }), hashes, notes })
        }
        protocol::Network::Program { files } => {
            let program = Program::load(files, device)?;
            let hashes = files.iter().map(|f| hash(f)).collect::<Result<_>>()?;
            let notes = program.notes();
            Ok(Ready { network: Box::new(program), hashes, notes })
        }
        protocol::Network::Python(_) => {
            Err(failure::load("this worker runs no Python code: the PyTorch worker (`python/`) does".to_owned()))
        }
    }
}

fn hash(path: &Path) -> Result<FileHash> {
    let sha256 = input::sha256_of(path, Kind::Weights).map_err(|error| failure::load(error.to_string()))?;
    Ok(FileHash { path: path.to_path_buf(), sha256 })
}

/// A registered architecture.
struct Registered {
    name: &'static str,
    built: Built,
}

impl Runnable for Registered {
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
