//! The memory bound by liveness.

use esr_bench::graph::Arg;
use esr_bench::graph::Builder;
use esr_bench::graph::memory;

const PLANE: u64 = 4 * 8 * 8;

#[test]
fn a_chain_holds_two_tensors_at_a_time() {
    let mut b = Builder::new("Chain", [1, 1, 8, 8]);
    let x = (0..5).fold(0, |x, _| b.unary("aten::sigmoid", x));
    let memory = memory(&b.finish(x));
    assert_eq!(memory.input_bytes, PLANE);
    assert_eq!(memory.peak_bytes, PLANE + 2 * PLANE);
}

#[test]
fn in_place_operations_and_views_need_nothing() {
    let mut b = Builder::new("InPlace", [1, 1, 8, 8]);
    let x = b.unary("aten::sigmoid", 0);
    let x = b.in_place("aten::relu_", x);
    let x = b.view("aten::view", &[("self", Arg::Tensor { t: x })], x, &[&[1, 64]])[0];
    let x = b.view("aten::view", &[("self", Arg::Tensor { t: x })], x, &[&[1, 1, 8, 8]])[0];
    let x = b.in_place("aten::relu_", x);
    assert_eq!(memory(&b.finish(x)).peak_bytes, PLANE + PLANE);
}

#[test]
fn a_long_skip_stays_alive_and_the_peak_is_where_most_is() {
    let mut b = Builder::new("Skip", [1, 1, 8, 8]);
    let skip = b.unary("aten::sigmoid", 0);
    b.enter("middle", "Block");
    let wide = b.op("aten::expand_copy", &[("self", Arg::Tensor { t: skip })], &[&[1, 4, 8, 8]])[0];
    let wide = b.unary("aten::sigmoid", wide);
    let narrow = b.op("aten::sum.dim_IntList", &[("self", Arg::Tensor { t: wide })], &[&[1, 1, 8, 8]])[0];
    b.leave();
    let x = b.binary("aten::add.Tensor", narrow, skip);
    let memory = memory(&b.finish(x));
    assert_eq!(memory.peak_bytes, PLANE + PLANE + 8 * PLANE);
    let at = memory.at.unwrap();
    assert_eq!((at.op, at.name.as_str(), at.path.as_str()), (2, "aten::sigmoid", "middle"));
    assert_eq!(at.largest, [vec![1, 4, 8, 8], vec![1, 4, 8, 8], vec![1, 1, 8, 8]]);
}

#[test]
fn a_view_keeps_the_whole_alive() {
    let mut b = Builder::new("View", [1, 1, 8, 8]);
    let x = b.op("aten::repeat", &[("self", Arg::Tensor { t: 0 })], &[&[1, 4, 8, 8]])[0];
    let part = b.view("aten::select.int", &[("self", Arg::Tensor { t: x })], x, &[&[1, 8, 8]])[0];
    let y = b.unary("aten::sigmoid", 0);
    let z = b.unary("aten::sigmoid", y);
    let out = b.binary("aten::mul.Tensor", z, part);
    assert_eq!(memory(&b.finish(out)).peak_bytes, PLANE + 4 * PLANE + 2 * PLANE);
}
