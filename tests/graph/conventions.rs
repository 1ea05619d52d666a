//! Each convention against what its counter really gives.
//!
//! The fvcore figures were printed by fvcore 0.1.5.post20221221 on PyTorch 2.11 for the same operation and shapes.

use esr_bench::graph::Arg;
use esr_bench::graph::Builder;
use esr_bench::graph::Counter;
use esr_bench::graph::{Tally, count};

/// One operation on tensors of these shapes, named after its schema's arguments.
fn one(op: &str, tensors: &[(&str, &[i64])], output: &[i64], class: &str) -> [Tally; 3] {
    let mut b = Builder::new("Net", [1, 3, 8, 8]);
    let args: Vec<(&str, Arg)> =
        tensors.iter().map(|(name, shape)| (*name, Arg::Tensor { t: b.op("aten::empty", &[], &[shape])[0] })).collect();
    if !class.is_empty() {
        b.enter("layer", class);
    }
    let out = b.op(op, &args, &[output])[0];
    if !class.is_empty() {
        b.leave();
    }
    let graph = b.finish(out);
    [Counter::Hook, Counter::Fvcore, Counter::Macs].map(|c| count(&graph, c))
}

fn fvcore(op: &str, tensors: &[(&str, &[i64])], output: &[i64]) -> Result<u64, Vec<String>> {
    let [_, tally, _] = one(op, tensors, output, "");
    if tally.unknown.is_empty() { Ok(tally.flops) } else { Err(tally.unknown) }
}

#[test]
fn fvcore_counts_matrix_products_as_the_package_does() {
    let pair = |op: &str, a: &[i64], b: &[i64], out: &[i64]| fvcore(op, &[("self", a), ("other", b)], out);
    assert_eq!(pair("aten::matmul", &[4, 5, 6], &[6, 7], &[4, 5, 7]), Ok(840));
    // A broadcast left operand is forgotten.
    assert_eq!(pair("aten::matmul", &[5, 6], &[4, 6, 7], &[4, 5, 7]), Ok(210));
    // The package's handle raises an error on a vector.
    assert_eq!(pair("aten::matmul", &[5, 6], &[6], &[5]), Err(vec!["aten::matmul".to_owned()]));
    let addmm: &[(&str, &[i64])] = &[("self", &[3, 5]), ("mat1", &[3, 4]), ("mat2", &[4, 5])];
    assert_eq!(fvcore("aten::addmm", addmm, &[3, 5]), Ok(60));
    let baddbmm: &[(&str, &[i64])] = &[("self", &[2, 3, 5]), ("batch1", &[2, 3, 4]), ("batch2", &[2, 4, 5])];
    assert_eq!(fvcore("aten::baddbmm", baddbmm, &[2, 3, 5]), Ok(0));
    assert_eq!(fvcore("aten::linear", &[("input", &[1, 6, 7, 4]), ("weight", &[9, 4])], &[1, 6, 7, 9]), Ok(1512));
    assert_eq!(fvcore("aten::mv", &[("self", &[6, 4]), ("vec", &[4])], &[6]), Ok(0));
}

#[test]
fn fvcore_counts_convolutions_as_the_package_does() {
    let conv = |op: &str, x: &[i64], w: &[i64], out: &[i64]| fvcore(op, &[("input", x), ("weight", w)], out);
    assert_eq!(conv("aten::conv_transpose2d.input", &[2, 4, 9, 9], &[4, 6, 3, 3], &[2, 6, 17, 17]), Ok(34_992));
    assert_eq!(conv("aten::conv2d", &[2, 4, 9, 9], &[6, 2, 3, 3], &[2, 6, 5, 5]), Ok(5_400));
    assert_eq!(conv("aten::conv1d", &[2, 4, 9], &[6, 4, 3], &[2, 6, 7]), Ok(1_008));
    assert_eq!(conv("aten::conv2d", &[4, 9, 9], &[6, 4, 3, 3], &[6, 7, 7]), Ok(10_584));
}

