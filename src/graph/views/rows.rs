//! A graph's costs in rows: by layer, by operation, or by block. The rows of one grouping add up to the tally.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::graph::analysis::blocks;
use crate::graph::conventions::count::{OpCost, Treatment};
use crate::graph::ops::call::sum;
use crate::graph::ops::opgraph::{Op, OpGraph, Role, TensorInfo};
use crate::graph::ops::table;

/// What a row stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// A module, without those inside it: all calls of it together.
    #[default]
    Layer,
    /// All operations of one full name.
    Op,
    /// A block of the network with everything inside.
    Block,
}

impl std::str::FromStr for Grouping {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "layer" => Ok(Grouping::Layer),
            "op" => Ok(Grouping::Op),
            "block" => Ok(Grouping::Block),
            _ => {
                let hint = crate::util::toml_file::nearest(s, ["layer", "op", "block"]);
                Err(format!("no grouping `{s}`{hint}; there are layer, op and block"))
            }
        }
    }
}

/// One row.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The module's path, empty for the network itself; or the operation's full name.
    pub name: String,
    /// The module's class; for an operation what the convention says of it: counted, ignored, free or unknown.
    pub class: String,
    /// Operations.
    pub ops: u64,
    /// Elements of its parameters; for an operation those that it is the first to read.
    pub params: u64,
    /// FLOPs by the convention.
    pub flops: u64,
    /// Its part of the total, 0 to 1.
    pub share: f64,
    /// True multiply-accumulates.
    pub macs: u64,
    /// Other arithmetic operations.
    pub elementwise: u64,
    /// The challenge's activations.
    pub activations: u64,
    /// The challenge's #conv.
    pub convs: u64,
    /// Elements written.
    pub elements: u64,
    /// Bytes that its operations must at least read and write, each on its own.
    pub bytes: u64,
    /// Arithmetic intensity: arithmetic operations (a MAC is two) a byte.
    pub intensity: f64,
    /// The shape of its last result.
    pub output: Vec<i64>,
    /// For an operation: the formula of its work.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub formula: String,
    /// For an operation: why it is counted so.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// Name of the row of parameters that no operation reads, by operation.
pub(crate) const UNUSED: &str = "(no operation)";

/// Groups the costs of a graph; rows in the order in which their operations first ran.
pub fn rows(graph: &OpGraph, costs: &[OpCost], by: Grouping) -> Vec<Row> {
    let depth = blocks::depth(graph);
    let mut rows: IndexMap<String, Row> = IndexMap::new();
    for (op, cost) in graph.ops.iter().zip(costs) {
        let (name, class) = key(op, cost, by, depth, &graph.network);
        let row = rows.entry(name.clone()).or_insert_with(|| {
            let (formula, why) = explanation(op, by);
            Row { name, class, formula, why, ..Row::default() }
        });
        add(row, op, cost, graph);
    }
    add_params(&mut rows, graph, by);
    let total = sum(rows.values().map(|r| r.flops));
    for row in rows.values_mut() {
        row.share = if total == 0 { 0.0 } else { row.flops as f64 / total as f64 };
        row.intensity =
            if row.bytes == 0 { 0.0 } else { (2.0 * row.macs as f64 + row.elementwise as f64) / row.bytes as f64 };
    }
    rows.into_values().collect()
}

fn key(op: &Op, cost: &OpCost, by: Grouping, depth: usize, network: &str) -> (String, String) {
    let scope = match by {
        Grouping::Op => {
            let verdict = match cost.treatment {
                Treatment::Counted(_) => "counted",
                Treatment::Ignored => "ignored",
                Treatment::Free => "free",
                Treatment::Unknown => "unknown",
            };
            return (op.full_name(), verdict.to_owned());
        }
        Grouping::Layer => op.scope.last(),
        Grouping::Block => blocks::block(&op.scope, depth).or(op.scope.first()),
    };
    scope.map_or_else(|| (String::new(), network.to_owned()), |s| (s.path.clone(), s.class.clone()))
}

fn explanation(op: &Op, by: Grouping) -> (String, String) {
    match (by, table::find(&op.name)) {
        (Grouping::Op, Some(entry)) => (entry.formula.to_owned(), entry.why.to_owned()),
        (Grouping::Op, None) => (String::new(), "no entry of the op table explains it".to_owned()),
        _ => Default::default(),
    }
}

fn add(row: &mut Row, op: &Op, cost: &OpCost, graph: &OpGraph) {
    row.ops += 1;
    for (sum, n) in [
        (&mut row.flops, cost.flops()),
        (&mut row.macs, cost.macs),
        (&mut row.elementwise, cost.elementwise),
        (&mut row.activations, cost.activations),
        (&mut row.convs, u64::from(cost.conv)),
        (&mut row.elements, cost.elements),
        (&mut row.bytes, cost.bytes),
    ] {
        *sum = sum.saturating_add(n);
    }
    // An operation's calls may differ: some counted by the hook, some not. One unknown makes the row unknown.
    let rank = |class: &str| ["free", "ignored", "counted", "unknown"].iter().position(|c| *c == class);
    let verdict = match cost.treatment {
        Treatment::Counted(_) => "counted",
        Treatment::Unknown => "unknown",
        _ => "",
    };
    if rank(&row.class).is_some_and(|now| rank(verdict) > Some(now)) {
        row.class = verdict.to_owned();
    }
    if let Some(tensor) = op.outputs.first().and_then(|&t| graph.tensors.get(t)) {
        row.output.clone_from(&tensor.shape);
    }
}

fn add_params(rows: &mut IndexMap<String, Row>, graph: &OpGraph, by: Grouping) {
    let mut reader: Vec<Option<usize>> = vec![None; graph.tensors.len()];
    for (i, op) in graph.ops.iter().enumerate() {
        op.each_input(|t| {
            if let Some(first) = reader.get_mut(t) {
                first.get_or_insert(i);
            }
        });
    }
    for (t, tensor) in graph.tensors.iter().enumerate().filter(|(_, t)| t.role == Role::Parameter) {
        let name = match by {
            Grouping::Op => reader[t].map_or_else(|| UNUSED.to_owned(), |i| graph.ops[i].full_name()),
            Grouping::Layer => owner(tensor).to_owned(),
            Grouping::Block => ancestor(rows, owner(tensor)),
        };
        let row = rows.entry(name.clone()).or_insert_with(|| Row { name, ..Row::default() });
        row.params = row.params.saturating_add(tensor.numel());
    }
}

/// The module that a parameter belongs to: its name without the last part.
fn owner(tensor: &TensorInfo) -> &str {
    tensor.name.as_deref().and_then(|n| n.rsplit_once('.')).map_or("", |(path, _)| path)
}

/// The longest path among the rows that leads to `path`; the first part of `path` if there is none.
fn ancestor(rows: &IndexMap<String, Row>, path: &str) -> String {
    let mut at = path;
    loop {
        if rows.contains_key(at) && !at.is_empty() {
            return at.to_owned();
        }
        match at.rsplit_once('.') {
            Some((up, _)) => at = up,
            // Nothing of it ran.
            None => return at.to_owned(),
        }
    }
}
