//! Receptive fields, where a hand can check them.

use crate::networks::{mean_args, mini};
use esr_bench::graph::Arg;
use esr_bench::graph::Builder;
use esr_bench::graph::build::Conv2d;
use esr_bench::graph::receptive;

fn ints(list: &[i64]) -> Arg {
    Arg::List(list.iter().map(|&n| Arg::Int(n)).collect())
}

#[test]
fn each_3x3_convolution_adds_two_pixels() {
    for n in 1..6 {
        let mut b = Builder::new("Chain", [1, 3, 64, 64]);
        let x = (0..n).fold(0, |x, i| b.conv2d(&format!("c{i}"), x, Conv2d::same(3, 3)));
        let found = receptive(&b.finish(x));
        assert_eq!(found.window, Some([2 * n + 1, 2 * n + 1]));
        assert!(found.beyond.is_empty());
    }
}

#[test]
fn a_stride_multiplies_what_comes_after_and_a_shuffle_divides() {
    // 3x3 with stride 2, then 3x3: 3 + 2 x 2 = 7.
    let mut b = Builder::new("Strided", [1, 3, 64, 64]);
    let x = b.conv2d("c1", 0, Conv2d { stride: 2, ..Conv2d::same(8, 3) });
    let x = b.conv2d("c2", x, Conv2d::same(4, 3));
    assert_eq!(receptive(&b.clone().finish(x)).window, Some([7, 7]));
    // Pixels of a shuffle share their LR pixel; a 3x3 behind it meets at most two LR pixels a side, so 7 + 2.
    let x = b.pixel_shuffle("up", x, 2);
    assert_eq!(receptive(&b.clone().finish(x)).window, Some([7, 7]));
    let x = b.conv2d("c3", x, Conv2d::same(1, 3));
    assert_eq!(receptive(&b.finish(x)).window, Some([9, 9]));
}

#[test]
fn bilinear_interpolation_reads_two_pixels_and_nearest_one() {
    for (op, expected) in
        [("aten::upsample_bilinear2d", 2), ("aten::upsample_nearest2d", 1), ("aten::upsample_bicubic2d", 4)]
    {
        let mut b = Builder::new("Up", [1, 3, 16, 16]);
        let args = [("input", Arg::Tensor { t: 0 }), ("align_corners", Arg::Bool(false))];
        let x = b.op(op, &args, &[&[1, 3, 64, 64]])[0];
        assert_eq!(receptive(&b.finish(x)).window, Some([expected, expected]), "{op}");
    }
}

#[test]
fn the_layout_is_followed_through_permutations_and_token_lists() {
    let mut b = Builder::new("Tokens", [1, 4, 16, 24]);
    let x = b.conv2d("c1", 0, Conv2d::same(4, 3));
    let x = b.view(
        "aten::permute",
        &[("self", Arg::Tensor { t: x }), ("dims", ints(&[0, 2, 3, 1]))],
        x,
        &[&[1, 16, 24, 4]],
    )[0];
    let x = b.view("aten::view", &[("self", Arg::Tensor { t: x })], x, &[&[1, 384, 4]])[0];
    let w = b.param("fc.weight", &[4, 4]);
    let x =
        b.op("aten::linear", &[("input", Arg::Tensor { t: x }), ("weight", Arg::Tensor { t: w })], &[&[1, 384, 4]])[0];
    let turn = [("self", Arg::Tensor { t: x }), ("dim0", Arg::Int(1)), ("dim1", Arg::Int(-1))];
    let x = b.view("aten::transpose.int", &turn, x, &[&[1, 4, 384]])[0];
    let x = b.op("aten::reshape", &[("self", Arg::Tensor { t: x })], &[&[1, 4, 16, 24]])[0];
    let x = b.conv2d("c2", x, Conv2d::same(4, 3));
    let found = receptive(&b.finish(x));
    assert_eq!((found.window, found.beyond.len()), (Some([5, 5]), 0));
}

#[test]
fn attention_among_all_tokens_looks_beyond_windows() {
    let mut b = Builder::new("Attention", [1, 4, 8, 8]);
    let x = b.conv2d("c1", 0, Conv2d::same(4, 3));
    let rows = b.view("aten::view", &[("self", Arg::Tensor { t: x })], x, &[&[1, 4, 64]])[0];
    let turn = [("self", Arg::Tensor { t: rows }), ("dim0", Arg::Int(1)), ("dim1", Arg::Int(2))];
    let columns = b.view("aten::transpose.int", &turn, rows, &[&[1, 64, 4]])[0];
    let product = [("self", Arg::Tensor { t: columns }), ("mat2", Arg::Tensor { t: rows })];
    let scores = b.op("aten::bmm", &product, &[&[1, 64, 64]])[0];
    let values = [("self", Arg::Tensor { t: scores }), ("mat2", Arg::Tensor { t: columns })];
    let mixed = b.op("aten::bmm", &values, &[&[1, 64, 4]])[0];
    let turn = [("self", Arg::Tensor { t: mixed }), ("dim0", Arg::Int(1)), ("dim1", Arg::Int(2))];
    let back = b.view("aten::transpose.int", &turn, mixed, &[&[1, 4, 64]])[0];
    let image = b.op("aten::reshape", &[("self", Arg::Tensor { t: back })], &[&[1, 4, 8, 8]])[0];
    let out = b.binary("aten::add.Tensor", image, x);
    let found = receptive(&b.finish(out));
    assert!(found.beyond.contains_key("aten::bmm"), "{:?}", found.beyond);
    assert_eq!(found.window, Some([3, 3]));
}

