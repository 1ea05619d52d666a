//! The challenge's module hooks (NTIRE 2022 and 2023): what they count at each call of a module.
//!
//! A hook sees modules, not operations. Which operation stands for a module's call is in the op table
//! ([`OpEntry::modules`](crate::graph::ops::table::OpEntry::modules)); what the hook counts for its class is here.

use crate::graph::ops::call::{Call, product};
use crate::graph::ops::cost;

/// Whether the innermost module is one whose convolutions the challenge counts (activations, #conv).
pub(crate) fn is_conv_module(class: &str) -> bool {
    matches!(class, "Conv2d" | "ConvTranspose2d")
}

/// What the hook counts for the call of the module that `call` stands for. `None`: the hook would fail on its shapes.
pub(crate) fn flops(call: &Call<'_>) -> Option<u64> {
    match call.class() {
        "Conv2d" | "ConvTranspose2d" => cost::conv_at_output(call),
        "BatchNorm2d" => {
            let each = if call.tensor(&["weight"]).is_some() { 2 } else { 1 };
            Some(product(call.shape(&["input", "self"])?).saturating_mul(each))
        }
        "Linear" | "NonDynamicallyQuantizableLinear" => {
            let (input, output) = module_shapes(call)?;
            // Right for (N, features) alone: what lies between the first and the last dimension is left out.
            Some(product(&[*input.first()?, *input.get(1)?, *output.get(1)?]))
        }
        _ => Some(call.output()?.numel()),
    }
}

/// Input and output shape of the module's call: a decomposed `Linear` is several operations, of which the first reads
/// the input and the last makes the output.
fn module_shapes<'a>(call: &Call<'a>) -> Option<(&'a [i64], &'a [i64])> {
    if call.op().name == "aten::linear" {
        return Some((&call.first_input()?.shape, &call.output()?.shape));
    }
    let ops = &call.graph.ops;
    let same = |i: &usize| ops[*i].scope == call.op().scope;
    let first = (0..=call.index).rev().take_while(same).last()?;
    let last = (call.index..ops.len()).take_while(same).last()?;
    let own: Vec<usize> = ops[first..=last].iter().flat_map(|op| op.outputs.iter().copied()).collect();
    let from_outside = |t: &usize| {
        let role = call.graph.tensors[*t].role;
        !own.contains(t)
            && !matches!(role, crate::graph::ops::opgraph::Role::Parameter | crate::graph::ops::opgraph::Role::Buffer)
    };
    let input = ops[first..=last].iter().flat_map(|op| op.inputs()).find(from_outside)?;
    let output = *ops[last].outputs.first()?;
    Some((&call.graph.tensors[input].shape, &call.graph.tensors[output].shape))
}