#[test]
fn fvcore_counts_norms_and_resampling_as_the_package_does() {
    let x: (&str, &[i64]) = ("input", &[2, 5, 8]);
    assert_eq!(fvcore("aten::layer_norm", &[x, ("weight", &[8])], &[2, 5, 8]), Ok(400));
    assert_eq!(fvcore("aten::layer_norm", &[x], &[2, 5, 8]), Ok(320));
    let x: (&str, &[i64]) = ("input", &[2, 5, 8, 8]);
    assert_eq!(fvcore("aten::batch_norm", &[x, ("weight", &[5])], &[2, 5, 8, 8]), Ok(1_280));
    assert_eq!(fvcore("aten::batch_norm", &[x], &[2, 5, 8, 8]), Ok(640));
    assert_eq!(fvcore("aten::group_norm", &[("input", &[2, 4, 8, 8])], &[2, 4, 8, 8]), Ok(2_048));
    assert_eq!(fvcore("aten::instance_norm", &[("input", &[2, 4, 8, 8])], &[2, 4, 8, 8]), Ok(2_048));
    let resample = |op: &str| fvcore(op, &[("input", &[1, 3, 4, 5])], &[1, 3, 8, 10]);
    assert_eq!(resample("aten::upsample_bilinear2d.vec"), Ok(960));
    assert_eq!(resample("aten::upsample_nearest2d.vec"), Ok(240));
    assert_eq!(resample("aten::upsample_bicubic2d.vec"), Ok(0));
    assert_eq!(fvcore("aten::adaptive_avg_pool2d", &[("self", &[1, 3, 4, 5])], &[1, 3, 1, 1]), Ok(60));
    let grid: &[(&str, &[i64])] = &[("input", &[1, 3, 4, 5]), ("grid", &[1, 6, 7, 2])];
    assert_eq!(fvcore("aten::grid_sampler", grid, &[1, 3, 6, 7]), Ok(504));
}

#[test]
fn fvcore_counts_einsum_as_the_package_does_with_numpys_four_digits() {
    let einsum = |equation: &str, shapes: &[&[i64]], out: &[i64]| {
        let mut b = Builder::new("Net", [1, 3, 8, 8]);
        let list = shapes.iter().map(|s| Arg::Tensor { t: b.op("aten::empty", &[], &[s])[0] }).collect();
        let args = [("equation", Arg::Str(equation.to_owned())), ("tensors", Arg::List(list))];
        let out = b.op("aten::einsum", &args, &[out])[0];
        let graph = b.finish(out);
        (count(&graph, Counter::Fvcore).flops, count(&graph, Counter::Macs).flops)
    };
    assert_eq!(einsum("nct,ncp->ntp", &[&[2, 3, 5], &[2, 3, 7]], &[2, 5, 7]), (210, 210));
    assert_eq!(einsum("ntg,ncg->ntc", &[&[2, 5, 4], &[2, 3, 4]], &[2, 5, 3]), (120, 120));
    let heads = einsum("bhid, bhjd -> bhij", &[&[1, 4, 61, 16], &[1, 4, 67, 16]], &[1, 4, 61, 67]);
    assert_eq!(heads, (261_550, 4 * 61 * 67 * 16));
    assert_eq!(einsum("bchw,oc->bohw", &[&[1, 13, 37, 41], &[17, 13]], &[1, 17, 37, 41]).0, 335_250);
    assert_eq!(einsum("bchw,c->bchw", &[&[1, 13, 37, 41], &[13]], &[1, 13, 37, 41]).0, 9_860);
    let batch = einsum("...ij,...jk->...ik", &[&[3, 5, 11, 7], &[3, 5, 7, 13]], &[3, 5, 11, 13]);
    assert_eq!(batch, (15_015, 15_015));
    assert_eq!(einsum("ij,jk,kl->il", &[&[11, 101], &[101, 13], &[13, 57]], &[11, 57]).0, 22_595);
    assert_eq!(einsum("ij,jk", &[&[11, 101], &[101, 13]], &[11, 13]), (14_445, 14_443));
    assert_eq!(einsum("bii->b", &[&[3, 7, 7]], &[3]).0, 21);
}

#[test]
fn attention_counts_in_macs_and_is_ignored_by_fvcore() {
    let qkv: &[(&str, &[i64])] = &[("query", &[1, 2, 9, 8]), ("key", &[1, 2, 9, 8]), ("value", &[1, 2, 9, 8])];
    let [_, fvcore, macs] = one("aten::scaled_dot_product_attention", qkv, &[1, 2, 9, 8], "");
    assert_eq!(macs.flops, 2 * 9 * 9 * (8 + 8));
    assert_eq!(fvcore.flops, 0);
    assert_eq!(fvcore.ignored["aten::scaled_dot_product_attention"], 1);
    assert!(fvcore.unknown.is_empty());
}

#[test]
fn the_hook_counts_a_transposed_convolution_at_output_positions() {
    let tensors: &[(&str, &[i64])] = &[("input", &[2, 4, 9, 9]), ("weight", &[4, 6, 3, 3])];
    let [hook, fvcore, macs] = one("aten::conv_transpose2d.input", tensors, &[2, 6, 17, 17], "ConvTranspose2d");
    assert_eq!(hook.flops, 2 * 4 * 6 * 9 * 17 * 17);
    assert_eq!(fvcore.flops, macs.flops);
    assert_eq!(macs.flops, 2 * 4 * 6 * 9 * 9 * 9);
    assert_eq!((hook.convs, hook.activations), (1, 2 * 6 * 17 * 17));
}

