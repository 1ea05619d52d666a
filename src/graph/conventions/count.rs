//! Counting: each operation judged by a convention, and the sums.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::graph::conventions::counter::Counter;
use crate::graph::conventions::hook;
use crate::graph::ops::call::{Call, sum};
use crate::graph::ops::opgraph::dtype_bytes;
use crate::graph::ops::opgraph::{OpGraph, Role};
use crate::graph::ops::table;
use crate::graph::ops::table::{OpEntry, Work};

/// How a convention treats an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// It is counted with this number of FLOPs.
    Counted(u64),
    /// It computes, but the convention does not count it.
    Ignored,
    /// It does not compute.
    Free,
    /// The table of operations has no entry for it, or the entry's formula does not fit its shapes.
    Unknown,
}

/// One operation's costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpCost {
    /// The convention's treatment.
    pub treatment: Treatment,
    /// True multiply-accumulates, whatever the convention.
    pub macs: u64,
    /// Other arithmetic operations, whatever the convention.
    pub elementwise: u64,
    /// The challenge's activations: output elements if it is the convolution of a Conv2d or ConvTranspose2d module.
    pub activations: u64,
    /// Whether it is such a convolution.
    pub conv: bool,
    /// Elements that it writes: its results without views.
    pub elements: u64,
    /// Bytes that it must at least read and write; 0 for a view.
    pub bytes: u64,
}

impl OpCost {
    /// FLOPs by the convention.
    pub fn flops(&self) -> u64 {
        if let Treatment::Counted(n) = self.treatment { n } else { 0 }
    }
}

/// The sums over a graph, by one convention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// The convention.
    pub counter: Counter,
    /// Elements of all parameters, used or not.
    pub params: u64,
    /// Elements of all buffers.
    pub buffers: u64,
    /// Elements of parameters that no operation read.
    pub unused_params: u64,
    /// FLOPs by the convention; a multiply-accumulate is one.
    pub flops: u64,
    /// True multiply-accumulates, whatever the convention.
    pub macs: u64,
    /// Arithmetic operations that are no multiply-accumulates, whatever the convention; biases are among them.
    pub elementwise: u64,
    /// The additions of biases to the results of convolutions, which other tools count as FLOPs.
    pub conv_biases: u64,
    /// Output elements of the convolutions of Conv2d and ConvTranspose2d modules: the challenge's activations.
    pub activations: u64,
    /// Calls of such modules: the challenge's #conv.
    pub convs: u64,
    /// Convolutions outside of such modules, which the challenge's activations and #conv do not see.
    pub functional_convs: u64,
    /// Elements that all operations wrote.
    pub elements: u64,
    /// Operations.
    pub ops: u64,
    /// Full names of the operations that compute but do not count by this convention, with their calls.
    pub ignored: BTreeMap<String, u64>,
    /// Full names of the unknown operations, sorted, each once.
    pub unknown: Vec<String>,
}

/// Counts a graph by a convention.
pub fn count(graph: &OpGraph, counter: Counter) -> Tally {
    tally(graph, counter, &costs(graph, counter))
}

/// Each operation's costs, in order.
pub fn costs(graph: &OpGraph, counter: Counter) -> Vec<OpCost> {
    (0..graph.ops.len()).map(|index| cost(&Call { graph, index }, counter)).collect()
}

/// Sums up what [`costs`] found.
pub(crate) fn tally(graph: &OpGraph, counter: Counter, costs: &[OpCost]) -> Tally {
    let mut used = vec![false; graph.tensors.len()];
    graph.ops.iter().for_each(|op| op.each_input(|t| mark(&mut used, t)));
    let elements = |role: Role| sum(graph.tensors.iter().filter(move |t| t.role == role).map(|t| t.numel()));
    let unused = graph.tensors.iter().zip(&used).filter(|(t, used)| t.role == Role::Parameter && !**used);
    let total = |f: fn(&OpCost) -> u64| sum(costs.iter().map(f));
    let mut ignored: BTreeMap<String, u64> = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    let (mut functional_convs, mut conv_biases) = (0, 0_u64);
    for (index, (op, cost)) in graph.ops.iter().zip(costs).enumerate() {
        match cost.treatment {
            Treatment::Ignored => *ignored.entry(op.full_name()).or_default() += 1,
            Treatment::Unknown => {
                unknown.insert(op.full_name());
            }
            Treatment::Counted(_) | Treatment::Free => {}
        }
        if table::find(&op.name).is_some_and(|e| is_conv(e, &Call { graph, index })) {
            functional_convs += u64::from(!cost.conv);
            conv_biases = conv_biases.saturating_add(cost.elementwise);
        }
    }
    Tally {
        counter,
        params: elements(Role::Parameter),
        buffers: elements(Role::Buffer),
        unused_params: sum(unused.map(|(t, _)| t.numel())),
        flops: total(OpCost::flops),
        macs: total(|c| c.macs),
        elementwise: total(|c| c.elementwise),
        conv_biases,
        activations: total(|c| c.activations),
        convs: costs.iter().filter(|c| c.conv).count() as u64,
        functional_convs,
        elements: total(|c| c.elements),
        ops: costs.len() as u64,
        ignored,
        unknown: unknown.into_iter().collect(),
    }
}

