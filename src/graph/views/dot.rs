//! A graph as Graphviz sees it: operations as nodes, tensors as edges, blocks as clusters.

use std::collections::HashMap;
use std::fmt::Write;

use indexmap::IndexMap;

use crate::graph::analysis::blocks;
use crate::graph::conventions::count::{Treatment, costs};
use crate::graph::conventions::counter::Counter;
use crate::graph::ops::opgraph::{OpGraph, Role};

/// The DOT text. Boxes are what `counter` counts, dashed what it ignores, red what it does not know; free operations are
/// plain text. Parameters are left out.
pub fn dot(graph: &OpGraph, counter: Counter) -> String {
    let depth = blocks::depth(graph);
    let mut clusters: IndexMap<(String, String), Vec<usize>> = IndexMap::new();
    let mut outside = Vec::new();
    for (i, op) in graph.ops.iter().enumerate() {
        match blocks::block(&op.scope, depth) {
            Some(block) => clusters.entry((block.path.clone(), block.class.clone())).or_default().push(i),
            None => outside.push(i),
        }
    }
    let costs = costs(graph, counter);
    let node = |i: usize| {
        let op = &graph.ops[i];
        let short = op.name.strip_prefix("aten::").unwrap_or(&op.name);
        let path = op.scope.last().map_or("", |s| s.path.as_str());
        let shape =
            op.outputs.first().and_then(|&t| graph.tensors.get(t)).map_or_else(String::new, |t| sizes(&t.shape));
        let (style, flops) = match costs[i].treatment {
            Treatment::Counted(n) => ("shape=box", format!("\n{n} FLOPs")),
            Treatment::Ignored => ("shape=box,style=dashed", String::new()),
            Treatment::Free => ("shape=plaintext", String::new()),
            Treatment::Unknown => ("shape=box,color=red,fontcolor=red", "\nunknown".to_owned()),
        };
        format!("o{i} [{style},label=\"{}\"];\n", escape(&format!("{short}\n{path}\n{shape}{flops}")))
    };
    let mut out = format!("digraph \"{}\" {{\n  node [fontname=\"Helvetica\",fontsize=10];\n", escape(&graph.network));
    // Writing to a String cannot fail.
    let _ = writeln!(out, "  input [shape=ellipse,label=\"{}\"];", escape(&format!("input\n{}", sizes(&graph.input))));
    for (n, ((path, class), ops)) in clusters.iter().enumerate() {
        let label = escape(&format!("{path} {class}"));
        let _ = write!(out, "  subgraph cluster{n} {{\n    label=\"{label}\";\n    color=gray;\n");
        ops.iter().for_each(|&i| out += &format!("    {}", node(i)));
        out += "  }\n";
    }
    outside.iter().for_each(|&i| out += &format!("  {}", node(i)));
    let mut made_by: HashMap<usize, usize> = HashMap::new();
    let mut last_write: HashMap<usize, usize> = HashMap::new();
    for (i, op) in graph.ops.iter().enumerate() {
        let mut edges = Vec::new();
        for t in op.inputs() {
            let Some(tensor) = graph.tensors.get(t) else { continue };
            // A view reads what was last written to its storage.
            let from = made_by.get(&t).max(last_write.get(&tensor.storage));
            let edge = match (from, tensor.role) {
                (Some(from), _) => format!("o{from} -> o{i};"),
                (None, Role::Input) => format!("input -> o{i};"),
                _ => continue,
            };
            if !edges.contains(&edge) {
                edges.push(edge);
            }
        }
        edges.iter().for_each(|e| out += &format!("  {e}\n"));
        for &t in &op.outputs {
            made_by.insert(t, i);
            if let Some(tensor) = graph.tensors.get(t).filter(|_| costs[i].elements > 0) {
                last_write.insert(tensor.storage, i);
            }
        }
    }
    let result = graph.tensors.iter().position(|t| t.role == Role::Output);
    if let Some((t, from)) = result.and_then(|t| Some((t, made_by.get(&t)?))) {
        let label = escape(&format!("output\n{}", sizes(&graph.tensors[t].shape)));
        let _ = write!(out, "  output [shape=ellipse,label=\"{label}\"];\n  o{from} -> output;\n");
    }
    out + "}\n"
}

fn sizes(shape: &[i64]) -> String {
    shape.iter().map(i64::to_string).collect::<Vec<_>>().join(" x ")
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
