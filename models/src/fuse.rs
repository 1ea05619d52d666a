//! Writes the deploy form of a whole network in training form to a file, and checks it. This file may use `arch`, `error`,
//! `layer`, `state` and `vars`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::{TensorView, serialize};
use serde_json::{Map, Value};
use tch::{Device, Kind, Tensor};

use crate::arch::{Arch, Built};
use crate::layer::{Conv, Training};
use crate::state;
use crate::vars::{StateDict, VarKind, Vars};

/// The largest relative difference between the two forms that counts as rounding.
pub const AGREEMENT: f64 = 1e-5;

/// The seed of the random input.
const SEED: i64 = 20_220_423;

/// The outcome of [`fuse`].
#[derive(Debug, Clone, PartialEq)]
pub struct Fused {
    /// Parameters of the training form.
    pub parameters_before: u64,
    /// Parameters of the deploy form.
    pub parameters_after: u64,
    /// Blocks by kind.
    pub blocks: BTreeMap<&'static str, u64>,
    /// The largest difference on random input, borders included, of any block and of the whole network, over the largest
    /// magnitude of the training form's output. Both run in 64 bits; the deploy form's weights are those of the file.
    pub relative_error: f64,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The training form cannot be built, or the written file is not the deploy form.
    #[error(transparent)]
    Build(#[from] crate::error::Error),
    /// The weights have no branches.
    #[error("the weights have no branches to fuse: they are `{arch}` in its deploy form")]
    Deploy {
        /// The architecture.
        arch: &'static str,
    },
    /// The branches add up to a bias, and the deploy form has none.
    #[error("`{key}`: the branches add up to a bias of up to {largest:.2e}, and the deploy form has no bias")]
    Bias {
        /// The convolution.
        key: String,
        /// The bias's largest magnitude.
        largest: f64,
    },
    /// The two forms differ.
    #[error(
        "{what}: expected a relative difference of at most {AGREEMENT:.0e} between the two forms, found {error:.2e}"
    )]
    Disagree {
        /// A block or the network.
        what: String,
        /// The relative difference.
        error: f64,
    },
    /// The file cannot be written.
    #[error("cannot write {}: {reason}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        reason: String,
    },
}

/// Fuses each block of a training-form state dict, and writes the deploy form to `output` (safetensors, 32-bit floats).
///
/// The file gets its name only after the network that is built strictly from it agrees with the training form. Until
/// then, and on any error, `output` stays as it was.
pub fn fuse(arch: &'static Arch, config: &Map<String, Value>, dict: StateDict, output: &Path) -> Result<Fused, Error> {
    let build = |dict| arch.build(Vars::from_dict(dict, Device::Cpu).double(), config);
    let training = build(dict)?;
    if training.blocks.is_empty() {
        return Err(Error::Deploy { arch: arch.name });
    }
    let mut relative_error = 0.0_f64;
    let mut agree = |what: &str, expected: &Tensor, found: &Tensor| {
        let error = difference(expected, found);
        relative_error = relative_error.max(error);
        // A NaN does not agree.
        if error <= AGREEMENT { Ok(()) } else { Err(Error::Disagree { what: what.to_owned(), error }) }
    };

    let mut deploy = kept(&training);
    tch::manual_seed(SEED);
    for block in &training.blocks {
        let (weight, bias) = merged(block)?;
        let Conv { in_channels, padding, .. } = block.conv;
        let x = Tensor::randn([2, in_channels, 9, 11], (Kind::Double, Device::Cpu));
        let wide = |t: &Tensor| t.to_kind(Kind::Double);
        let found = x.conv2d(&wide(&weight), bias.as_ref().map(wide), [1; 2], padding, [1; 2], 1);
        agree(&block.deploy, &block.block.forward(&x), &found)?;
        deploy.insert(format!("{}.weight", block.deploy), weight);
        if let Some(bias) = bias {
            deploy.insert(format!("{}.bias", block.deploy), bias);
        }
    }

    let unwritable = |reason: String| Error::Write { file: output.to_path_buf(), reason };
    let folder = output.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The umask decides who may read it, as of any other file.
    let all = Permissions::from_mode(0o666);
    let temporary = tempfile::Builder::new().prefix(".fuse-").permissions(all).tempfile_in(folder);
    let mut file = temporary.map_err(|e| unwritable(e.to_string()))?;
    file.write_all(&bytes(&deploy).map_err(unwritable)?).map_err(|e| unwritable(e.to_string()))?;
    file.as_file().sync_all().map_err(|e| unwritable(e.to_string()))?;

    let fused = build(state::read(file.path()).map_err(crate::error::Error::from)?)?;
    // Within every network's data range: beyond it, attention that multiplies features magnifies rounding.
    let x = Tensor::rand([1, 3, 37, 50], (Kind::Double, Device::Cpu));
    agree("the network", &training.network.forward(&x), &fused.network.forward(&x))?;
    file.persist(output).map_err(|e| unwritable(e.error.to_string()))?;

    let mut blocks = BTreeMap::new();
    for block in &training.blocks {
        *blocks.entry(block.block.kind()).or_default() += 1;
    }
    let (parameters_before, parameters_after) = (parameters(&training), parameters(&fused));
    Ok(Fused { parameters_before, parameters_after, blocks, relative_error })
}

/// The tensors that belong to no block, which stay as they are.
fn kept(training: &Built) -> StateDict {
    let branches: BTreeSet<&str> =
        training.blocks.iter().flat_map(|block| block.keys.iter().map(String::as_str)).collect();
    let others = training.vars.iter().filter(|var| !branches.contains(var.name.as_str()));
    others.map(|var| (var.name.clone(), var.tensor.to_kind(Kind::Float))).collect()
}

fn merged(block: &Training) -> Result<(Tensor, Option<Tensor>), Error> {
    let (weight, bias) = block.block.merge().into_floats();
    if block.conv.bias {
        return Ok((weight, Some(bias)));
    }
    let largest = bias.abs().max().double_value(&[]);
    if largest == 0.0 { Ok((weight, None)) } else { Err(Error::Bias { key: block.deploy.clone(), largest }) }
}

fn difference(expected: &Tensor, found: &Tensor) -> f64 {
    let largest = |t: Tensor| t.abs().max().double_value(&[]);
    let difference = largest(expected - found);
    if difference == 0.0 { 0.0 } else { difference / largest(expected.shallow_clone()) }
}

fn parameters(built: &Built) -> u64 {
    built.vars.iter().filter(|v| v.kind == VarKind::Parameter).map(|v| v.tensor.numel() as u64).sum()
}

fn bytes(dict: &StateDict) -> Result<Vec<u8>, String> {
    let mut raw = Vec::with_capacity(dict.len());
    for (key, tensor) in dict {
        let floats = Vec::<f32>::try_from(tensor.flatten(0, -1)).map_err(|e| format!("`{key}`: {e}"))?;
        let shape: Vec<usize> = tensor.size().iter().map(|&n| n as usize).collect();
        raw.push((key, shape, floats.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>()));
    }
    let views = raw.iter().map(|(key, shape, data)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), data).map_err(|e| format!("`{key}`: {e}"))?;
        Ok((key.as_str(), view))
    });
    let views = views.collect::<Result<Vec<_>, String>>()?;
    // The mark that PyTorch's own writer sets.
    let marks = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    serialize(views, Some(marks)).map_err(|e| e.to_string())
}
