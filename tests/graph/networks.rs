//! Small networks that several tests look at.

use esr_bench::graph::Builder;
use esr_bench::graph::build::Conv2d;
use esr_bench::graph::{Arg, OpGraph};

/// A distillation network in miniature: a head, two blocks with an attention gate and a functional skip, an upsampler.
pub(crate) fn mini(height: i64, width: i64, channels: i64) -> OpGraph {
    let mut b = Builder::new("Mini", [1, 3, height, width]);
    let head = b.conv2d("head", 0, Conv2d::same(channels, 3));
    let mut x = head;
    for i in 0..2 {
        let path = format!("body.{i}");
        b.enter("body", "Sequential");
        b.enter(&path, "Block");
        let y = b.conv2d(&format!("{path}.c1"), x, Conv2d::same(channels, 3));
        b.enter(&format!("{path}.act"), "LeakyReLU");
        let y = b.in_place("aten::leaky_relu_", y);
        b.leave();
        let pooled = b.op("aten::mean.dim", &mean_args(y), &[&[1, channels, 1, 1]])[0];
        let gate = b.conv2d(&format!("{path}.gate"), pooled, Conv2d { padding: 0, ..Conv2d::same(channels, 1) });
        let gate = b.activation(&format!("{path}.sigmoid"), "Sigmoid", "aten::sigmoid", gate);
        let y = b.binary("aten::mul.Tensor", y, gate);
        x = b.binary("aten::add.Tensor", y, x);
        b.leave();
        b.leave();
    }
    let x = b.binary("aten::add.Tensor", x, head);
    b.enter("up", "Sequential");
    let x = b.conv2d("up.0", x, Conv2d::same(48, 3));
    let x = b.pixel_shuffle("up.1", x, 4);
    b.leave();
    b.param("head.unused", &[7]);
    b.finish(x)
}

/// The arguments of a mean over rows and columns.
pub(crate) fn mean_args(t: usize) -> [(&'static str, Arg); 3] {
    let dim = Arg::List(vec![Arg::Int(2), Arg::Int(3)]);
    [("self", Arg::Tensor { t }), ("dim", dim), ("keepdim", Arg::Bool(true))]
}
