//! Multiply-accumulates: convolutions, linear layers, matrix products, attention.

use crate::graph::ops::cost;
use crate::graph::ops::einsum;
use crate::graph::ops::table::entry::Locality::{MixLast, Product, Spread, Whole, Window};
use crate::graph::ops::table::entry::Work::Macs;
use crate::graph::ops::table::entry::{OpEntry, entry};

/// The entries.
pub(super) static PRODUCTS: &[OpEntry] = &[
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
];
