//! Graphs by hand: for tests, benches, and whoever has shapes but no worker.

use indexmap::IndexMap;

use crate::graph::ops::opgraph::{Arg, FORMAT, Op, OpGraph, Recorded, Role, Scope, TensorId, TensorInfo};

/// Builds a graph operation by operation; tensors are 32-bit floats.
#[derive(Debug, Clone)]
pub struct Builder {
    graph: OpGraph,
    scope: Vec<Scope>,
    storages: usize,
}

/// A convolution's numbers: `Conv2d::same(out, kernel)`, then what differs.
#[derive(Debug, Clone, Copy)]
pub struct Conv2d {
    /// Output channels.
    pub out: i64,
    /// Side of the square kernel.
    pub kernel: i64,
    /// Steps in pixels.
    pub stride: i64,
    /// Zeros on each side.
    pub padding: i64,
    /// Channel groups.
    pub groups: i64,
}

impl Conv2d {
    /// Stride 1 and the padding that keeps the size.
    pub fn same(out: i64, kernel: i64) -> Conv2d {
        Conv2d { out, kernel, stride: 1, padding: (kernel - 1) / 2, groups: 1 }
    }
}

impl Builder {
    /// A network with an input (N, C, H, W), which is tensor 0. The outermost module is the network, of class `name`.
    pub fn new(name: &str, input: [i64; 4]) -> Builder {
        let graph = OpGraph {
            format: FORMAT,
            network: name.to_owned(),
            recorded: Recorded::Meta,
            input,
            tensors: Vec::new(),
            ops: Vec::new(),
        };
        let mut builder = Builder { graph, scope: Vec::new(), storages: 0 };
        builder.tensor(&input, Role::Input, None);
        builder.enter("", name);
        builder
    }

    /// Enters a module.
    pub fn enter(&mut self, path: &str, class: &str) {
        self.scope.push(Scope { path: path.to_owned(), class: class.to_owned(), call: 0 });
    }

    /// Leaves the innermost module.
    pub fn leave(&mut self) {
        self.scope.pop();
    }

    /// A learned tensor.
    pub fn param(&mut self, name: &str, shape: &[i64]) -> TensorId {
        self.tensor(shape, Role::Parameter, Some(name))
    }

    /// A tensor that is kept, not learned.
    pub fn buffer(&mut self, name: &str, shape: &[i64]) -> TensorId {
        self.tensor(shape, Role::Buffer, Some(name))
    }

    /// A tensor's shape.
    pub fn shape(&self, t: TensorId) -> &[i64] {
        &self.graph.tensors[t].shape
    }

    /// An operation that makes new tensors, one a shape. `name` may carry an overload: `aten::add.Tensor`.
    pub fn op(&mut self, name: &str, args: &[(&str, Arg)], outputs: &[&[i64]]) -> Vec<TensorId> {
        let outputs: Vec<_> = outputs.iter().map(|shape| self.tensor(shape, Role::Intermediate, None)).collect();
        self.push(name, args, outputs.clone());
        outputs
    }

    /// An operation whose results share the storage of tensor `of`.
    pub fn view(&mut self, name: &str, args: &[(&str, Arg)], of: TensorId, outputs: &[&[i64]]) -> Vec<TensorId> {
        let ids = self.op(name, args, outputs);
        for &t in &ids {
            self.graph.tensors[t].storage = self.graph.tensors[of].storage;
        }
        ids
    }

    /// An operation of one tensor that overwrites it.
    pub fn in_place(&mut self, name: &str, t: TensorId) -> TensorId {
        self.push(name, &[("self", Arg::Tensor { t })], vec![t]);
        t
    }

    /// An operation of one tensor that keeps its shape.
    pub fn unary(&mut self, name: &str, t: TensorId) -> TensorId {
        let shape = self.shape(t).to_vec();
        self.op(name, &[("self", Arg::Tensor { t })], &[&shape])[0]
    }

    /// An operation of two tensors with the first one's shape.
    pub fn binary(&mut self, name: &str, a: TensorId, b: TensorId) -> TensorId {
        let shape = self.shape(a).to_vec();
        self.op(name, &[("self", Arg::Tensor { t: a }), ("other", Arg::Tensor { t: b })], &[&shape])[0]
    }

    /// An activation as a module at `path`.
    pub fn activation(&mut self, path: &str, class: &str, name: &str, t: TensorId) -> TensorId {
        self.enter(path, class);
        let out = self.unary(name, t);
        self.leave();
        out
    }

    /// A `Conv2d` module at `path`, with bias.
    pub fn conv2d(&mut self, path: &str, t: TensorId, conv: Conv2d) -> TensorId {
        self.enter(path, "Conv2d");
        let out = self.functional_conv2d(path, t, conv);
        self.leave();
        out
    }

    /// A convolution outside of a module of its own; its weights are named after `path`.
    pub fn functional_conv2d(&mut self, path: &str, t: TensorId, conv: Conv2d) -> TensorId {
        let [n, c, h, w] = <[i64; 4]>::try_from(self.shape(t)).unwrap_or([0; 4]);
        let Conv2d { out, kernel, stride, padding, groups } = conv;
        let weight = self.param(&format!("{path}.weight"), &[out, c / groups, kernel, kernel]);
        let bias = self.param(&format!("{path}.bias"), &[out]);
        let size = |n: i64| (n + 2 * padding - kernel) / stride + 1;
        let pair = |n: i64| Arg::List(vec![Arg::Int(n), Arg::Int(n)]);
        let args = [
            ("input", Arg::Tensor { t }),
            ("weight", Arg::Tensor { t: weight }),
            ("bias", Arg::Tensor { t: bias }),
            ("stride", pair(stride)),
            ("padding", pair(padding)),
            ("dilation", pair(1)),
            ("groups", Arg::Int(groups)),
        ];
        self.op("aten::conv2d", &args, &[&[n, out, size(h), size(w)]])[0]
    }

    /// A `PixelShuffle` module at `path`.
    pub fn pixel_shuffle(&mut self, path: &str, t: TensorId, factor: i64) -> TensorId {
        self.enter(path, "PixelShuffle");
        let [n, c, h, w] = <[i64; 4]>::try_from(self.shape(t)).unwrap_or([0; 4]);
        let args = [("self", Arg::Tensor { t }), ("upscale_factor", Arg::Int(factor))];
        let shape = [n, c / (factor * factor), h * factor, w * factor];
        let out = self.op("aten::pixel_shuffle", &args, &[&shape])[0];
        self.leave();
        out
    }

    /// The graph, whose result is `output`.
    pub fn finish(mut self, output: TensorId) -> OpGraph {
        self.graph.tensors[output].role = Role::Output;
        self.graph
    }

    fn tensor(&mut self, shape: &[i64], role: Role, name: Option<&str>) -> TensorId {
        self.graph.tensors.push(TensorInfo {
            shape: shape.to_vec(),
            dtype: "float32".to_owned(),
            storage: self.storages,
            role,
            name: name.map(str::to_owned),
        });
        self.storages += 1;
        self.graph.tensors.len() - 1
    }

    fn push(&mut self, name: &str, args: &[(&str, Arg)], outputs: Vec<TensorId>) {
        let (name, overload) = name.split_once('.').unwrap_or((name, ""));
        self.graph.ops.push(Op {
            name: name.to_owned(),
            overload: overload.to_owned(),
            args: args.iter().map(|(n, a)| ((*n).to_owned(), a.clone())).collect::<IndexMap<_, _>>(),
            outputs,
            scope: self.scope.clone(),
        });
    }
}
