//! Two graphs, block by block.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::graph::analysis::blocks;
use crate::graph::conventions::count::costs;
use crate::graph::conventions::counter::Counter;
use crate::graph::ops::opgraph::{Arg, Op, OpGraph};
use crate::graph::views::rows::{Grouping, Row, rows};

/// One block in both graphs, or in one of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlockDiff {
    /// The block's path.
    pub path: String,
    /// Its row in the first graph.
    pub a: Option<Row>,
    /// Its row in the second graph.
    pub b: Option<Row>,
    /// What is done differently, in words; empty if the blocks are the same.
    pub changes: Vec<String>,
}

impl BlockDiff {
    /// Whether nothing differs, neither operations nor sizes.
    pub fn same(&self) -> bool {
        self.changes.is_empty()
    }
}

/// Compares two graphs by the blocks' paths; blocks of `a` in their order, then those that only `b` has.
pub fn diff(a: &OpGraph, b: &OpGraph, counter: Counter) -> Vec<BlockDiff> {
    let side = |graph: &OpGraph| {
        let mut work: IndexMap<String, Vec<String>> = IndexMap::new();
        let depth = blocks::depth(graph);
        for op in &graph.ops {
            let path = blocks::block(&op.scope, depth).or(op.scope.first()).map_or("", |s| s.path.as_str());
            work.entry(path.to_owned()).or_default().push(signature(graph, op));
        }
        let rows = rows(graph, &costs(graph, counter), Grouping::Block).into_iter().map(|r| (r.name.clone(), r));
        (rows.collect::<IndexMap<_, _>>(), work)
    };
    let ((mut rows_a, work_a), (mut rows_b, work_b)) = (side(a), side(b));
    let mut paths: Vec<String> = rows_a.keys().cloned().collect();
    paths.extend(rows_b.keys().filter(|p| !rows_a.contains_key(*p)).cloned());
    paths
        .into_iter()
        .map(|path| {
            let none = Vec::new();
            let (row_a, row_b) = (rows_a.shift_remove(&path), rows_b.shift_remove(&path));
            let changes = match (&row_a, &row_b) {
                (Some(x), Some(y)) => {
                    changes(x, y, work_a.get(&path).unwrap_or(&none), work_b.get(&path).unwrap_or(&none))
                }
                (Some(_), None) => vec!["only in the first".to_owned()],
                _ => vec!["only in the second".to_owned()],
            };
            BlockDiff { path, a: row_a, b: row_b, changes }
        })
        .collect()
}

/// An operation with what decides its cost: `conv2d 46->46 3x3`, `relu`.
fn signature(graph: &OpGraph, op: &Op) -> String {
    let short = op.name.strip_prefix("aten::").unwrap_or(&op.name);
    let shape = |name: &str| op.tensor(name).and_then(|t| graph.tensors.get(t)).map(|t| t.shape.as_slice());
    let Some(weight) = shape("weight") else { return short.to_owned() };
    let number = |name: &str| match op.args.get(name) {
        Some(Arg::Int(n)) => Some(*n),
        Some(Arg::List(list)) => list.first().and_then(|a| if let Arg::Int(n) = a { Some(*n) } else { None }),
        _ => None,
    };
    let groups = number("groups").unwrap_or(1);
    match weight {
        [output, input, h, w] => {
            let mut text = format!("{short} {}->{output} {h}x{w}", input * groups);
            for (name, plain) in [("stride", 1), ("groups", 1), ("dilation", 1)] {
                if let Some(n) = number(name).filter(|n| *n != plain) {
                    text += &format!(" {name} {n}");
                }
            }
            text
        }
        [out, input] => format!("{short} {input}->{out}"),
        _ => short.to_owned(),
    }
}

fn changes(a: &Row, b: &Row, work_a: &[String], work_b: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    if a.class != b.class {
        out.push(format!("{} is {}", named(&a.class), named(&b.class)));
    }
    let mut counts: IndexMap<&str, (u64, u64)> = IndexMap::new();
    work_a.iter().for_each(|s| counts.entry(s).or_default().0 += 1);
    work_b.iter().for_each(|s| counts.entry(s).or_default().1 += 1);
    for (what, (n, m)) in counts {
        match (n, m) {
            (n, m) if n == m => {}
            (0, m) => out.push(format!("+{m} {what}")),
            (n, 0) => out.push(format!("-{n} {what}")),
            (n, m) => out.push(format!("{what}: {n} is {m}")),
        }
    }
    if out.is_empty() && work_a != work_b {
        out.push("the same operations in another order".to_owned());
    }
    if out.is_empty() && a.output != b.output {
        out.push(format!("output {:?} is {:?}", a.output, b.output));
    }
    if out.is_empty() && a.params != b.params {
        out.push(format!("{} parameters are {}", a.params, b.params));
    }
    if out.is_empty() && a.flops != b.flops {
        out.push(format!("{} FLOPs are {}", a.flops, b.flops));
    }
    out
}

fn named(class: &str) -> &str {
    if class.is_empty() { "(no class)" } else { class }
}
