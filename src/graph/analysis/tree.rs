//! The modules of a network as a tree, in the order in which they ran: what a paper draws as its block diagram.

use indexmap::IndexMap;

use crate::graph::conventions::count::{OpCost, Treatment};
use crate::graph::ops::call::Call;
use crate::graph::ops::opgraph::{OpGraph, Role, Scope};

/// A module, with everything inside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Module {
    /// Its name in the module around it: `esa`; a run of equal ones: `B1 .. B4`. Empty for the network itself.
    pub name: String,
    /// Its class.
    pub class: String,
    /// How many equal modules in a row this stands for.
    pub repeats: usize,
    /// How often each of them was called.
    pub calls: u32,
    /// Elements of the parameters of each of them.
    pub params: u64,
    /// True multiply-accumulates of each of them.
    pub macs: u64,
    /// The shape of its last result.
    pub output: Vec<i64>,
    /// What it computes itself, outside of any module in it: names of operations, each once.
    pub own: Vec<String>,
    /// The modules in it.
    pub children: Vec<Module>,
}

/// The tree, equal neighbours as one. `costs` are the graph's ([`crate::graph::conventions::count::costs`]).
pub fn tree(graph: &OpGraph, costs: &[OpCost]) -> Module {
    let mut root = Node::default();
    if let Some(scope) = graph.ops.iter().find_map(|op| op.scope.first()) {
        root.class.clone_from(&scope.class);
        root.path.clone_from(&scope.path);
    }
    for (index, cost) in (0..graph.ops.len()).zip(costs) {
        root.add(&Call { graph, index }, cost, graph);
    }
    for tensor in graph.tensors.iter().filter(|t| t.role == Role::Parameter) {
        root.own_param(tensor.name.as_deref().unwrap_or(""), tensor.numel());
    }
    root.finish("")
}

#[derive(Default)]
struct Node {
    path: String,
    class: String,
    calls: u32,
    params: u64,
    macs: u64,
    output: Vec<i64>,
    own: Vec<String>,
    children: IndexMap<String, Node>,
}

impl Node {
    fn add(&mut self, call: &Call<'_>, cost: &OpCost, graph: &OpGraph) {
        let op = call.op();
        // The outermost module is the network itself.
        let inner: &[Scope] = op.scope.get(1..).unwrap_or_default();
        let output = op.outputs.first().and_then(|&t| graph.tensors.get(t)).map(|t| t.shape.as_slice());
        let mut node = self;
        node.take(cost, output);
        for scope in inner {
            node = node.children.entry(scope.path.clone()).or_insert_with(|| Node {
                path: scope.path.clone(),
                class: scope.class.clone(),
                ..Node::default()
            });
            node.calls = node.calls.max(scope.call.saturating_add(1));
            node.take(cost, output);
        }
        let name = call.base_name().trim_start_matches("aten::").to_owned();
        if cost.treatment != Treatment::Free && !node.own.contains(&name) {
            node.own.push(name);
        }
    }

    fn take(&mut self, cost: &OpCost, output: Option<&[i64]>) {
        self.macs = self.macs.saturating_add(cost.macs);
        if let Some(shape) = output {
            self.output = shape.to_vec();
        }
    }

    fn own_param(&mut self, name: &str, elements: u64) {
        self.params = self.params.saturating_add(elements);
        let inside = |path: &str| name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
        if let Some(child) = self.children.values_mut().find(|child| inside(&child.path)) {
            child.own_param(name, elements);
        }
    }

    fn finish(self, around: &str) -> Module {
        let name = self.path.strip_prefix(around).map_or(self.path.as_str(), |rest| rest.trim_start_matches('.'));
        let mut children: Vec<Module> = Vec::new();
        for (_, child) in self.children {
            let module = child.finish(&self.path);
            match children.last_mut() {
                Some(before) if before.same_as(&module) => before.join(&module),
                _ => children.push(module),
            }
        }
        Module {
            name: name.to_owned(),
            class: self.class,
            repeats: 1,
            calls: self.calls,
            params: self.params,
            macs: self.macs,
            output: self.output,
            own: self.own,
            children,
        }
    }
}

impl Module {
    /// Whether `next` is one more of this run: the same but for its name.
    fn same_as(&self, next: &Module) -> bool {
        (&self.class, self.calls, self.params, self.macs) == (&next.class, next.calls, next.params, next.macs)
            && (&self.output, &self.own, &self.children) == (&next.output, &next.own, &next.children)
    }

    fn join(&mut self, next: &Module) {
        let first = self.name.split(" .. ").next().unwrap_or_default();
        self.name = format!("{first} .. {}", next.name);
        self.repeats += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::conventions::count::costs;
    use crate::graph::conventions::counter::Counter;
    use crate::graph::ops::build::{Builder, Conv2d};

    fn network(widths: &[i64]) -> Module {
        let mut b = Builder::new("Net", [1, 3, 8, 8]);
        let mut x = b.conv2d("head", 0, Conv2d::same(4, 3));
        for (i, &width) in widths.iter().enumerate() {
            let path = format!("B{}", i + 1);
            b.enter(&path, "Block");
            let y = b.conv2d(&format!("{path}.c1"), x, Conv2d::same(width, 3));
            let y = b.activation(&format!("{path}.act"), "ReLU", "aten::relu", y);
            let y = b.conv2d(&format!("{path}.c2"), y, Conv2d::same(4, 3));
            x = b.binary("aten::add", x, y);
            b.leave();
        }
        let graph = b.finish(x);
        tree(&graph, &costs(&graph, Counter::Macs))
    }

    #[test]
    fn equal_blocks_in_a_row_are_one() {
        let root = network(&[6, 6, 6]);
        assert_eq!((root.class.as_str(), root.children.len()), ("Net", 2));
        let blocks = &root.children[1];
        assert_eq!((blocks.name.as_str(), blocks.class.as_str(), blocks.repeats), ("B1 .. B3", "Block", 3));
        assert_eq!(blocks.own, ["add"]);
        let names: Vec<&str> = blocks.children.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["c1", "act", "c2"]);
        // 4 -> 6 -> 4 channels of 3 x 3, with biases, on 8 x 8 pixels.
        assert_eq!((blocks.params, blocks.macs), (216 + 6 + 216 + 4, 2 * 216 * 64));
        assert_eq!(root.params, 3 * blocks.params + 3 * 4 * 9 + 4);
        assert_eq!(blocks.output, [1, 4, 8, 8]);
    }

    #[test]
    fn blocks_of_other_sizes_stay_apart() {
        let names: Vec<String> = network(&[6, 6, 5, 6]).children.into_iter().map(|c| c.name).collect();
        assert_eq!(names, ["head", "B1 .. B2", "B3", "B4"]);
    }
}
