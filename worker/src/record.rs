//! The operations of one forward, as an [`OpGraph`].

use esr_bench::graph::opgraph::FORMAT;
use esr_bench::graph::{OpGraph, Recorded, Role, TensorId, TensorInfo};
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
        Ok(OpGraph { format: FORMAT, network: self.network.name().to_owned(), recorded, input: shape, tensors, ops })
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
