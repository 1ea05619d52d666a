//! Convolutions that are no modules: the challenge's hook does not see them.

use crate::graph::conventions::count::costs;
use crate::graph::conventions::counter::Counter;
use crate::graph::ops::opgraph::OpGraph;

/// How many convolutions run outside of a module of their own, and their MACs.
pub fn functional_convolutions(graph: &OpGraph) -> (usize, u64) {
    let all = graph.ops.iter().zip(costs(graph, Counter::Macs));
    let functional = all.filter(|(op, cost)| op.name.starts_with("aten::") && op.name.contains("conv") && !cost.conv);
    functional.filter(|(_, cost)| cost.macs > 0).fold((0, 0), |(count, macs), (_, cost)| (count + 1, macs + cost.macs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::ops::build::{Builder, Conv2d};

    #[test]
    fn modules_are_left_out() {
        let mut builder = Builder::new("Net", [1, 3, 8, 8]);
        let head = builder.conv2d("head", 0, Conv2d::same(4, 3));
        let out = builder.functional_conv2d("fused", head, Conv2d::same(2, 1));
        let graph = builder.finish(out);
        assert_eq!(functional_convolutions(&graph), (1, 8 * 8 * 4 * 2));
    }
}
