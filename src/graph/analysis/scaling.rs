//! Whether a network costs at a real size what it costs at the size at which operations are counted.

use std::collections::HashSet;

use crate::graph::conventions::count::costs;
use crate::graph::conventions::counter::Counter;
use crate::graph::ops::opgraph::{OpGraph, Role};

/// The largest multiple that networks pad an image to.
const PADDING: i64 = 64;
/// What strides, poolings and borders change besides.
const TOLERANCE: f64 = 1.05;

/// The MACs of a forward, apart by what they grow with.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Macs {
    /// With a stored operand: convolutions and linear layers, whose cost grows with the pixels.
    stored: f64,
    /// Of two computed operands: attention, whose cost may grow with the square of the pixels.
    computed: f64,
}

/// Checks that the cost per pixel of `real` is that of `counted`, beyond what padding to a multiple of 64 explains.
///
/// A lower cost per pixel at the real size is no fault: some parts cost the same at any size. Products of computed tensors, as
/// in attention over the whole image, may cost more per pixel as the image grows, by as much as the image grows.
///
/// # Errors
/// Both figures, in one line.
pub fn scaling(counted: &OpGraph, real: &OpGraph) -> Result<(), String> {
    let (few, many) = (per_pixel(counted), per_pixel(real));
    let [_, _, height, width] = real.input;
    let growth = (pixels(real) / pixels(counted)).max(1.0);
    let padding = ((height + PADDING) * (width + PADDING)) as f64 / pixels(real) * TOLERANCE;
    for (what, few, many, allowed) in [
        ("", few.stored, many.stored, padding),
        (" of products of computed tensors", few.computed, many.computed, padding * growth),
    ] {
        if many > few * allowed && many > 1.0 {
            let [_, _, h, w] = counted.input;
            return Err(format!(
                "{} MACs a pixel{what} at {h} x {w}, where operations are counted, and {} at {height} x {width}: expected at \
                 most {allowed:.2} times as many; the network must not choose its work by the size of the image",
                round(few),
                round(many),
            ));
        }
    }
    Ok(())
}

fn per_pixel(graph: &OpGraph) -> Macs {
    let stored = |t: usize| {
        let role = graph.tensors.get(t).map(|tensor| tensor.role);
        matches!(role, Some(Role::Parameter | Role::Buffer | Role::Constant))
    };
    // Weights that are transposed, joined or fused within the forward are stored ones as well.
    let mut from_stored: HashSet<usize> = (0..graph.tensors.len()).filter(|&t| stored(t)).collect();
    let mut macs = Macs { stored: 0.0, computed: 0.0 };
    for (op, cost) in graph.ops.iter().zip(costs(graph, Counter::Macs)) {
        let inputs = op.inputs();
        let flops = cost.flops() as f64;
        if inputs.iter().any(|t| from_stored.contains(t)) {
            macs.stored += flops;
        } else {
            macs.computed += flops;
        }
        if !inputs.is_empty() && inputs.iter().all(|t| from_stored.contains(t)) {
            from_stored.extend(&op.outputs);
        }
    }
    let pixels = pixels(graph);
    Macs { stored: macs.stored / pixels, computed: macs.computed / pixels }
}

fn pixels(graph: &OpGraph) -> f64 {
    let [_, _, height, width] = graph.input;
    (height.max(1) * width.max(1)) as f64
}

fn round(macs: f64) -> String {
    if macs >= 10.0 { format!("{macs:.0}") } else { format!("{macs:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::ops::build::{Builder, Conv2d};
    use crate::graph::ops::opgraph::Arg;

    /// `layers` convolutions at an image padded to a multiple of `multiple`.
    fn network([height, width]: [i64; 2], layers: usize, multiple: i64) -> OpGraph {
        let mut builder = Builder::new("Net", [1, 3, height, width]);
        let up = |n: i64| (n + multiple - 1) / multiple * multiple;
        let mut t = builder.op("aten::pad", &[("self", Arg::Tensor { t: 0 })], &[&[1, 3, up(height), up(width)]])[0];
        for layer in 0..layers {
            t = builder.conv2d(&format!("body.{layer}"), t, Conv2d::same(16, 3));
        }
        builder.finish(t)
    }

    /// Scores of all pixels with all pixels.
    fn attention([height, width]: [i64; 2]) -> OpGraph {
        let mut builder = Builder::new("Net", [1, 3, height, width]);
        let n = height * width;
        let q = builder.view("aten::view", &[("self", Arg::Tensor { t: 0 })], 0, &[&[1, n, 3]])[0];
        let k = builder.view("aten::transpose.int", &[("self", Arg::Tensor { t: q })], 0, &[&[1, 3, n]])[0];
        let out =
            builder.op("aten::bmm", &[("self", Arg::Tensor { t: q }), ("mat2", Arg::Tensor { t: k })], &[&[1, n, n]])
                [0];
        builder.finish(out)
    }

    const REAL: [i64; 2] = [339, 510];

    #[test]
    fn honest_networks_cost_the_same_a_pixel_or_what_padding_explains() {
        assert_eq!(scaling(&network([256, 256], 4, 1), &network(REAL, 4, 1)), Ok(()));
        assert_eq!(scaling(&network([256, 256], 4, 64), &network(REAL, 4, 64)), Ok(()));
        assert_eq!(scaling(&attention([256, 256]), &attention(REAL)), Ok(()));
        // Less is no fault.
        assert_eq!(scaling(&network([256, 256], 4, 1), &network(REAL, 1, 1)), Ok(()));
    }

    #[test]
    fn a_branch_on_the_size_is_told_with_both_figures() {
        let told = scaling(&network([256, 256], 1, 1), &network(REAL, 20, 1)).unwrap_err();
        assert!(told.starts_with("432 MACs a pixel at 256 x 256, where operations are counted, and "), "{told}");
        assert!(told.contains(" at 339 x 510: expected at most "), "{told}");
        let nothing = scaling(&network([256, 256], 0, 1), &network(REAL, 1, 1)).unwrap_err();
        assert!(nothing.starts_with("0.00 MACs a pixel at 256 x 256"), "{nothing}");
    }
}