#[test]
fn the_hook_multiplies_three_numbers_for_linear() {
    let tensors: &[(&str, &[i64])] = &[("input", &[1, 16, 16, 32]), ("weight", &[48, 32])];
    let [hook, fvcore, macs] = one("aten::linear", tensors, &[1, 16, 16, 48], "Linear");
    assert_eq!(hook.flops, 16 * 16);
    assert_eq!(fvcore.flops, 16 * 16 * 32 * 48);
    assert_eq!(macs.flops, 16 * 16 * 32 * 48);
    // Two dimensions are the one case in which it is right.
    let [hook, _, macs] = one("aten::linear", &[("input", &[5, 32]), ("weight", &[48, 32])], &[5, 48], "Linear");
    assert_eq!(hook.flops, macs.flops);
}

#[test]
fn the_hook_sees_a_decomposed_linear_through_its_views() {
    let mut b = Builder::new("Net", [1, 16, 16, 32]);
    let weight = b.param("fc.weight", &[48, 32]);
    let bias = b.param("fc.bias", &[48]);
    b.enter("fc", "Linear");
    let rows = b.view("aten::view", &[("self", Arg::Tensor { t: 0 })], 0, &[&[256, 32]])[0];
    let turned = b.view("aten::t", &[("self", Arg::Tensor { t: weight })], weight, &[&[32, 48]])[0];
    let args =
        [("self", Arg::Tensor { t: bias }), ("mat1", Arg::Tensor { t: rows }), ("mat2", Arg::Tensor { t: turned })];
    let out = b.op("aten::addmm", &args, &[&[256, 48]])[0];
    let out = b.view("aten::view", &[("self", Arg::Tensor { t: out })], out, &[&[1, 16, 16, 48]])[0];
    b.leave();
    let graph = b.finish(out);
    assert_eq!(count(&graph, Counter::Hook).flops, 16 * 16);
    assert_eq!(count(&graph, Counter::Fvcore).flops, 16 * 16 * 32 * 48);
    assert_eq!(count(&graph, Counter::Macs).flops, 16 * 16 * 32 * 48);
}

#[test]
fn the_hook_counts_activations_as_modules_alone() {
    let x: &[(&str, &[i64])] = &[("self", &[1, 4, 8, 8])];
    for (op, class) in [
        ("aten::relu_", "ReLU"),
        ("aten::leaky_relu", "LeakyReLU"),
        ("aten::prelu", "PReLU"),
        ("aten::hardtanh", "ReLU6"),
        ("aten::elu", "ELU"),
    ] {
        let [hook, fvcore, macs] = one(op, x, &[1, 4, 8, 8], class);
        assert_eq!((hook.flops, fvcore.flops, macs.flops), (256, 0, 0), "{op} in {class}");
        assert_eq!(macs.elementwise, 256);
        let [outside, ..] = one(op, x, &[1, 4, 8, 8], "");
        assert_eq!(outside.flops, 0, "{op} as a function");
    }
    for (op, class) in [("aten::gelu", "GELU"), ("aten::silu_", "SiLU"), ("aten::sigmoid", "Sigmoid")] {
        let [hook, ..] = one(op, x, &[1, 4, 8, 8], class);
        assert_eq!(hook.flops, 0, "{class}");
        assert_eq!(hook.ignored[op], 1);
    }
}

#[test]
fn a_convolution_outside_of_a_module_is_reported() {
    let tensors: &[(&str, &[i64])] = &[("input", &[1, 4, 8, 8]), ("weight", &[8, 4, 1, 1])];
    let [hook, fvcore, _] = one("aten::conv2d", tensors, &[1, 8, 8, 8], "");
    assert_eq!((hook.flops, hook.convs, hook.activations, hook.functional_convs), (0, 0, 0, 1));
    assert_eq!(fvcore.flops, 8 * 4 * 64);
}

#[test]
fn an_operation_without_an_entry_is_unknown_to_every_convention() {
    for tally in one("esr::spab_forward", &[("x", &[1, 4, 8, 8])], &[1, 4, 8, 8], "") {
        assert_eq!(tally.unknown, ["esr::spab_forward"], "{}", tally.counter);
    }
}

#[test]
fn an_operation_whose_shapes_do_not_fit_its_formula_is_unknown() {
    let [_, fvcore, macs] = one("aten::linear", &[("input", &[5, 32]), ("weight", &[48, 31])], &[5, 48], "");
    assert_eq!(macs.unknown, ["aten::linear"]);
    assert_eq!(fvcore.unknown, ["aten::linear"]);
}
