//! Whether a record is complete: its output was made by recorded operations, from the input.

use std::collections::HashSet;

use crate::graph::ops::opgraph::{OpGraph, Role};

/// Checks that recorded operations lead from the input to the output. A record that lacks a part of the work, done in another
/// thread or by code that the recorder does not see, has an output that no operation made, or one that does not depend on
/// the input.
///
/// # Errors
/// What is missing, in one line.
pub fn connected(graph: &OpGraph) -> Result<(), String> {
    let of_role = |role| graph.tensors.iter().position(|t| t.role == role);
    let Some(input) = of_role(Role::Input) else { return Err("no tensor is the input".to_owned()) };
    let Some(output) = of_role(Role::Output) else {
        return Err("the output is the input itself, a parameter or a buffer".to_owned());
    };
    let storage = |t: usize| graph.tensors.get(t).map(|tensor| tensor.storage);
    // Views share a storage, so that what depends on the input is known by its memory.
    let mut reached: HashSet<usize> = storage(input).into_iter().collect();
    let mut made = false;
    for op in &graph.ops {
        made |= op.outputs.contains(&output);
        let inputs = op.inputs();
        if inputs.iter().any(|&t| storage(t).is_some_and(|s| reached.contains(&s))) {
            reached.extend(op.outputs.iter().filter_map(|&t| storage(t)));
            // `copy_`, `index_put_`: what is written in place is the first argument, and may be a view of something else.
            if op.name.ends_with('_') {
                reached.extend(inputs.first().and_then(|&t| storage(t)));
            }
        }
    }
    if !made {
        return Err("no recorded operation made the output".to_owned());
    }
    if storage(output).is_some_and(|s| reached.contains(&s)) {
        return Ok(());
    }
    Err("the recorded operations do not lead from the input to the output".to_owned())
}

/// Names of the parameters that no recorded operation read, in the order of the state dict.
pub fn unread_parameters(graph: &OpGraph) -> Vec<String> {
    let mut read = HashSet::new();
    for op in &graph.ops {
        op.each_input(|t| {
            read.extend(graph.tensors.get(t).map(|tensor| tensor.storage));
        });
    }
    let unread = |t: &&crate::graph::TensorInfo| t.role == Role::Parameter && !read.contains(&t.storage);
    graph.tensors.iter().filter(unread).filter_map(|t| t.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::ops::build::{Builder, Conv2d};
    use crate::graph::ops::opgraph::Arg;

    fn honest() -> OpGraph {
        let mut builder = Builder::new("Net", [1, 3, 8, 8]);
        let head = builder.conv2d("head", 0, Conv2d::same(48, 3));
        let out = builder.pixel_shuffle("up", head, 4);
        builder.finish(out)
    }

    #[test]
    fn a_whole_record_is_connected() {
        assert_eq!(connected(&honest()), Ok(()));
        assert!(unread_parameters(&honest()).is_empty());
    }

    #[test]
    fn an_output_that_no_operation_made_is_told() {
        let mut graph = honest();
        graph.ops.pop();
        assert_eq!(connected(&graph), Err("no recorded operation made the output".to_owned()));
    }

    #[test]
    fn work_that_is_missing_in_the_middle_is_told() {
        let mut graph = honest();
        graph.ops.remove(0);
        let words = "the recorded operations do not lead from the input to the output";
        assert_eq!(connected(&graph), Err(words.to_owned()));
        assert_eq!(unread_parameters(&graph), ["head.weight", "head.bias"]);
    }

    #[test]
    fn what_is_written_in_place_into_made_memory_depends_on_what_was_written() {
        let mut builder = Builder::new("Net", [1, 3, 8, 8]);
        let out = builder.op("aten::zeros", &[], &[&[1, 3, 32, 32]])[0];
        let part = builder.view("aten::slice.Tensor", &[("self", Arg::Tensor { t: out })], out, &[&[1, 3, 8, 8]])[0];
        let args = [("self", Arg::Tensor { t: part }), ("src", Arg::Tensor { t: 0 })];
        builder.view("aten::copy_", &args, part, &[&[1, 3, 8, 8]]);
        let graph = builder.finish(out);
        assert_eq!(connected(&graph), Ok(()));
    }
}
