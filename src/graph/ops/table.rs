//! The op table: what every known operation costs, by which formula, and why. The one place where an operation is
//! explained; adding one is adding an entry.
//!
//! Names are without overload, and without the underscore of an in-place variant. An operation that no entry names is
//! unknown to every convention.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::graph::ops::cost;
use crate::graph::ops::cost::Formula;
use crate::graph::ops::einsum;

/// What is known of some operations.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Their names: composite and decomposed forms of the same work share an entry.
    pub ops: &'static [&'static str],
    /// What they do.
    pub work: Work,
    /// The formula of `work` in words; empty where nothing is computed.
    pub formula: &'static str,
    /// fvcore's handle for them; without one, fvcore counts nothing.
    pub fvcore: Option<Formula>,
    /// The module classes whose call the challenge's hook counts when one of these operations runs directly inside.
    pub modules: &'static [&'static str],
    /// How places of the result depend on places of the arguments.
    pub space: Space,
    /// Why it is counted as it is.
    pub why: &'static str,
}

/// The work of an operation.
#[derive(Clone, Copy)]
pub enum Work {
    /// Multiply-accumulates.
    Macs(Formula),
    /// Other arithmetic: so many operations an output element. A transcendental function is one.
    PerOutput(u64),
    /// Other arithmetic: so many operations an input element.
    PerInput(u64),
    /// Other arithmetic by a formula.
    Arithmetic(Formula),
    /// No arithmetic: moves data, looks at it in another shape, makes it from nothing, or asks for its size.
    Free,
}

/// How places (pixels) of the result depend on places of the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// The same place of each argument; size 1 is broadcast.
    Same,
    /// A window that slides: convolutions and poolings.
    Window,
    /// A transposed convolution.
    Spread,
    /// Interpolation over so many neighbours to each side: 0 nearest, 1 linear, 2 cubic.
    Resize(i64),
    /// Channels become pixels.
    Shuffle,
    /// Pixels become channels.
    Unshuffle,
    /// Sums over the dimensions that the arguments name; over all without such an argument.
    Reduce,
    /// Each result sums over the last dimensions, as many as the argument `normalized_shape` has.
    MixLast,
    /// A product of matrices: sums over the left operand's last dimension.
    Product,
    /// Another order of dimensions.
    Permute,
    /// The same elements in another shape.
    Reshape,
    /// A part of a dimension.
    Part,
    /// Borders added, or cropped where negative.
    Pad,
    /// Parts side by side.
    Cat,
    /// Shifted, and what leaves comes in at the other side.
    Roll,
    /// Does not depend on places: made from nothing, a size.
    Nothing,
    /// Anything can depend on anything.
    Whole,
}

const fn entry(ops: &'static [&'static str], work: Work, formula: &'static str, space: Space) -> Entry {
    Entry { ops, work, formula, fvcore: None, modules: &[], space, why: "" }
}

const fn pointwise(ops: &'static [&'static str], each: u64, why: &'static str) -> Entry {
    let formula = match each {
        1 => "output elements",
        2 => "2 x output elements",
        3 => "3 x output elements",
        _ => "4 x output elements",
    };
    entry(ops, Work::PerOutput(each), formula, Space::Same).why(why)
}

const fn free(ops: &'static [&'static str], space: Space, why: &'static str) -> Entry {
    entry(ops, Work::Free, "", space).why(why)
}

impl Entry {
    const fn why(self, why: &'static str) -> Entry {
        Entry { why, ..self }
    }

    const fn fvcore(self, handle: Formula) -> Entry {
        Entry { fvcore: Some(handle), ..self }
    }

    const fn modules(self, modules: &'static [&'static str]) -> Entry {
        Entry { modules, ..self }
    }
}

use Space::{
    Cat, MixLast, Nothing, Pad, Part, Permute, Product, Reduce, Reshape, Resize, Roll, Same, Shuffle, Spread,
    Unshuffle, Whole, Window,
};
use Work::{Arithmetic, Macs, PerInput, PerOutput};

