//! What a recorded graph tells of an entry: costs by block, memory over the forward, the receptive field.

use serde::Serialize;

use crate::graph::{self, Counter, Grouping, OpGraph};
use crate::page::runtime::short;

/// Everything that a graph tells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Costs {
    /// The convention of FLOPs.
    pub counter: String,
    /// The input, height and width.
    pub input: [i64; 2],
    /// FLOPs by that convention.
    pub flops: u64,
    /// Operations that the convention does not know.
    pub unknown: Vec<String>,
    /// The blocks in their order.
    pub blocks: Vec<CostsOfBlock>,
    /// Memory over the forward.
    pub memory: Alive,
    /// The receptive field.
    pub sight: Sight,
}

/// One block.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CostsOfBlock {
    /// Its path; empty for what runs in the network itself.
    pub name: String,
    /// Its class.
    pub class: String,
    /// FLOPs.
    pub flops: u64,
    /// Its part of all FLOPs, 0 to 1.
    pub share: f64,
    /// Elements of its parameters.
    pub params: u64,
    /// The challenge's activations.
    pub acts: u64,
    /// Bytes that its operations must at least read and write.
    pub bytes: u64,
}

/// A lower bound of memory, operation by operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alive {
    /// MiB that are alive during each operation, weights and input included.
    pub mib: Vec<f64>,
    /// MiB of weights and buffers.
    pub weights_mib: f64,
    /// MiB at the top.
    pub peak_mib: f64,
    /// Where the top is.
    pub at: Option<PeakAt>,
}

/// The operation at which memory is highest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PeakAt {
    /// Its place among the operations, from 0.
    pub op: usize,
    /// Its name.
    pub name: String,
    /// Its module's path.
    pub path: String,
    /// The largest tensors that are alive then: `1 x 64 x 256 x 256`.
    pub largest: Vec<String>,
}

/// What one pixel of the result sees.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sight {
    /// Height and width in LR pixels.
    pub window: Option<[i64; 2]>,
    /// Operations that look further than any window.
    pub beyond: Vec<String>,
}

const MIB: f64 = (1 << 20) as f64;

/// Looks at a graph.
pub(super) fn costs(graph: &OpGraph, counter: Counter) -> Costs {
    let found = graph::inspect(graph, counter, Grouping::Block);
    let block = |row: graph::Row| CostsOfBlock {
        name: row.name,
        class: row.class,
        flops: row.flops,
        share: short(row.share),
        params: row.params,
        acts: row.activations,
        bytes: row.bytes,
    };
    let shape = |shape: &Vec<i64>| shape.iter().map(i64::to_string).collect::<Vec<_>>().join(" x ");
    let memory = Alive {
        mib: graph::alive(graph).into_iter().map(|bytes| short(bytes as f64 / MIB)).collect(),
        weights_mib: found.memory.weights_bytes as f64 / MIB,
        peak_mib: found.memory.peak_bytes as f64 / MIB,
        at: found.memory.at.map(|at| PeakAt {
            op: at.op,
            name: at.name,
            path: at.path,
            largest: at.largest.iter().map(shape).collect(),
        }),
    };
    Costs {
        counter: counter.to_string(),
        input: [graph.input[2], graph.input[3]],
        flops: found.tally.flops,
        unknown: found.tally.unknown,
        blocks: found.rows.into_iter().map(block).collect(),
        memory,
        sight: Sight {
            window: found.receptive_field.window,
            beyond: found.receptive_field.beyond.into_keys().collect(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::build::{Builder, Conv2d};

    #[test]
    fn the_curve_reaches_the_peak_where_the_bound_says() {
        let mut b = Builder::new("Net", [1, 3, 8, 8]);
        let x = b.conv2d("head", 0, Conv2d::same(16, 3));
        let x = b.activation("act", "ReLU", "aten::relu", x);
        let x = b.conv2d("tail", x, Conv2d::same(3, 3));
        let graph = b.finish(x);
        let costs = costs(&graph, Counter::Macs);
        let top = costs.memory.mib.iter().copied().fold(0.0, f64::max);
        assert_eq!(top, short(costs.memory.peak_mib));
        let at = costs.memory.at.unwrap();
        assert_eq!(costs.memory.mib[at.op], top);
        assert_eq!(costs.memory.mib.len(), 3);
        assert_eq!(costs.sight.window, Some([5, 5]));
        assert_eq!(costs.blocks.iter().map(|b| b.flops).sum::<u64>(), costs.flops);
    }
}
