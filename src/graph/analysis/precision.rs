//! In which precision a network computes, against what its submission declares.

use crate::graph::ops::opgraph::{OpGraph, TensorInfo};

/// Whether a network computes in the dtype that was declared (`float32`, `float16`, `bfloat16`), and in no other. With 16
/// bits declared, 32 elsewhere are as declared. Scalars count for nothing: a Python number travels as one of 64 bits.
pub fn precision(graph: &OpGraph, declared: &str) -> Result<(), String> {
    let computes = |tensor: &TensorInfo| {
        let quantised = tensor.dtype.starts_with('q');
        !tensor.shape.is_empty() && (quantised || tensor.dtype.contains("float"))
    };
    let mut used: Vec<(&str, &str)> = Vec::new();
    for op in &graph.ops {
        for id in op.inputs().into_iter().chain(op.outputs.iter().copied()) {
            if let Some(tensor) = graph.tensors.get(id).filter(|t| computes(t))
                && !used.iter().any(|(dtype, _)| *dtype == tensor.dtype)
            {
                used.push((&tensor.dtype, &op.name));
            }
        }
    }
    match used.iter().find(|(dtype, _)| *dtype != declared && *dtype != "float32") {
        Some((dtype, op)) => Err(format!("{dtype} inside (first in {op}), the manifest declares {declared}")),
        None if !used.iter().any(|(dtype, _)| *dtype == declared) => {
            Err(format!("the manifest declares {declared}, and nothing is computed in it"))
        }
        None => Ok(()),
    }
}
