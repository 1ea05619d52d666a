//! The parts of `models/model.json` and of the weight tables of a `torch.export` archive (schema 8) that the worker reads.

use std::collections::BTreeMap;

use esr_bench::submission::archive::Archive;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure;
use crate::failure::Result;

/// The schema generation that this reader knows.
pub(super) const SCHEMA_MAJOR: u64 = 8;

#[derive(Debug, Deserialize)]
pub(super) struct Model {
    pub(super) graph_module: GraphModule,
    pub(super) schema_version: SchemaVersion,
}

#[derive(Debug, Deserialize)]
pub(super) struct SchemaVersion {
    pub(super) major: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct GraphModule {
    pub(super) graph: Graph,
    pub(super) signature: Signature,
}

#[derive(Debug, Deserialize)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) outputs: Vec<Value>,
    pub(super) tensor_values: BTreeMap<String, TensorMeta>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Node {
    /// `torch.ops.aten.conv2d.default`, `_operator.mul`.
    pub(super) target: String,
    pub(super) inputs: Vec<Input>,
    pub(super) outputs: Vec<Value>,
    #[serde(default)]
    pub(super) metadata: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Input {
    #[serde(default)]
    pub(super) name: String,
    /// A union with one key: `{"as_tensor": {"name": ...}}`.
    pub(super) arg: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Signature {
    pub(super) input_specs: Vec<BTreeMap<String, Value>>,
    pub(super) output_specs: Vec<BTreeMap<String, Value>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Weights {
    pub(super) config: BTreeMap<String, Weight>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Weight {
    pub(super) path_name: String,
    #[serde(default)]
    pub(super) is_param: bool,
    #[serde(default)]
    pub(super) use_pickle: bool,
    pub(super) tensor_meta: TensorMeta,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct TensorMeta {
    pub(super) dtype: i64,
    pub(super) sizes: Vec<Value>,
    pub(super) strides: Vec<Value>,
    pub(super) storage_offset: Value,
}

/// The number in `{"as_int": 3}`; `None` for a symbolic size.
pub(super) fn fixed(value: &Value) -> Option<i64> {
    value.get("as_int").and_then(Value::as_i64)
}

/// The only key and value of a union.
pub(super) fn union(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object()?;
    match object.len() {
        1 => object.iter().next().map(|(k, v)| (k.as_str(), v)),
        _ => None,
    }
}

/// The schema's number of a dtype as c10's.
pub(super) fn scalar_type(schema: i64) -> Option<i64> {
    match schema {
        1..=12 => Some(schema - 1),
        13 => Some(15),
        _ => None,
    }
}

/// The schema's number of a memory format as c10's.
pub(super) fn memory_format(schema: i64) -> Option<i64> {
    match schema {
        1 => Some(0),
        2 => Some(2),
        3 => Some(3),
        4 => Some(1),
        _ => None,
    }
}

/// The size (height, width) that an input is bound to, if any.
pub(super) fn bound_size(meta: &TensorMeta) -> Option<[i64; 2]> {
    match &meta.sizes[..] {
        [_, _, height, width] => Some([fixed(height)?, fixed(width)?]),
        _ => None,
    }
}

/// Reads an archive's entry.
pub(super) fn read_json<T: DeserializeOwned>(archive: &mut Archive, name: &str) -> Result<T> {
    let bytes = archive.read(name).map_err(failure::unreadable)?;
    serde_json::from_slice(&bytes)
        .map_err(|error| failure::unreadable(archive.wrong(name, "JSON as torch.export writes it", error.to_string())))
}
