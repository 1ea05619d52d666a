//! ESA, the gate of the RFDN family.

use tch::Tensor;

use super::reparam::Reparam;
use crate::layer::{Conv, Layer};
use crate::nn::{Act, ActKind, Conv2d};
use crate::scope;
use crate::vars::KeyPath;

/// Enhanced spatial attention (Liu et al., RFANet, CVPR 2020): a gate computed at a sixth of the size or so.
///
/// (N, C, H, W) to the same. A 1x1 convolution narrows, pooling and convolutions at the small size see far, and a 1x1
/// convolution widens the sum of both again. Networks differ in what they do at the small size.
#[derive(Debug)]
pub struct Esa {
    path: String,
    narrow: Conv2d,
    skip: Conv2d,
    small: Small,
    widen: Conv2d,
    sigmoid: Act,
}

/// What runs at the small size, the pooling included.
#[derive(Debug)]
enum Small {
    /// RFDN: strided `conv2`, pool by 3, `conv_max`, ReLU, `conv3`, ReLU, `conv3_`.
    Three { conv2: Conv2d, conv_max: Conv2d, conv3: Conv2d, conv3_: Conv2d, relu: Act },
    /// RLFN: strided `conv2`, pool by 3, `conv3` alone.
    One { conv2: Conv2d, conv3: Conv2d },
    /// DIPNet: as RLFN, with a `conv3` that was trained with branches.
    OneReparam { conv2: Conv2d, conv3: Reparam },
    /// NEESR: pool by 7, then `conv_2` and `conv_3` side by side, each with a ReLU, and `conv_23` over both.
    Split { conv_2: Conv2d, conv_3: Conv2d, conv_23: Conv2d, relu: Act },
}

impl Esa {
    /// RFDN's form, `width` channels inside: `channels / 4` there (Liu et al., RFDN, 2020).
    pub fn three(p: KeyPath<'_>, channels: i64, width: i64) -> Esa {
        let same = |key| Conv::same(width, width, 3).build(p.sub(key));
        let small = Small::Three {
            conv2: strided(&p, width),
            conv_max: same("conv_max"),
            conv3: same("conv3"),
            conv3_: same("conv3_"),
            relu: Act::new(p.sub("relu"), ActKind::Relu, true),
        };
        Esa::with(p, channels, width, small)
    }

    /// RLFN's form (Kong et al., RLFN, 2022).
    pub fn one(p: KeyPath<'_>, channels: i64, width: i64) -> Esa {
        let conv3 = Conv::same(width, width, 3).build(p.sub("conv3"));
        let small = Small::One { conv2: strided(&p, width), conv3 };
        Esa::with(p, channels, width, small)
    }

    /// DIPNet's form (Yu et al., DIPNet, 2023).
    pub fn one_reparam(p: KeyPath<'_>, channels: i64, width: i64) -> Esa {
        let conv = Conv::same(width, width, 3);
        let conv3 = Reparam::new(p.sub("conv3"), "Conv3XC_with_bias", "eval_conv", conv);
        let small = Small::OneReparam { conv2: strided(&p, width), conv3 };
        Esa::with(p, channels, width, small)
    }

    /// The form of NEESR's plain RFDN (NTIRE 2022 report, section on NEESR).
    pub fn split(p: KeyPath<'_>, channels: i64, width: i64) -> Esa {
        let same = |key, in_channels| Conv::same(in_channels, width, 3).build(p.sub(key));
        let small = Small::Split {
            conv_2: same("conv_2", width),
            conv_3: same("conv_3", width),
            conv_23: same("conv_23", 2 * width),
            relu: Act::new(p.sub("relu"), ActKind::Relu, true),
        };
        Esa::with(p, channels, width, small)
    }

    fn with(p: KeyPath<'_>, channels: i64, width: i64, small: Small) -> Esa {
        Esa {
            path: p.name(),
            narrow: Conv::new(channels, width, 1).build(p.sub("conv1")),
            skip: Conv::new(width, width, 1).build(p.sub("conv_f")),
            small,
            widen: Conv::new(width, channels, 1).build(p.sub("conv4")),
            sigmoid: Act::new(p.sub("sigmoid"), ActKind::Sigmoid, false),
        }
    }
}

fn strided(p: &KeyPath<'_>, width: i64) -> Conv2d {
    Conv::new(width, width, 3).stride(2).build(p.sub("conv2"))
}

fn pool_by_3(x: &Tensor) -> Tensor {
    x.max_pool2d([7; 2], [3; 2], [0; 2], [1; 2], false)
}

impl Small {
    fn forward(&self, narrow: &Tensor) -> Tensor {
        match self {
            Small::Three { conv2, conv_max, conv3, conv3_, relu } => {
                let range = relu.forward(&conv_max.forward(&pool_by_3(&conv2.forward(narrow))));
                conv3_.forward(&relu.forward(&conv3.forward(&range)))
            }
            Small::One { conv2, conv3 } => conv3.forward(&pool_by_3(&conv2.forward(narrow))),
            Small::OneReparam { conv2, conv3 } => conv3.forward(&pool_by_3(&conv2.forward(narrow))),
            Small::Split { conv_2, conv_3, conv_23, relu } => {
                let pooled = narrow.max_pool2d([7; 2], [7; 2], [1; 2], [1; 2], false);
                let a = relu.forward(&conv_2.forward(&pooled));
                let b = relu.forward(&conv_3.forward(&pooled));
                conv_23.forward(&Tensor::cat(&[a, b], 1))
            }
        }
    }
}

impl Layer for Esa {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "ESA");
        let narrow = self.narrow.forward(x);
        let size = x.size();
        let far = self.small.forward(&narrow).upsample_bilinear2d([size[2], size[3]], false, None, None);
        let gate = self.sigmoid.forward(&self.widen.forward(&(far + self.skip.forward(&narrow))));
        x * gate
    }
}
