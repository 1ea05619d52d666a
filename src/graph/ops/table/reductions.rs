//! Reductions, poolings and transforms that no counter of a challenge counts.

use crate::graph::ops::cost;
use crate::graph::ops::table::entry::Locality::{Reduce, Whole, Window};
use crate::graph::ops::table::entry::Work::{Arithmetic, PerInput};
use crate::graph::ops::table::entry::{OpEntry, entry};

/// The entries.
pub(super) static REDUCTIONS: &[OpEntry] = &[
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
            "aten::equal",
            "aten::allclose",
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
    entry(
        &["aten::cumsum", "aten::cumprod", "aten::logcumsumexp", "aten::cummax", "aten::cummin"],
        PerInput(1),
        "input elements",
        Reduce,
    )
    .why("each input element is added or compared once, and meets all before it; neither hook nor fvcore counts it"),
    entry(&["aten::cosine_similarity"], PerInput(6), "6 x input elements", Reduce)
        .why("three products, each multiplied and summed; neither hook nor fvcore counts it"),
];
