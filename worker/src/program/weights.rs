//! The tensors of a `torch.export` archive.

use std::collections::{BTreeMap, HashMap};

use esr_bench::submission::archive::Archive;
use esr_bench::util::sha256;
use esr_models::vars::{Var, VarKind};
use serde_json::Value as Json;
use tch::{Device, Tensor};

use super::dispatch::tensor_from_storage;
use super::format::{self, Model, Weight, Weights, fixed, read_json};
use crate::failure;
use crate::failure::Result;

const WEIGHTS: &str = "data/weights/";
const TABLES: [(&str, &str); 2] = [
    (WEIGHTS, "data/weights/model_weights_config.json"),
    ("data/constants/", "data/constants/model_constants_config.json"),
];

/// Tensors by name, layout and content. Several archives of one network share them.
pub(super) type SharedTensors = HashMap<String, Tensor>;

/// The inputs of an archive's graph.
#[derive(Default)]
pub(super) struct Tensors {
    /// The name of the value that holds the LR image.
    pub(super) input: String,
    /// Every other input, by its name in the graph.
    pub(super) constants: Vec<(String, Tensor)>,
    /// Parameters and buffers, also those that the graph does not read. Tied parameters are listed once.
    pub(super) vars: Vec<Var>,
}

/// Reads all of an archive's tensors.
pub(super) fn read(
    model: &Model,
    archive: &mut Archive,
    device: Device,
    loaded: &mut SharedTensors,
) -> Result<Tensors> {
    let mut table: BTreeMap<String, (&str, Weight)> = BTreeMap::new();
    for (folder, name) in TABLES {
        if archive.has(name) {
            let weights: Weights = read_json(archive, name)?;
            table.extend(weights.config.into_iter().map(|(key, weight)| (key, (folder, weight))));
        }
    }
    let mut reader = Reader { archive, device, loaded, here: HashMap::new(), vars: Vec::new() };
    let mut inputs = Vec::new();
    let mut constants = Vec::new();
    for spec in &model.graph_module.signature.input_specs {
        let Some((kind, body)) = spec.iter().next() else { continue };
        let value = body.pointer("/arg/name").or_else(|| body.pointer("/arg/as_tensor/name")).and_then(Json::as_str);
        let value = value.ok_or_else(|| failure::unsupported(format!("an input that is not a tensor ({kind})")))?;
        let (key, kind) = match kind.as_str() {
            "user_input" => {
                inputs.push(value.to_owned());
                continue;
            }
            "parameter" => ("parameter_name", Some(VarKind::Parameter)),
            "buffer" => ("buffer_name", Some(VarKind::Buffer)),
            "tensor_constant" => ("tensor_constant_name", None),
            other => return Err(failure::unsupported(format!("an input of the kind `{other}`"))),
        };
        let name = body.get(key).and_then(Json::as_str).unwrap_or_default();
        let (folder, weight) =
            table.get(name).ok_or_else(|| failure::load(format!("`{name}` is not among the stored weights")))?;
        constants.push((value.to_owned(), reader.tensor(name, folder, weight, kind)?));
    }
    for (name, (folder, weight)) in &table {
        if *folder == WEIGHTS {
            let kind = if weight.is_param { VarKind::Parameter } else { VarKind::Buffer };
            // So that it is listed.
            let _ = reader.tensor(name, folder, weight, Some(kind))?;
        }
    }
    let vars = reader.vars;
    match <[String; 1]>::try_from(inputs) {
        Ok([input]) => Ok(Tensors { input, constants, vars }),
        Err(inputs) => Err(failure::load(format!("expected one input, the LR image, found {}", inputs.len()))),
    }
}

struct Reader<'a> {
    archive: &'a mut Archive,
    device: Device,
    loaded: &'a mut SharedTensors,
    /// Tensors of this archive by place and layout: tied parameters share one.
    here: HashMap<String, Tensor>,
    vars: Vec<Var>,
}

impl Reader<'_> {
    fn tensor(&mut self, name: &str, folder: &str, weight: &Weight, kind: Option<VarKind>) -> Result<Tensor> {
        if weight.use_pickle {
            return Err(failure::unsupported(format!("`{name}` is a pickled object, not plain bytes")));
        }
        let meta = &weight.tensor_meta;
        let place = format!("{folder}{} {meta:?}", weight.path_name);
        if let Some(tensor) = self.here.get(&place) {
            return Ok(tensor.shallow_clone());
        }
        let ints = |list: &[Json]| list.iter().map(fixed).collect::<Option<Vec<i64>>>();
        let (Some(sizes), Some(strides), Some(offset), Some(dtype)) =
            (ints(&meta.sizes), ints(&meta.strides), fixed(&meta.storage_offset), format::scalar_type(meta.dtype))
        else {
            return Err(failure::load(format!("`{name}` has no fixed layout")));
        };
        let bytes = self.archive.read(&format!("{folder}{}", weight.path_name)).map_err(failure::unreadable)?;
        let identity = format!("{name} {meta:?} {}", sha256(&bytes));
        let tensor = match self.loaded.get(&identity) {
            Some(tensor) => tensor.shallow_clone(),
            None => {
                let tensor = tensor_from_storage(&bytes, &sizes, &strides, offset, dtype)
                    .map_err(|f| failure::load(format!("`{name}`: {}", f.message)))?
                    .to_device(self.device);
                self.loaded.insert(identity, tensor.shallow_clone());
                tensor
            }
        };
        self.here.insert(place, tensor.shallow_clone());
        if let Some(kind) = kind {
            self.vars.push(Var { name: name.to_owned(), kind, tensor: tensor.shallow_clone() });
        }
        Ok(tensor)
    }
}
