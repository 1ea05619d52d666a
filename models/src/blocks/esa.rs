//! ESA, the gate of the RFDN family.

use tch::Tensor;

use crate::nn::{Act, ActKind, Conv, Conv2d, Layer};
use crate::scope;
use crate::vars::Path;

/// Enhanced spatial attention (Liu et al., RFANet, CVPR 2020): a gate computed at a third of a half of the size.
///
/// (N, C, H, W) to the same. `convs` are the convolutions at the small size: three with ReLUs in RFDN, one in RLFN.
#[derive(Debug)]
pub struct Esa {
    path: String,
    conv1: Conv2d,
    conv_f: Conv2d,
    conv2: Conv2d,
    middle: Middle,
    conv4: Conv2d,
}

#[derive(Debug)]
enum Middle {
    /// RFDN: `conv_max`, ReLU, `conv3`, ReLU, `conv3_`.
    Three { conv_max: Conv2d, conv3: Conv2d, conv3_: Conv2d, relu: Act },
    /// RLFN: `conv3` alone.
    One(Conv2d),
}

impl Esa {
    /// RFDN's form, `channels / 4` wide where `width` is that (Liu et al., RFDN, 2020).
    pub fn three(p: Path<'_>, channels: i64, width: i64) -> Esa {
        let same = || Conv::same(width, width, 3);
        let middle = Middle::Three {
            conv_max: same().build(p.sub("conv_max")),
            conv3: same().build(p.sub("conv3")),
            conv3_: same().build(p.sub("conv3_")),
            relu: Act::new(p.sub("relu"), ActKind::Relu, true),
        };
        Esa::with(p, channels, width, middle)
    }

    /// RLFN's form (Kong et al., RLFN, 2022).
    pub fn one(p: Path<'_>, channels: i64, width: i64) -> Esa {
        let middle = Middle::One(Conv::same(width, width, 3).build(p.sub("conv3")));
        Esa::with(p, channels, width, middle)
    }

    fn with(p: Path<'_>, channels: i64, width: i64, middle: Middle) -> Esa {
        Esa {
            path: p.name(),
            conv1: Conv::new(channels, width, 1).build(p.sub("conv1")),
            conv_f: Conv::new(width, width, 1).build(p.sub("conv_f")),
            conv2: Conv::new(width, width, 3).stride(2).build(p.sub("conv2")),
            middle,
            conv4: Conv::new(width, channels, 1).build(p.sub("conv4")),
        }
    }
}

impl Layer for Esa {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "ESA");
        let narrow = self.conv1.forward(x);
        let small = self.conv2.forward(&narrow).max_pool2d([7, 7], [3, 3], [0, 0], [1, 1], false);
        let small = match &self.middle {
            Middle::Three { conv_max, conv3, conv3_, relu } => {
                let range = relu.forward(&conv_max.forward(&small));
                conv3_.forward(&relu.forward(&conv3.forward(&range)))
            }
            Middle::One(conv3) => conv3.forward(&small),
        };
        let size = x.size();
        let wide = small.upsample_bilinear2d([size[2], size[3]], false, None, None);
        let gate = self.conv4.forward(&(wide + self.conv_f.forward(&narrow))).sigmoid();
        x * gate
    }
}
