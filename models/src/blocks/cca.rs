//! CCA, the channel attention of IMDN.

use tch::Tensor;

use crate::layer::{Conv, Layer};
use crate::nn::{Act, ActKind, Conv2d, GlobalPool, GlobalPoolKind};
use crate::scope;
use crate::vars::KeyPath;

/// Contrast-aware channel attention (Hui et al., "Lightweight Image Super-Resolution with Information
/// Multi-distillation Network", ACM Multimedia 2019).
///
/// (N, C, H, W) to the same. What squeezes each channel is the sum of its mean and its standard deviation; two 1x1
/// convolutions over the `width` in between and a sigmoid turn that into the channel's weight.
#[derive(Debug)]
pub struct Cca {
    path: String,
    pool: GlobalPool,
    excite: String,
    narrow: Conv2d,
    relu: Act,
    widen: Conv2d,
    sigmoid: Act,
}

impl Cca {
    /// The block at `p`; `width` is `channels / 16` in IMDN.
    pub fn new(p: KeyPath<'_>, channels: i64, width: i64) -> Cca {
        let excite = p.sub("conv_du");
        Cca {
            path: p.name(),
            pool: GlobalPool::new(p.sub("avg_pool"), GlobalPoolKind::Mean),
            narrow: Conv::new(channels, width, 1).build(excite.sub(0)),
            relu: Act::new(excite.sub(1), ActKind::Relu, true),
            widen: Conv::new(width, channels, 1).build(excite.sub(2)),
            sigmoid: Act::new(excite.sub(3), ActKind::Sigmoid, false),
            excite: excite.name(),
        }
    }
}

impl Layer for Cca {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "CCALayer");
        let squeezed = deviation(x) + self.pool.forward(x);
        let weight = {
            let _scope = scope::enter(&self.excite, "Sequential");
            self.sigmoid.forward(&self.widen.forward(&self.relu.forward(&self.narrow.forward(&squeezed))))
        };
        x * weight
    }
}

/// Mean of each channel, by rows and then over them: (N, C, H, W) to (N, C, 1, 1).
fn mean(x: &Tensor) -> Tensor {
    let size = x.size();
    let rows = x.sum_dim_intlist([3_i64].as_slice(), true, None);
    rows.sum_dim_intlist([2_i64].as_slice(), true, None) / (size[2] * size[3])
}

/// Population standard deviation of each channel.
fn deviation(x: &Tensor) -> Tensor {
    mean(&(x - mean(x)).pow_tensor_scalar(2)).pow_tensor_scalar(0.5)
}