/// Every known operation.
pub static TABLE: &[Entry] = &[
    // ---- multiply-accumulates
    entry(
        &[
            "aten::conv1d",
            "aten::conv2d",
            "aten::conv3d",
            "aten::_convolution",
            "aten::_convolution_mode",
            "aten::convolution",
            "aten::convolution_overrideable",
            "aten::cudnn_convolution",
            "aten::cudnn_convolution_relu",
            "aten::cudnn_convolution_add_relu",
            "aten::miopen_convolution",
            "aten::mkldnn_convolution",
            "aten::mps_convolution",
            "aten::thnn_conv2d",
            "aten::_slow_conv2d_forward",
            "aten::slow_conv_dilated2d",
            "aten::_conv_depthwise2d",
            "aten::conv_depthwise3d",
            "aten::slow_conv3d",
        ],
        Macs(cost::conv),
        "batch x weight elements x output positions (input positions if transposed)",
        Window,
    )
    .fvcore(cost::conv)
    .modules(&["Conv2d", "ConvTranspose2d"])
    .why("each weight meets each position once; the bias is an addition"),
    entry(
        &[
            "aten::conv_transpose1d",
            "aten::conv_transpose2d",
            "aten::conv_transpose3d",
            "aten::cudnn_convolution_transpose",
            "aten::slow_conv_transpose2d",
        ],
        Macs(cost::conv),
        "batch x weight elements x input positions",
        Spread,
    )
    .fvcore(cost::conv)
    .modules(&["Conv2d", "ConvTranspose2d"])
    .why("each input pixel is multiplied by each weight; the hook counts output positions instead"),
    entry(
        &["torchvision::deform_conv2d", "torchvision::_deform_conv2d"],
        Macs(cost::deform_conv),
        "batch x weight elements x output positions",
        Whole,
    )
    .why("as a convolution; its sampling is not counted. fvcore has no handle; where it looks, the data decides"),
    entry(&["aten::linear"], Macs(cost::linear), "input elements x output features", MixLast)
        .fvcore(cost::linear)
        .modules(&["Linear", "NonDynamicallyQuantizableLinear"])
        .why("each row meets each weight once; the hook multiplies shape[0], shape[1] and the output's shape[1]"),
    entry(&["aten::mkldnn_linear"], Macs(cost::linear), "input elements x output features", MixLast)
        .fvcore(cost::linear)
        .modules(&["Linear", "NonDynamicallyQuantizableLinear"])
        .why("linear, as a backend names it"),
    entry(&["aten::addmm", "aten::_addmm_activation"], Macs(cost::matmul), "output elements x inner size", Product)
        .fvcore(cost::fvcore_addmm)
        .modules(&["Linear", "NonDynamicallyQuantizableLinear"])
        .why("linear's decomposed form"),
    entry(&["aten::mm", "aten::matmul"], Macs(cost::matmul), "output elements x inner size", Product)
        .fvcore(cost::fvcore_matmul)
        .modules(&["Linear", "NonDynamicallyQuantizableLinear"])
        .why("a matrix product; fvcore's handle forgets a broadcast of the left operand"),
    entry(&["aten::bmm"], Macs(cost::matmul), "output elements x inner size", Product)
        .fvcore(cost::matmul)
        .modules(&["Linear", "NonDynamicallyQuantizableLinear"])
        .why("matrix products of a batch"),
    entry(
        &[
            "aten::baddbmm",
            "aten::mv",
            "aten::addmv",
            "aten::dot",
            "aten::vdot",
            "aten::inner",
            "aten::linalg_vecdot",
            "aten::linalg_matmul",
        ],
        Macs(cost::matmul),
        "output elements x inner size",
        Product,
    )
    .why("products of matrices and vectors for which fvcore has no handle"),
    entry(&["aten::addbmm"], Macs(cost::addbmm), "elements of the first batch x columns of the second", Whole)
        .why("matrix products of a batch, summed; fvcore has no handle"),
    entry(
        &["aten::einsum"],
        Macs(einsum::macs),
        "product of the sizes of all indices, for each pair of operands",
        Whole,
    )
    .fvcore(einsum::fvcore)
    .why("one MAC for each combination of indices; fvcore halves numpy's estimate"),
    entry(
        &[
            "aten::scaled_dot_product_attention",
            "aten::_scaled_dot_product_attention_math",
            "aten::_scaled_dot_product_flash_attention",
            "aten::_scaled_dot_product_flash_attention_for_cpu",
            "aten::_scaled_dot_product_efficient_attention",
            "aten::_scaled_dot_product_cudnn_attention",
        ],
        Macs(cost::attention),
        "heads x queries x keys x (key features + value features)",
        Whole,
    )
    .why("scores, and their product with the values; fvcore has no handle, so it counts nothing"),
    entry(
        &["aten::_native_multi_head_attention"],
        Macs(cost::multi_head_attention),
        "batch x (2 L D^2 + 2 S D^2 + 2 L S D)",
        Whole,
    )
    .why("four projections and the attention in one operation; fvcore has no handle"),
    // ---- other arithmetic that a convention counts
    entry(
        &[
            "aten::batch_norm",
            "aten::native_batch_norm",
            "aten::_native_batch_norm_legit",
            "aten::_native_batch_norm_legit_no_training",
            "aten::cudnn_batch_norm",
            "aten::_batch_norm_impl_index",
            "aten::_batch_norm_no_update",
        ],
        PerInput(2),
        "2 x input elements",
        Same,
    )
    .fvcore(cost::fvcore_batch_norm)
    .modules(&["BatchNorm2d"])
    .why("a multiplication and an addition with fixed statistics; fvcore and hook: 1 x without affine weights"),
    entry(&["aten::layer_norm", "aten::native_layer_norm"], PerInput(5), "5 x input elements", MixLast)
        .fvcore(cost::fvcore_norm)
        .why("mean, variance, and what batch norm does; fvcore: 4 x without affine weights"),
    entry(
        &["aten::group_norm", "aten::native_group_norm", "aten::instance_norm"],
        PerInput(5),
        "5 x input elements",
        Whole,
    )
    .fvcore(cost::fvcore_norm)
    .why("mean, variance, and what batch norm does; fvcore: 4 x without affine weights"),
    entry(&["aten::rms_norm", "aten::_fused_rms_norm"], PerInput(4), "4 x input elements", MixLast)
        .why("square, sum, scale, weight; fvcore has no handle"),
    entry(&["aten::upsample_bilinear2d"], PerOutput(4), "4 x output elements", Resize(1))
        .fvcore(cost::four_per_output)
        .why("four neighbours a pixel"),
    free(&["aten::upsample_nearest2d"], Resize(0), "copies pixels; fvcore counts one operation an output element")
        .fvcore(cost::once_per_output),
    free(
        &[
            "aten::upsample_nearest1d",
            "aten::upsample_nearest3d",
            "aten::_upsample_nearest_exact1d",
            "aten::_upsample_nearest_exact2d",
            "aten::_upsample_nearest_exact3d",
        ],
        Resize(0),
        "copies pixels",
    ),
    entry(&["aten::upsample_bicubic2d"], PerOutput(16), "16 x output elements", Resize(2))
        .why("sixteen neighbours a pixel; fvcore has no handle"),
    entry(&["aten::upsample_linear1d", "aten::upsample_trilinear3d"], PerOutput(8), "8 x output elements", Resize(1))
        .why("at most eight neighbours a position; fvcore has no handle"),
    entry(
        &["aten::_upsample_bilinear2d_aa", "aten::_upsample_bicubic2d_aa"],
        PerOutput(16),
        "16 x output elements",
        Whole,
    )
    .why("at least sixteen neighbours a pixel when it shrinks; fvcore has no handle"),
    entry(&["aten::grid_sampler"], PerOutput(4), "4 x output elements", Whole)
        .fvcore(cost::four_per_output)
        .why("four neighbours a pixel; where they lie, the data decides"),
    entry(&["aten::grid_sampler_2d", "aten::grid_sampler_3d"], PerOutput(4), "4 x output elements", Whole)
        .fvcore(cost::four_per_output)
        .why("grid_sampler's decomposed form"),
    entry(&["aten::adaptive_avg_pool2d", "aten::_adaptive_avg_pool2d"], PerInput(1), "input elements", Whole)
        .fvcore(cost::once_per_input)
        .why("each input element is added once"),
    // ---- activations that are modules for the hook
    pointwise(&["aten::relu", "aten::clamp_min"], 1, "an activation; the hook counts it where it is a ReLU module")
        .modules(&["ReLU"]),
    pointwise(&["aten::leaky_relu"], 1, "an activation; the hook counts it where it is a module")
        .modules(&["LeakyReLU"]),
    pointwise(&["aten::prelu", "aten::_prelu_kernel"], 1, "an activation; the hook counts it where it is a module")
        .modules(&["PReLU"]),
    pointwise(&["aten::elu"], 1, "an activation; the hook counts it where it is a module").modules(&["ELU"]),
    pointwise(&["aten::hardtanh", "aten::relu6"], 1, "an activation; the hook counts it where it is a ReLU6 module")
        .modules(&["ReLU6"]),
    pointwise(&["aten::clamp", "aten::clamp_max", "aten::clip"], 1, "a comparison; ReLU6's decomposed form")
        .modules(&["ReLU6"]),
    pointwise(&["aten::where"], 1, "a choice; LeakyReLU's, PReLU's and ELU's decomposed forms end with it").modules(&[
        "LeakyReLU",
        "PReLU",
        "ELU",
    ]),
    // ---- other arithmetic that no counter of a challenge counts
    pointwise(
        &[
            "aten::silu",
            "aten::gelu",
            "aten::sigmoid",
            "aten::tanh",
            "aten::mish",
            "aten::softplus",
            "aten::hardsigmoid",
            "aten::hardswish",
            "aten::hardshrink",
            "aten::softshrink",
            "aten::selu",
            "aten::celu",
            "aten::log_sigmoid",
            "aten::logit",
            "aten::threshold",
            "aten::rrelu",
            "aten::erf",
            "aten::sin",
            "aten::cos",
            "aten::tan",
            "aten::asin",
            "aten::acos",
            "aten::atan",
            "aten::atan2",
            "aten::sinc",
            "aten::exp",
            "aten::exp2",
            "aten::expm1",
            "aten::log",
            "aten::log2",
            "aten::log10",
            "aten::log1p",
            "aten::sqrt",
            "aten::rsqrt",
            "aten::square",
            "aten::pow",
            "aten::reciprocal",
        ],
        1,
        "a function of each element; neither hook nor fvcore counts it",
    ),
    pointwise(
        &[
            "aten::add",
            "aten::sub",
            "aten::rsub",
            "aten::subtract",
            "aten::mul",
            "aten::multiply",
            "aten::div",
            "aten::divide",
            "aten::true_divide",
            "aten::floor_divide",
            "aten::remainder",
            "aten::fmod",
            "aten::neg",
            "aten::negative",
            "aten::abs",
            "aten::sign",
            "aten::sgn",
            "aten::ceil",
            "aten::floor",
            "aten::round",
            "aten::trunc",
            "aten::frac",
            "aten::maximum",
            "aten::minimum",
            "aten::fmax",
            "aten::fmin",
            "aten::eq",
            "aten::ne",
            "aten::lt",
            "aten::le",
            "aten::gt",
            "aten::ge",
            "aten::isnan",
            "aten::isinf",
            "aten::isfinite",
            "aten::isclose",
            "aten::nan_to_num",
            "aten::logical_and",
            "aten::logical_or",
            "aten::logical_xor",
            "aten::logical_not",
            "aten::bitwise_and",
            "aten::bitwise_or",
            "aten::bitwise_xor",
            "aten::bitwise_not",
            "aten::bitwise_left_shift",
            "aten::bitwise_right_shift",
            "aten::__and__",
            "aten::__or__",
            "aten::__xor__",
            "aten::__lshift__",
            "aten::__rshift__",
            "aten::hypot",
            "aten::cumsum",
            "aten::cumprod",
            "aten::logcumsumexp",
            "aten::outer",
            "aten::ger",
        ],
        1,
        "one operation an element; neither hook nor fvcore counts it",
    ),
    pointwise(
        &["aten::addcmul", "aten::addcdiv", "aten::lerp", "aten::glu", "aten::cosine_similarity"],
        2,
        "two operations an element; neither hook nor fvcore counts it",
    ),
    entry(
        &[
            "aten::softmax",
            "aten::_softmax",
            "aten::log_softmax",
            "aten::_log_softmax",
            "aten::_safe_softmax",
            "aten::softmin",
        ],
        PerInput(3),
        "3 x input elements",
        Reduce,
    )
    .why("exponential, sum, quotient; neither hook nor fvcore counts it"),
    entry(
        &[
            "aten::sum",
            "aten::mean",
            "aten::nansum",
            "aten::prod",
            "aten::amax",
            "aten::amin",
            "aten::aminmax",
            "aten::max",
            "aten::min",
            "aten::argmax",
            "aten::argmin",
            "aten::any",
            "aten::all",
            "aten::median",
            "aten::count_nonzero",
            "aten::logsumexp",
        ],
        PerInput(1),
        "input elements",
        Reduce,
    )
    .why("each input element is added or compared once; neither hook nor fvcore counts it"),
    entry(
        &["aten::norm", "aten::linalg_norm", "aten::linalg_vector_norm", "aten::normalize"],
        PerInput(2),
        "2 x input elements",
        Reduce,
    )
    .why("square and sum; neither hook nor fvcore counts it"),
    entry(&["aten::var", "aten::std", "aten::var_mean", "aten::std_mean"], PerInput(4), "4 x input elements", Reduce)
        .why("sum, difference, square, sum; neither hook nor fvcore counts it"),
    entry(
        &["aten::sort", "aten::argsort", "aten::topk", "aten::kthvalue", "aten::unique_dim", "aten::bucketize"],
        PerInput(1),
        "input elements",
        Whole,
    )
    .why("at least a comparison an element; neither hook nor fvcore counts it"),
    entry(
        &[
            "aten::max_pool1d",
            "aten::max_pool2d",
            "aten::max_pool3d",
            "aten::max_pool2d_with_indices",
            "aten::max_pool3d_with_indices",
            "aten::mkldnn_max_pool2d",
            "aten::avg_pool1d",
            "aten::avg_pool2d",
            "aten::avg_pool3d",
            "aten::lp_pool2d",
        ],
        Arithmetic(cost::pool),
        "output elements x window positions",
        Window,
    )
    .why("each window position is added or compared once; neither hook nor fvcore counts it"),
    entry(
        &[
            "aten::adaptive_max_pool2d",
            "aten::adaptive_avg_pool1d",
            "aten::adaptive_max_pool1d",
            "aten::adaptive_avg_pool3d",
            "aten::_adaptive_avg_pool3d",
        ],
        PerInput(1),
        "input elements",
        Whole,
    )
    .why("each input element is added or compared once; neither hook nor fvcore counts it"),
    entry(
        &[
            "aten::fft_fft",
            "aten::fft_ifft",
            "aten::fft_rfft",
            "aten::fft_irfft",
            "aten::fft_fft2",
            "aten::fft_ifft2",
            "aten::fft_rfft2",
            "aten::fft_irfft2",
            "aten::fft_fftn",
            "aten::fft_ifftn",
            "aten::fft_rfftn",
            "aten::fft_irfftn",
            "aten::_fft_r2c",
            "aten::_fft_c2r",
            "aten::_fft_c2c",
        ],
        Arithmetic(cost::fft),
        "elements x log2(transform size)",
        Whole,
    )
    .why("butterflies of a fast transform; neither hook nor fvcore counts it"),
    entry(
        &["aten::col2im", "aten::index_add", "aten::scatter_add", "aten::scatter_reduce", "aten::index_reduce"],
        PerInput(1),
        "input elements",
        Whole,
    )
    .why("each input element is added once; neither hook nor fvcore counts it"),
    entry(
        &["aten::cdist", "aten::_cdist_forward"],
        Arithmetic(cost::distances),
        "3 x output elements x features",
        Whole,
    )
    .why("difference, square, sum; neither hook nor fvcore counts it"),
    // ---- no arithmetic
    free(&["aten::pixel_shuffle"], Shuffle, "moves data: the same elements at other places"),
    free(
        &["aten::channel_shuffle", "aten::native_channel_shuffle"],
        Same,
        "moves data: the same elements in other channels",
    ),
    free(&["aten::pixel_unshuffle"], Unshuffle, "moves data: the same elements at other places"),
    free(
        &[
            "aten::permute",
            "aten::transpose",
            "aten::t",
            "aten::numpy_T",
            "aten::mT",
            "aten::swapaxes",
            "aten::swapdims",
            "aten::movedim",
            "aten::moveaxis",
            "aten::adjoint",
        ],
        Permute,
        "a view",
    ),
    free(
        &[
            "aten::view",
            "aten::reshape",
            "aten::_unsafe_view",
            "aten::_reshape_alias",
            "aten::_reshape_copy",
            "aten::view_as",
            "aten::reshape_as",
            "aten::flatten",
            "aten::unflatten",
            "aten::squeeze",
            "aten::unsqueeze",
            "aten::ravel",
            "aten::atleast_1d",
            "aten::atleast_2d",
            "aten::atleast_3d",
        ],
        Reshape,
        "a view or a copy",
    ),
    free(
        &[
            "aten::slice",
            "aten::narrow",
            "aten::select",
            "aten::chunk",
            "aten::split",
            "aten::split_with_sizes",
            "aten::split_copy",
            "aten::split_with_sizes_copy",
            "aten::tensor_split",
            "aten::unsafe_chunk",
            "aten::unsafe_split",
            "aten::unsafe_split_with_sizes",
            "aten::unbind",
            "aten::diagonal",
            "aten::slice_copy",
            "aten::select_copy",
        ],
        Part,
        "a view of a part",
    ),
    free(
        &[
            "aten::pad",
            "aten::constant_pad_nd",
            "aten::reflection_pad1d",
            "aten::reflection_pad2d",
            "aten::reflection_pad3d",
            "aten::replication_pad1d",
            "aten::replication_pad2d",
            "aten::replication_pad3d",
            "aten::_pad_circular",
        ],
        Pad,
        "moves data",
    ),
    free(
        &[
            "aten::cat",
            "aten::concat",
            "aten::concatenate",
            "aten::stack",
            "aten::hstack",
            "aten::vstack",
            "aten::dstack",
        ],
        Cat,
        "moves data",
    ),
    free(&["aten::roll"], Roll, "moves data"),
    free(
        &[
            "aten::clone",
            "aten::contiguous",
            "aten::copy",
            "aten::_copy_from",
            "aten::to",
            "aten::_to_copy",
            "aten::type_as",
            "aten::float",
            "aten::half",
            "aten::cuda",
            "aten::cpu",
            "aten::detach",
            "aten::detach_copy",
            "aten::alias",
            "aten::lift",
            "aten::lift_fresh",
            "aten::lift_fresh_copy",
            "aten::identity",
            "aten::positive",
            "aten::real",
            "aten::imag",
            "aten::view_as_real",
            "aten::view_as_complex",
            "aten::_conj",
            "aten::conj",
            "aten::resolve_conj",
            "aten::resolve_neg",
            "aten::_conj_physical",
            "aten::complex",
            "aten::expand",
            "aten::expand_as",
            "aten::broadcast_to",
            "aten::broadcast_tensors",
            "aten::masked_fill",
            "aten::fill",
            "aten::zero",
            "aten::set",
            "aten::requires_grad",
            "aten::dropout",
            "aten::feature_dropout",
            "aten::native_dropout",
            "aten::alpha_dropout",
        ],
        Same,
        "moves data, or looks at it otherwise; dropout does nothing in inference",
    ),
    free(
        &[
            "aten::repeat",
            "aten::repeat_interleave",
            "aten::tile",
            "aten::flip",
            "aten::fliplr",
            "aten::flipud",
            "aten::rot90",
            "aten::unfold",
            "aten::im2col",
            "aten::as_strided",
            "aten::gather",
            "aten::index",
            "aten::_unsafe_index",
            "aten::index_select",
            "aten::index_put",
            "aten::_unsafe_index_put",
            "aten::_index_put_impl",
            "aten::index_fill",
            "aten::index_copy",
            "aten::scatter",
            "aten::select_scatter",
            "aten::slice_scatter",
            "aten::masked_select",
            "aten::masked_scatter",
            "aten::take",
            "aten::take_along_dim",
            "aten::embedding",
            "aten::tril",
            "aten::triu",
            "aten::fft_fftshift",
            "aten::fft_ifftshift",
            "aten::nonzero",
            "aten::nonzero_numpy",
            "aten::one_hot",
            "aten::block_diag",
            "aten::diag",
            "aten::diag_embed",
        ],
        Whole,
        "moves data",
    ),
    free(
        &[
            "aten::empty",
            "aten::empty_like",
            "aten::empty_strided",
            "aten::new_empty",
            "aten::new_empty_strided",
            "aten::zeros",
            "aten::zeros_like",
            "aten::new_zeros",
            "aten::ones",
            "aten::ones_like",
            "aten::new_ones",
            "aten::full",
            "aten::full_like",
            "aten::new_full",
            "aten::scalar_tensor",
            "aten::tensor",
            "aten::arange",
            "aten::range",
            "aten::linspace",
            "aten::eye",
            "aten::meshgrid",
            "aten::tril_indices",
            "aten::triu_indices",
            "aten::hann_window",
            "aten::rand",
            "aten::rand_like",
            "aten::randn",
            "aten::randn_like",
            "aten::uniform",
            "aten::normal",
            "aten::affine_grid_generator",
            "aten::size",
            "aten::sym_size",
            "aten::stride",
            "aten::numel",
            "aten::sym_numel",
            "aten::dim",
            "aten::len",
            "aten::item",
            "aten::_local_scalar_dense",
            "aten::is_nonzero",
            "aten::is_floating_point",
            "aten::is_complex",
            "aten::is_same_size",
            "aten::result_type",
            "aten::Int",
            "aten::Float",
            "aten::Bool",
            "aten::IntImplicit",
            "aten::FloatImplicit",
            "aten::ScalarImplicit",
            "aten::NumToTensor",
            "prim::NumToTensor",
            "aten::_fused_sdp_choice",
            "aten::_nnpack_available",
            "aten::_has_compatible_shallow_copy_type",
            "aten::_is_zerotensor",
            "aten::_assert_async",
            "aten::_assert_scalar",
            "aten::_assert_tensor_metadata",
            "aten::sym_constrain_range_for_size",
        ],
        Nothing,
        "made from nothing, or a question about a tensor",
    ),
];

static INDEX: LazyLock<HashMap<&'static str, &'static Entry>> =
    LazyLock::new(|| TABLE.iter().flat_map(|e| e.ops.iter().map(move |&op| (op, e))).collect());

/// The entry that explains an operation, by its name without overload, in place (`aten::relu_`) or not.
pub fn find(name: &str) -> Option<&'static Entry> {
    INDEX.get(name).or_else(|| INDEX.get(name.strip_suffix('_')?)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_operation_is_explained_twice() {
        let mut seen = HashSet::new();
        for op in TABLE.iter().flat_map(|e| e.ops) {
            assert!(seen.insert(op), "{op}");
        }
    }

    #[test]
    fn every_entry_says_why() {
        for entry in TABLE {
            assert!(!entry.why.is_empty(), "{:?}", entry.ops);
            assert_eq!(entry.formula.is_empty(), matches!(entry.work, Work::Free), "{:?}", entry.ops);
        }
    }

    #[test]
    fn an_in_place_variant_is_the_same_operation() {
        assert!(std::ptr::eq(find("aten::relu_").unwrap(), find("aten::relu").unwrap()));
        assert!(find("aten::__and__").is_some());
        assert!(find("aten::relu__").is_none());
        assert!(find("esr::relu").is_none());
    }
}
