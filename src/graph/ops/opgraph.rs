//! The record of one forward pass: every top-level ATen operation in the order in which it was dispatched.
//!
//! The worker writes it, the harness walks it. It is an artefact of a run (`graphs/<id>.json`): counting again by
//! another convention needs no network and no libtorch.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// The version of the serialised form. A reader refuses a newer one.
pub const FORMAT: u32 = 1;

/// An index into [`OpGraph::tensors`].
pub type TensorId = usize;

/// One forward pass, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OpGraph {
    /// See [`FORMAT`].
    pub format: u32,
    /// What was recorded: a registry network's or a program's name.
    pub network: String,
    /// How the shapes came about.
    pub recorded: Recorded,
    /// The input's shape (N, C, H, W).
    pub input: [i64; 4],
    /// Every tensor that an operation read or wrote, and every parameter and buffer of the network.
    pub tensors: Vec<TensorInfo>,
    /// The operations in dispatch order.
    pub ops: Vec<Op>,
}

/// How a graph was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recorded {
    /// By a forward on real data.
    Real,
    /// On the meta device: shapes without computation.
    Meta,
}

/// A tensor as the recorder saw it first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TensorInfo {
    /// Sizes; a scalar has none.
    pub shape: Vec<i64>,
    /// `float32`, `float16`, `int64`, `bool`, ... (PyTorch's names).
    pub dtype: String,
    /// Tensors that share memory (views, in-place results) have the same number.
    pub storage: usize,
    /// What it is to the network.
    pub role: Role,
    /// A parameter's or buffer's name in the state dict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What a tensor is to the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The LR image.
    Input,
    /// The SR image.
    Output,
    /// Learned.
    Parameter,
    /// Kept with the network, not learned.
    Buffer,
    /// Made by an operation.
    Intermediate,
    /// Came from outside the recorded operations: a constant of the program.
    Constant,
}

/// One dispatched operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Op {
    /// With its namespace: `aten::conv2d`.
    pub name: String,
    /// The schema's overload; empty for the default one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub overload: String,
    /// Arguments by schema name, in schema order, defaults included.
    pub args: IndexMap<String, Arg>,
    /// Results in order; a list result is flattened.
    pub outputs: Vec<TensorId>,
    /// The enclosing modules, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<Scope>,
}

/// One enclosing module.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Scope {
    /// Its path in the network: `B1.esa.conv1`; empty for the network itself.
    pub path: String,
    /// Its class, as PyTorch would name it, without the package: `Conv2d`, `RLFB`.
    pub class: String,
    /// Which call of this module, from 0: a module that is called twice counts twice.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub call: u32,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// An argument's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Arg {
    /// Absent optional.
    None,
    /// A flag.
    Bool(bool),
    /// An integer; also dtypes, layouts and memory formats by number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A string or a device.
    Str(String),
    /// A tensor.
    Tensor {
        /// Its place in [`OpGraph::tensors`].
        t: TensorId,
    },
    /// A list of any of these.
    List(Vec<Arg>),
}

impl Op {
    /// `aten::add.Tensor`: the name with its overload.
    pub fn full_name(&self) -> String {
        if self.overload.is_empty() { self.name.clone() } else { format!("{}.{}", self.name, self.overload) }
    }

    /// The tensor given for the argument `name`.
    pub fn tensor(&self, name: &str) -> Option<TensorId> {
        match self.args.get(name) {
            Some(Arg::Tensor { t }) => Some(*t),
            _ => None,
        }
    }

    /// Every tensor among the arguments, lists included, in order.
    pub fn inputs(&self) -> Vec<TensorId> {
        let mut ids = Vec::new();
        self.each_input(|t| ids.push(t));
        ids
    }

    /// Calls `f` for every tensor among the arguments, lists included, in order.
    pub fn each_input(&self, mut f: impl FnMut(TensorId)) {
        fn visit(arg: &Arg, f: &mut impl FnMut(TensorId)) {
            match arg {
                Arg::Tensor { t } => f(*t),
                Arg::List(list) => list.iter().for_each(|a| visit(a, f)),
                _ => {}
            }
        }
        self.args.values().for_each(|a| visit(a, &mut f));
    }
}

impl TensorInfo {
    /// Elements.
    pub fn numel(&self) -> u64 {
        self.shape.iter().map(|&n| n.max(0) as u64).product()
    }
}

/// Bytes of one element, by PyTorch's name of the type.
pub(crate) fn dtype_bytes(dtype: &str) -> Option<u64> {
    Some(match dtype {
        "bool" | "uint8" | "int8" | "float8_e4m3fn" | "float8_e5m2" | "qint8" | "quint8" => 1,
        "float16" | "bfloat16" | "int16" | "uint16" => 2,
        "float32" | "int32" | "uint32" | "complex32" => 4,
        "float64" | "int64" | "uint64" | "complex64" => 8,
        "complex128" => 16,
        _ => return None,
    })
}
