//! Normalisation, interpolation and adaptive pooling that a convention of the challenges counts.

use crate::graph::ops::cost;
use crate::graph::ops::table::entry::Locality::{MixLast, Resize, Same, Whole};
use crate::graph::ops::table::entry::Work::{PerInput, PerOutput};
use crate::graph::ops::table::entry::{OpEntry, entry, free};

/// The entries.
pub(super) static NORMALISATION: &[OpEntry] = &[
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
];
