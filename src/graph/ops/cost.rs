//! Formulas: what an operation costs, from its shapes alone. `None` means that the shapes are not what the formula
//! expects; the operation is then reported as unknown, never as free.

use crate::graph::ops::call::{Call, product, sum};

/// A cost as a function of one operation.
pub(crate) type Formula = fn(&Call<'_>) -> Option<u64>;

const INPUT: &[&str] = &["input", "self"];
/// First matrix, second matrix, in the schemas of the matmul family.
const LEFT: &[&str] = &["mat1", "batch1", "mat", "vec1", "self", "input", "tensor1"];
const RIGHT: &[&str] = &["mat2", "batch2", "other", "vec", "vec2", "tensor", "tensor2"];

fn dim(shape: &[i64], from_end: usize) -> Option<u64> {
    shape.len().checked_sub(from_end + 1).map(|i| shape[i].max(0) as u64)
}

/// Whether a convolution is transposed: by name, or by the argument of the general form.
pub(crate) fn transposed(call: &Call<'_>) -> bool {
    call.base_name().contains("transpose") || call.flag("transposed") == Some(true)
}

/// MACs of a convolution, (N, C, ...) with a weight of (out, in / groups, k...): every weight once per output position,
/// or per INPUT position where it is transposed, which is where its products are. Bias is an addition, not a MAC.
pub(crate) fn conv(call: &Call<'_>) -> Option<u64> {
    let positions = if transposed(call) { call.shape(INPUT)? } else { &call.output()?.shape };
    conv_at(call, positions)
}

/// As the challenge's hook counts: at output positions, transposed or not.
pub(crate) fn conv_at_output(call: &Call<'_>) -> Option<u64> {
    conv_at(call, &call.output()?.shape)
}

fn conv_at(call: &Call<'_>, positions: &[i64]) -> Option<u64> {
    let weight = call.shape(&["weight"])?;
    let spatial = weight.len().checked_sub(2)?;
    let batch = match positions.len().checked_sub(spatial)? {
        1 => 1,
        2 => positions[0].max(0) as u64,
        _ => return None,
    };
    let positions = product(&positions[positions.len() - spatial..]);
    Some(batch.saturating_mul(product(weight)).saturating_mul(positions))
}

/// MACs of a modulated or plain deformable convolution: as a convolution's, at output positions.
pub(crate) fn deform_conv(call: &Call<'_>) -> Option<u64> {
    conv_at(call, &call.output()?.shape)
}

/// MACs of `linear`: (..., in) by (out, in).
pub(crate) fn linear(call: &Call<'_>) -> Option<u64> {
    let (input, weight) = (call.shape(INPUT)?, call.shape(&["weight"])?);
    let out = if weight.len() == 2 { weight[0].max(0) as u64 } else { 1 };
    (dim(input, 0)? == dim(weight, 0)?).then(|| product(input).saturating_mul(out))
}

/// MACs of a matrix product of any form: each output element sums over the left operand's last dimension.
pub(crate) fn matmul(call: &Call<'_>) -> Option<u64> {
    let (left, right) = (call.shape(LEFT)?, call.shape(RIGHT)?);
    let inner = dim(left, 0)?;
    let expected = dim(right, usize::from(right.len() > 1))?;
    (inner == expected).then(|| call.output_elements().saturating_mul(inner))
}

/// MACs of `addbmm`: matrix products of a batch, summed.
pub(crate) fn addbmm(call: &Call<'_>) -> Option<u64> {
    let (left, right) = (call.shape(&["batch1"])?, call.shape(&["batch2"])?);
    Some(product(left).saturating_mul(dim(right, 0)?))
}

/// As fvcore counts `mm` and `matmul`: `prod(left) * right[-1]`, which forgets a broadcast of the left operand.
pub(crate) fn fvcore_matmul(call: &Call<'_>) -> Option<u64> {
    let (left, right) = (call.shape(LEFT)?, call.shape(RIGHT)?);
    (dim(left, 0)? == dim(right, 1)?).then(|| product(left).saturating_mul(dim(right, 0).unwrap_or(0)))
}

/// As fvcore counts `addmm`: two matrices.
pub(crate) fn fvcore_addmm(call: &Call<'_>) -> Option<u64> {
    let (left, right) = (call.shape(&["mat1"])?, call.shape(&["mat2"])?);
    (left.len() == 2 && right.len() == 2).then(|| product(left).saturating_mul(product(&right[1..])))
}

/// MACs of scaled dot product attention: scores (L x S x E) and their product with the values (L x S x Ev), per head.
/// A mask saves nothing: the products are still made.
pub(crate) fn attention(call: &Call<'_>) -> Option<u64> {
    let (q, k, v) = (call.shape(&["query"])?, call.shape(&["key"])?, call.shape(&["value"])?);
    let (l, e) = (dim(q, 1)?, dim(q, 0)?);
    let (s, ev) = (dim(k, 1)?, dim(v, 0)?);
    let heads = product(&q[..q.len() - 2]);
    Some(heads.saturating_mul(l).saturating_mul(s).saturating_mul(e.saturating_add(ev)))
}

/// MACs of PyTorch's fused multi-head attention (B, L, D): four projections and the attention itself.
pub(crate) fn multi_head_attention(call: &Call<'_>) -> Option<u64> {
    let (q, k) = (call.shape(&["query"])?, call.shape(&["key"])?);
    let [b, l, d] = <[i64; 3]>::try_from(q).ok()?.map(|n| n.max(0) as u64);
    let s = dim(k, 1)?;
    let twice = |a: u64, b: u64, c: u64| 2_u64.saturating_mul(a).saturating_mul(b).saturating_mul(c);
    Some(b.saturating_mul(sum([twice(l, d, d), twice(s, d, d), twice(l, s, d)])))
}

/// fvcore's estimate for normalisations: 5 operations an input element, 4 without affine weights.
pub(crate) fn fvcore_norm(call: &Call<'_>) -> Option<u64> {
    let input = call.shape(INPUT)?;
    let each = if call.tensor(&["weight"]).is_some() { 5 } else { 4 };
    (2..=5).contains(&input.len()).then(|| product(input).saturating_mul(each))
}

/// fvcore's estimate for batch normalisation: 2 an input element (1 without affine weights), in training as other norms.
pub(crate) fn fvcore_batch_norm(call: &Call<'_>) -> Option<u64> {
    if call.flag("training").or(call.flag("train")) == Some(true) {
        return fvcore_norm(call);
    }
    let each = if call.tensor(&["weight"]).is_some() { 2 } else { 1 };
    Some(product(call.shape(INPUT)?).saturating_mul(each))
}

/// One an output element.
pub(crate) fn once_per_output(call: &Call<'_>) -> Option<u64> {
    Some(call.output()?.numel())
}

/// Four an output element.
pub(crate) fn four_per_output(call: &Call<'_>) -> Option<u64> {
    Some(call.output()?.numel().saturating_mul(4))
}

/// One an input element.
pub(crate) fn once_per_input(call: &Call<'_>) -> Option<u64> {
    Some(call.first_input()?.numel())
}

/// Window positions of each output element of a pooling.
pub(crate) fn pool(call: &Call<'_>) -> Option<u64> {
    let kernel = call.ints(&["kernel_size"])?;
    let output = call.output()?;
    // One number stands for a square, or a cube: the name tells how many dimensions.
    let name = call.base_name();
    let dims = if name.contains("3d") {
        3
    } else if name.contains("2d") {
        2
    } else {
        1
    };
    let area = if kernel.len() == 1 { product(&kernel).saturating_pow(dims) } else { product(&kernel) };
    Some(output.numel().saturating_mul(area))
}

/// Butterflies of a fast Fourier transform: n log2(n) a transform, whatever the factors of n.
pub(crate) fn fft(call: &Call<'_>) -> Option<u64> {
    let input = call.shape(&["self", "input"])?;
    let dims = call.ints(&["dim"]).unwrap_or_default();
    let rank = input.len() as i64;
    let n: u64 = if dims.is_empty() {
        product(input)
    } else {
        dims.iter().try_fold(1_u64, |p, &d| {
            let d = if d < 0 { d + rank } else { d };
            Some(p.saturating_mul(product(&[*input.get(usize::try_from(d).ok()?)?])))
        })?
    };
    let elements = product(input).max(call.output()?.numel());
    Some((elements as f64 * (n.max(1) as f64).log2()).round() as u64)
}

/// Distances of all pairs: three operations a feature.
pub(crate) fn distances(call: &Call<'_>) -> Option<u64> {
    let features = dim(call.shape(&["x1"])?, 0)?;
    Some(call.output_elements().saturating_mul(features).saturating_mul(3))
}
