//! A lower bound of the memory that a forward needs, by liveness: a storage lives from the operation that makes it to
//! the last one that reads it.
//!
//! Views and in-place results share a storage and cost nothing. What a framework needs besides (workspaces, tensors
//! that a variable keeps alive longer, rounding of the allocator) comes on top.

use crate::graph::ops::opgraph::dtype_bytes;
use serde::{Deserialize, Serialize};

use crate::graph::ops::opgraph::{OpGraph, Role};

/// The bound, and where it is reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemoryBound {
    /// Bytes of everything that is alive at the peak.
    pub peak_bytes: u64,
    /// Bytes of parameters and buffers, which live throughout.
    pub weights_bytes: u64,
    /// Bytes of the input and of constants, which live throughout as well.
    pub input_bytes: u64,
    /// The operation at which the peak stands: its place in the graph, its name, and its module.
    pub at: Option<Peak>,
}

/// Where a peak stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peak {
    /// The operation's place in the graph.
    pub op: usize,
    /// Its full name.
    pub name: String,
    /// The path of its innermost module.
    pub path: String,
    /// Shapes of the largest intermediate storages alive then, the largest first, three at most.
    pub largest: Vec<Vec<i64>>,
}

/// A storage's life.
struct Life {
    bytes: u64,
    shape: Vec<i64>,
    first: usize,
    last: usize,
}

/// What lives when.
struct Liveness {
    weights_bytes: u64,
    input_bytes: u64,
    lives: Vec<Life>,
    /// Bytes of intermediate storages that are alive during each operation.
    alive: Vec<u64>,
}

/// Bytes that are alive during each operation, weights and input included: the curve whose top [`memory`] gives.
pub fn alive(graph: &OpGraph) -> Vec<u64> {
    let found = liveness(graph);
    let base = found.weights_bytes.saturating_add(found.input_bytes);
    found.alive.into_iter().map(|bytes| base.saturating_add(bytes)).collect()
}

fn liveness(graph: &OpGraph) -> Liveness {
    let mut weights_bytes = 0_u64;
    let mut input_bytes = 0_u64;
    let mut lives: std::collections::HashMap<usize, Option<Life>> = std::collections::HashMap::new();
    let bytes = |t: usize| {
        let tensor = &graph.tensors[t];
        // A lower bound stays one if an unknown type is taken for the smallest.
        tensor.numel().saturating_mul(dtype_bytes(&tensor.dtype).unwrap_or(1))
    };
    for (t, tensor) in graph.tensors.iter().enumerate() {
        let sum = match tensor.role {
            Role::Parameter | Role::Buffer => &mut weights_bytes,
            Role::Input | Role::Constant => &mut input_bytes,
            Role::Output | Role::Intermediate => continue,
        };
        // The first tensor seen of a storage is the storage; later ones are views, perhaps expanded ones.
        if lives.insert(tensor.storage, None).is_none() {
            *sum = sum.saturating_add(bytes(t));
        }
    }
    for (i, op) in graph.ops.iter().enumerate() {
        let mut see = |t: usize| {
            let Some(tensor) = graph.tensors.get(t) else { return };
            let life = lives
                .entry(tensor.storage)
                .or_insert_with(|| Some(Life { bytes: bytes(t), shape: tensor.shape.clone(), first: i, last: i }));
            if let Some(life) = life {
                life.last = i;
            }
        };
        op.each_input(&mut see);
        op.outputs.iter().for_each(|&t| see(t));
    }
    // The result outlives the forward.
    for tensor in graph.tensors.iter().filter(|t| t.role == Role::Output) {
        if let Some(Some(life)) = lives.get_mut(&tensor.storage) {
            life.last = graph.ops.len().saturating_sub(1);
        }
    }
    let lives: Vec<Life> = lives.into_values().flatten().collect();
    let mut born = vec![0_u64; graph.ops.len()];
    let mut dies = vec![0_u64; graph.ops.len()];
    for life in &lives {
        born[life.first] = born[life.first].saturating_add(life.bytes);
        dies[life.last] = dies[life.last].saturating_add(life.bytes);
    }
    let mut now = 0_u64;
    let alive = born
        .into_iter()
        .zip(dies)
        .map(|(born, dies)| {
            let during = now.saturating_add(born);
            now = during.saturating_sub(dies);
            during
        })
        .collect();
    Liveness { weights_bytes, input_bytes, lives, alive }
}

/// The bound of a graph.
pub fn memory(graph: &OpGraph) -> MemoryBound {
    let Liveness { weights_bytes, input_bytes, lives, alive } = liveness(graph);
    // The first of equal tops.
    let peak = alive.iter().copied().enumerate().max_by_key(|&(i, bytes)| (bytes, std::cmp::Reverse(i)));
    let base = weights_bytes.saturating_add(input_bytes);
    let at = peak.map(|(i, _)| {
        let op = &graph.ops[i];
        let mut there: Vec<&Life> = lives.iter().filter(|l| l.first <= i && i <= l.last).collect();
        there.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.shape.cmp(&b.shape)));
        Peak {
            op: i,
            name: op.full_name(),
            path: op.scope.last().map_or_else(String::new, |s| s.path.clone()),
            largest: there.iter().take(3).map(|l| l.shape.clone()).collect(),
        }
    });
    MemoryBound { peak_bytes: base.saturating_add(peak.map_or(0, |p| p.1)), weights_bytes, input_bytes, at }
}