fn mark(used: &mut [bool], t: usize) {
    if let Some(flag) = used.get_mut(t) {
        *flag = true;
    }
}

/// A two-dimensional convolution, transposed or not, wherever it runs.
fn is_conv(entry: &OpEntry, call: &Call<'_>) -> bool {
    entry.modules.contains(&"Conv2d") && call.shape(&["weight"]).is_some_and(|w| w.len() == 4)
}

fn cost(call: &Call<'_>, counter: Counter) -> OpCost {
    let written: Vec<bool> = (0..call.op().outputs.len()).map(|n| call.writes(n)).collect();
    let outputs = || call.op().outputs.iter().zip(&written).filter(|(_, w)| **w).map(|(&t, _)| t);
    let mut cost = OpCost {
        treatment: Treatment::Unknown,
        macs: 0,
        elementwise: 0,
        activations: 0,
        conv: false,
        elements: sum(outputs().filter_map(|t| call.graph.tensors.get(t)).map(|t| t.numel())),
        bytes: 0,
    };
    if written.contains(&true) {
        let size = |t: usize| {
            let tensor = call.graph.tensors.get(t);
            tensor.map_or(0, |t| t.numel().saturating_mul(dtype_bytes(&t.dtype).unwrap_or(1)))
        };
        call.op().each_input(|t| cost.bytes = cost.bytes.saturating_add(size(t)));
        outputs().for_each(|t| cost.bytes = cost.bytes.saturating_add(size(t)));
    }
    let Some(entry) = table::find(&call.op().name) else { return cost };
    let fits = match work(entry, call) {
        Some((macs, elementwise)) => {
            (cost.macs, cost.elementwise) = (macs, elementwise);
            true
        }
        None => false,
    };
    cost.conv = is_conv(entry, call) && hook::is_conv_module(call.class());
    if cost.conv {
        cost.activations = call.output().map_or(0, |t| t.numel());
    }
    cost.treatment = if fits { judge(entry, call, counter, cost.macs) } else { Treatment::Unknown };
    cost
}

/// Multiply-accumulates and other arithmetic.
fn work(entry: &OpEntry, call: &Call<'_>) -> Option<(u64, u64)> {
    Some(match entry.work {
        Work::Macs(formula) => (formula(call)?, bias(call)),
        Work::PerOutput(each) => (0, call.output_elements().saturating_mul(each)),
        Work::PerInput(each) => (0, call.first_input().map_or(0, |t| t.numel()).saturating_mul(each)),
        Work::Arithmetic(formula) => (0, formula(call)?),
        Work::Free => (0, 0),
    })
}

/// Additions of a bias to a product's results.
fn bias(call: &Call<'_>) -> u64 {
    // `addmm` and its kin add their `self`.
    let addend = call.base_name().contains("add") && !call.base_name().contains("cudnn");
    if addend || call.tensor(&["bias", "bias_opt"]).is_some() { call.output().map_or(0, |t| t.numel()) } else { 0 }
}

fn judge(entry: &OpEntry, call: &Call<'_>, counter: Counter, macs: u64) -> Treatment {
    let counted = |flops: Option<u64>| flops.map_or(Treatment::Unknown, Treatment::Counted);
    let otherwise = if matches!(entry.work, Work::Free) { Treatment::Free } else { Treatment::Ignored };
    match counter {
        Counter::Hook if entry.modules.contains(&call.class()) => counted(hook::flops(call)),
        Counter::Fvcore => entry.fvcore.map_or(otherwise, |handle| counted(handle(call))),
        Counter::Macs if matches!(entry.work, Work::Macs(_)) => Treatment::Counted(macs),
        Counter::Hook | Counter::Macs => otherwise,
    }
}
