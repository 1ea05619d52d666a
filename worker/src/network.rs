//! What runs: a registered architecture with its weights.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use esr_bench::protocol;
use esr_bench::protocol::{FileHash, Weights};
use esr_models::arch::{Arch, Built};
use esr_models::vars::{Var, Vars};
use esr_models::{identify, state};
use sha2::{Digest, Sha256};
use tch::{Device, Tensor};

use crate::failure;
use crate::failure::Result;
use crate::program::Program;

/// A network that stands ready on its device.
pub(crate) trait Network {
    /// What it is called in a graph.
    fn name(&self) -> &str;

    /// (1, 3, H, W) to (1, 3, scale H, scale W), in the network's data range.
    fn forward(&self, x: &Tensor) -> Result<Tensor>;

    /// Its parameters and buffers.
    fn vars(&self) -> &[Var];

    /// A module's class as a hook would take it. The registry's layers are called what they are.
    fn hook_class(&self, class: &str) -> String {
        class.to_owned()
    }
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
            // Sizes that no tensor can have make tch panic.
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
                    let note = prefix.map(|p| format!("every key began with `{p}`: taken away"));
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
    let unreadable = |error: io::Error| failure::load(format!("cannot read {}: {error}", path.display()));
    let mut digest = Sha256::new();
    io::copy(&mut File::open(path).map_err(unreadable)?, &mut digest).map_err(unreadable)?;
    Ok(FileHash { path: path.to_path_buf(), sha256: esr_bench::util::hex(&digest.finalize()) })
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