#[test]
fn a_global_mean_is_named_and_does_not_widen_the_windows() {
    let found = receptive(&mini(32, 32, 4));
    assert_eq!(found.window, Some([9, 9]));
    assert_eq!(found.beyond["aten::mean.dim"], 2);
    let mut b = Builder::new("Strip", [1, 3, 32, 48]);
    let dims = [("self", Arg::Tensor { t: 0 }), ("dim", ints(&[3])), ("keepdim", Arg::Bool(true))];
    let strip = b.op("aten::mean.dim", &dims, &[&[1, 3, 32, 1]])[0];
    let x = b.binary("aten::mul.Tensor", 0, strip);
    assert_eq!(receptive(&b.finish(x)).beyond["aten::mean.dim"], 1);
    // The helper reduces over both.
    let mut b = Builder::new("Mean", [1, 3, 8, 8]);
    let x = b.op("aten::mean.dim", &mean_args(0), &[&[1, 3, 1, 1]])[0];
    let x = b.binary("aten::sub.Tensor", 0, x);
    assert_eq!(receptive(&b.finish(x)).window, Some([1, 1]));
}

#[test]
fn a_cumulative_sum_sees_the_whole_axis() {
    for op in ["aten::cumsum", "aten::cumprod", "aten::logcumsumexp", "aten::cummax"] {
        let along = |dim: i64| {
            let mut b = Builder::new("Cumulative", [1, 3, 16, 24]);
            let x = b.conv2d("c1", 0, Conv2d::same(3, 3));
            let args = [("self", Arg::Tensor { t: x }), ("dim", Arg::Int(dim))];
            let x = b.op(op, &args, &[&[1, 3, 16, 24]])[0];
            receptive(&b.finish(x))
        };
        let columns = along(-1);
        assert_eq!(columns.beyond.get(op), Some(&1), "{op}: {:?}", columns.beyond);
        assert_eq!(columns.window, None, "{op}: nothing is seen through windows alone along the rows");
        let channels = along(1);
        assert_eq!((channels.window, channels.beyond.len()), (Some([3, 3]), 0), "{op}");
    }
}

#[test]
fn a_cosine_similarity_reduces_its_dimension() {
    let along = |dim: i64, shape: [i64; 3]| {
        let mut b = Builder::new("Similarity", [1, 4, 16, 24]);
        let x = b.conv2d("c1", 0, Conv2d::same(4, 3));
        let args = [("x1", Arg::Tensor { t: 0 }), ("x2", Arg::Tensor { t: x }), ("dim", Arg::Int(dim))];
        let similar = b.op("aten::cosine_similarity", &args, &[&shape])[0];
        let back = b.op(
            "aten::unsqueeze",
            &[("self", Arg::Tensor { t: similar }), ("dim", Arg::Int(dim))],
            &[&{
                let mut shape = shape.to_vec();
                shape.insert(dim as usize, 1);
                <[i64; 4]>::try_from(shape).unwrap()
            }],
        )[0];
        let out = b.binary("aten::mul.Tensor", 0, back);
        receptive(&b.finish(out))
    };
    let channels = along(1, [1, 16, 24]);
    assert_eq!((channels.window, channels.beyond.len()), (Some([3, 3]), 0));
    let rows = along(2, [1, 4, 24]);
    assert_eq!(rows.beyond.get("aten::cosine_similarity"), Some(&1), "{:?}", rows.beyond);
}

#[test]
fn padding_cropping_and_shifts_move_and_do_not_widen() {
    let mut b = Builder::new("Moves", [1, 3, 32, 32]);
    let pad = [("self", Arg::Tensor { t: 0 }), ("pad", ints(&[1, 1, 1, 1]))];
    let x = b.op("aten::reflection_pad2d", &pad, &[&[1, 3, 34, 34]])[0];
    let x = b.conv2d("c1", x, Conv2d { padding: 0, ..Conv2d::same(3, 3) });
    let roll = [("self", Arg::Tensor { t: x }), ("shifts", ints(&[-4, -4])), ("dims", ints(&[2, 3]))];
    let x = b.op("aten::roll", &roll, &[&[1, 3, 32, 32]])[0];
    let part = [("self", Arg::Tensor { t: x }), ("dim", Arg::Int(2)), ("start", Arg::Int(2)), ("end", Arg::Int(30))];
    let x = b.view("aten::slice.Tensor", &part, x, &[&[1, 3, 28, 32]])[0];
    assert_eq!(receptive(&b.finish(x)).window, Some([3, 3]));
}
