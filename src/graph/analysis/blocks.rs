//! Which block of the network an operation belongs to.
//!
//! A block is what a paper would draw as one box: the outermost module below the network that is more than a container.
//! `body.3` of class RFDB is a block, its `Sequential` is not; a `Sequential` of plain layers is one.

use crate::graph::ops::opgraph::{OpGraph, Scope};

/// How many modules enclose everything: the network itself, and wrappers around it.
pub(crate) fn depth(graph: &OpGraph) -> usize {
    let mut scopes = graph.ops.iter().map(|op| op.scope.as_slice());
    let Some(first) = scopes.next() else { return 0 };
    let common = scopes.fold(first.len(), |n, scope| {
        let same = first.iter().zip(scope).take_while(|(a, b)| (&a.path, &a.class) == (&b.path, &b.class));
        n.min(same.count())
    });
    // A network of a single layer still has that layer as a block.
    common.min(first.len().saturating_sub(usize::from(graph.ops.len() == 1)))
}

/// The block's scope; `None` for what runs in the network itself.
pub(crate) fn block(scope: &[Scope], depth: usize) -> Option<&Scope> {
    let mut at = depth;
    while let (Some(this), Some(next)) = (scope.get(at), scope.get(at + 1)) {
        if !is_container(&this.class) || is_layer(&next.class) {
            break;
        }
        at += 1;
    }
    scope.get(at)
}

fn is_container(class: &str) -> bool {
    matches!(class, "Sequential" | "ModuleList" | "ModuleDict")
}

/// Plain layers of `torch.nn`.
fn is_layer(class: &str) -> bool {
    const LAYERS: &[&str] = &[
        "ReLU",
        "ReLU6",
        "LeakyReLU",
        "PReLU",
        "ELU",
        "GELU",
        "SiLU",
        "Mish",
        "Sigmoid",
        "Tanh",
        "Softmax",
        "Hardswish",
        "Hardsigmoid",
        "Hardtanh",
        "Softplus",
        "PixelShuffle",
        "PixelUnshuffle",
        "Linear",
        "Bilinear",
        "Identity",
        "Upsample",
        "UpsamplingNearest2d",
        "UpsamplingBilinear2d",
        "Flatten",
        "Unflatten",
        "ZeroPad2d",
        "ReflectionPad2d",
        "ReplicationPad2d",
        "ConstantPad2d",
        "LayerNorm",
        "GroupNorm",
        "Fold",
        "Unfold",
        "Embedding",
        "ChannelShuffle",
    ];
    const FAMILIES: &[&str] = &["Conv", "BatchNorm", "InstanceNorm", "MaxPool", "AvgPool", "Adaptive", "Dropout"];
    // `ConvTranspose2d`, `Conv2d`, not a team's `ConvBlock`.
    let family = FAMILIES.iter().any(|f| class.starts_with(f)) && class.ends_with(['d']);
    family || class == "Dropout" || LAYERS.contains(&class)
}
