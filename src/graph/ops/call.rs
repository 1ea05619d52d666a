//! One operation with the tensors that its arguments name: what a formula reads.

use crate::graph::ops::opgraph::{Arg, Op, OpGraph, TensorInfo};

/// An operation in its graph.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The graph.
    pub graph: &'a OpGraph,
    /// The operation's place in [`OpGraph::ops`].
    pub index: usize,
}

impl<'a> Call<'a> {
    /// The operation itself.
    pub fn op(&self) -> &'a Op {
        &self.graph.ops[self.index]
    }

    /// The tensor of the argument that has one of these names.
    pub fn tensor(&self, names: &[&str]) -> Option<&'a TensorInfo> {
        names.iter().find_map(|name| self.op().tensor(name)).and_then(|t| self.graph.tensors.get(t))
    }

    /// Its shape.
    pub fn shape(&self, names: &[&str]) -> Option<&'a [i64]> {
        self.tensor(names).map(|t| t.shape.as_slice())
    }

    /// The first tensor among the arguments.
    pub fn first_input(&self) -> Option<&'a TensorInfo> {
        fn first(arg: &Arg) -> Option<usize> {
            match arg {
                Arg::Tensor { t } => Some(*t),
                Arg::List(list) => list.iter().find_map(first),
                _ => None,
            }
        }
        self.op().args.values().find_map(first).and_then(|t| self.graph.tensors.get(t))
    }

    /// The first result.
    pub fn output(&self) -> Option<&'a TensorInfo> {
        self.op().outputs.first().and_then(|&t| self.graph.tensors.get(t))
    }

    /// Elements of all results.
    pub fn output_elements(&self) -> u64 {
        sum(self.op().outputs.iter().filter_map(|&t| self.graph.tensors.get(t)).map(TensorInfo::numel))
    }

    /// The shapes of a list of tensors.
    pub fn shapes(&self, name: &str) -> Option<Vec<&'a [i64]>> {
        let Some(Arg::List(list)) = self.op().args.get(name) else { return None };
        list.iter()
            .map(|arg| match arg {
                Arg::Tensor { t } => self.graph.tensors.get(*t).map(|t| t.shape.as_slice()),
                _ => None,
            })
            .collect()
    }

    /// A list of integers; a single one is a list of one.
    pub fn ints(&self, names: &[&str]) -> Option<Vec<i64>> {
        names.iter().find_map(|name| match self.op().args.get(*name)? {
            Arg::Int(n) => Some(vec![*n]),
            Arg::List(list) => list.iter().map(|a| if let Arg::Int(n) = a { Some(*n) } else { None }).collect(),
            _ => None,
        })
    }

    /// An integer.
    pub fn int(&self, names: &[&str]) -> Option<i64> {
        self.ints(names).and_then(|list| list.first().copied())
    }

    /// A flag.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.op().args.get(name) {
            Some(Arg::Bool(b)) => Some(*b),
            Some(Arg::Int(n)) => Some(*n != 0),
            _ => None,
        }
    }

    /// A string.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        match self.op().args.get(name) {
            Some(Arg::Str(s)) => Some(s),
            _ => None,
        }
    }

    /// The class of the innermost module; empty outside of any.
    pub fn class(&self) -> &'a str {
        self.op().scope.last().map_or("", |s| s.class.as_str())
    }

    /// The path of the innermost module; empty for the network itself.
    pub fn path(&self) -> &'a str {
        self.op().scope.last().map_or("", |s| s.path.as_str())
    }

    /// The name without overload, and without the underscore of an in-place variant.
    pub fn base_name(&self) -> &'a str {
        let name = self.op().name.as_str();
        match name.strip_suffix('_') {
            Some(base) if !base.ends_with(['_', ':']) => base,
            _ => name,
        }
    }

    /// Whether result number `n` is new data, not a view of an argument: another storage, or written in place.
    pub fn writes(&self, n: usize) -> bool {
        let Some(out) = self.op().outputs.get(n).and_then(|&t| self.graph.tensors.get(t)) else { return false };
        let op = self.op();
        self.base_name().len() < op.name.len()
            || !op.inputs().iter().any(|&t| self.graph.tensors.get(t).is_some_and(|i| i.storage == out.storage))
    }
}

/// A sum that stays at the largest number rather than wrap around.
pub(crate) fn sum(values: impl IntoIterator<Item = u64>) -> u64 {
    values.into_iter().fold(0, u64::saturating_add)
}

/// The product of sizes; it stays at the largest number rather than wrap around.
pub(crate) fn product(sizes: &[i64]) -> u64 {
    sizes.iter().fold(1_u64, |p, &n| p.saturating_mul(n.max(0) as u64))
}
