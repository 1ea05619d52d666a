//! The operations of one forward, as an [`OpGraph`].

use std::collections::HashMap;

use esr_bench::graph::opgraph::FORMAT;
use esr_bench::graph::{Arg, Op, OpGraph, Recorded, Role, TensorId, TensorInfo};
use esr_models::vars::VarKind;
use tch::{Kind, Tensor};

use crate::failure;
use crate::failure::Result;
use crate::session::Session;
use crate::shim::meta;
use crate::shim::recorder::{OpRecorder, SeenTensor};

impl Session {
    /// Answers `record`. Without `how` it computes shapes alone, and runs on real data where that fails.
    pub(crate) fn record(&self, height: i64, width: i64, how: Option<Recorded>) -> Result<OpGraph> {
        let shape = [1, 3, height, width];
        if shape.iter().any(|&n| n < 1) || height.checked_mul(width).is_none_or(|n| n > i64::from(i32::MAX)) {
            return Err(failure::request(format!(
                "expected an input of at least 1 x 1 pixels and at most 2^31 - 1 in all, found {height} x {width}"
            )));
        }
        match how {
            Some(Recorded::Real) => self.record_real(shape),
            Some(Recorded::Meta) => self.record_meta(shape),
            None => self.record_meta(shape).or_else(|_| self.record_real(shape)),
        }
    }

    fn record_real(&self, shape: [i64; 4]) -> Result<OpGraph> {
        // Mid-grey: the values do not matter, but a network may divide by them.
        let x = Tensor::full(shape, self.data_range / 2.0, (Kind::Float, self.device));
        self.record_forward(&x, Recorded::Real, shape)
    }

    fn record_meta(&self, shape: [i64; 4]) -> Result<OpGraph> {
        let x = meta::empty(&shape)?;
        let mode = meta::Mode::start()?;
        let graph = self.record_forward(&x, Recorded::Meta, shape);
        let without_kernel = mode.stop()?;
        if !without_kernel.is_empty() {
            eprintln!("these operations have no meta kernel and ran on zeros: {}", without_kernel.join(", "));
        }
        graph
    }

    fn record_forward(&self, x: &Tensor, recorded: Recorded, shape: [i64; 4]) -> Result<OpGraph> {
        let recorder = OpRecorder::start()?;
        // Numbered first, so that they are in the graph even where no operation uses them.
        let mut known = Vec::new();
        for var in self.network.vars() {
            let role = match var.kind {
                VarKind::Parameter => Role::Parameter,
                VarKind::Buffer => Role::Buffer,
            };
            known.push((recorder.tensor(&var.tensor)?, role, Some(var.name.clone())));
        }
        known.push((recorder.tensor(x)?, Role::Input, None));
        let y = self.network.forward(x)?;
        let output = recorder.tensor(&y)?;
        let seen = recorder.stop()?;
        if !known.iter().any(|(id, ..)| *id == output) {
            known.push((output, Role::Output, None));
        }
        let tensors = with_roles(seen.tensors, known);
        let mut ops = seen.ops;
        for scope in ops.iter_mut().flat_map(|op| &mut op.scope) {
            scope.class = self.network.hook_class(&scope.class);
        }
        if self.network.claims_classes() {
            name_convolutions(&mut ops, &tensors);
        }
        Ok(OpGraph { format: FORMAT, network: self.network.name().to_owned(), recorded, input: shape, tensors, ops })
    }
}

/// A module of a program has the class that its archive claims. One that runs a convolution with a weight of its own
/// (`PATH.weight`) is a convolution, whatever it claims: a hook would see it.
fn name_convolutions(ops: &mut [Op], tensors: &[TensorInfo]) {
    let mut convolutions: HashMap<String, &str> = HashMap::new();
    for op in &*ops {
        let class = match op.name.as_str() {
            "aten::conv2d" => "Conv2d",
            "aten::conv_transpose2d" => "ConvTranspose2d",
            "aten::_convolution" | "aten::convolution" => match op.args.get("transposed") {
                Some(Arg::Bool(true)) => "ConvTranspose2d",
                _ => "Conv2d",
            },
            _ => continue,
        };
        let weight = op.tensor("weight").and_then(|t| tensors.get(t)).filter(|t| t.shape.len() == 4);
        let name = weight.and_then(|weight| weight.name.as_deref()).unwrap_or_default();
        if let Some(module) = op.scope.last()
            && name.strip_suffix(".weight") == Some(module.path.as_str())
        {
            convolutions.insert(module.path.clone(), class);
        }
    }
    for scope in ops.iter_mut().flat_map(|op| &mut op.scope) {
        if let Some(class) = convolutions.get(&scope.path) {
            (*class).clone_into(&mut scope.class);
        }
    }
}

fn with_roles(seen: Vec<SeenTensor>, known: Vec<(TensorId, Role, Option<String>)>) -> Vec<TensorInfo> {
    let mut tensors: Vec<TensorInfo> = seen
        .into_iter()
        .map(|t| TensorInfo {
            shape: t.shape,
            dtype: t.dtype,
            storage: t.storage,
            role: if t.made { Role::Intermediate } else { Role::Constant },
            name: None,
        })
        .collect();
    for (id, role, name) in known {
        if let Some(tensor) = tensors.get_mut(id) {
            tensor.role = role;
            tensor.name = name;
        }
    }
    tensors
}

#[cfg(test)]
mod tests {
    use esr_bench::graph::Builder;
    use esr_bench::graph::build::Conv2d;
    use esr_bench::graph::{Counter, count};

    use super::*;

    #[test]
    fn a_convolution_that_claims_to_be_an_identity_is_counted_as_one() {
        let graph = |class: &str| {
            let mut builder = Builder::new("Net", [1, 3, 8, 8]);
            builder.enter("head", class);
            let out = builder.functional_conv2d("head", 0, Conv2d::same(4, 3));
            builder.leave();
            builder.finish(out)
        };
        let honest = count(&graph("Conv2d"), Counter::Hook);
        let mut renamed = graph("Identity");
        assert_eq!(count(&renamed, Counter::Hook).flops, 0);
        name_convolutions(&mut renamed.ops, &renamed.tensors);
        assert_eq!(count(&renamed, Counter::Hook), honest);
    }

    #[test]
    fn a_functional_convolution_stays_what_it_is() {
        let mut builder = Builder::new("Net", [1, 3, 8, 8]);
        builder.enter("body", "Block");
        let out = builder.functional_conv2d("body.fused", 0, Conv2d::same(4, 3));
        builder.leave();
        let mut graph = builder.finish(out);
        let before = graph.clone();
        name_convolutions(&mut graph.ops, &graph.tensors);
        assert_eq!(graph, before);
    }
}
