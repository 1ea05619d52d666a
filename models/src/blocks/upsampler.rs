//! From features to the SR image.

use tch::Tensor;

use crate::nn::{Conv, Conv2d, Layer, PixelShuffle};
use crate::scope;
use crate::vars::Path;

/// A convolution and a pixel shuffle: `Sequential(Conv2d, PixelShuffle)`, keys `0.weight`, `0.bias`.
#[derive(Debug)]
pub struct Upsampler {
    path: String,
    class: &'static str,
    conv: Conv2d,
    shuffle: PixelShuffle,
}

impl Upsampler {
    /// (N, `inp`, H, W) to (N, 3, `scale` H, `scale` W).
    pub fn new(p: Path<'_>, inp: i64, scale: i64) -> Upsampler {
        Upsampler {
            path: p.name(),
            class: "Sequential",
            conv: Conv::same(inp, 3 * scale * scale, 3).build(p.sub(0)),
            shuffle: PixelShuffle::new(p.sub(1), scale),
        }
    }

    /// As it is, under the name of a subclass of `Sequential`.
    pub fn class(self, class: &'static str) -> Upsampler {
        Upsampler { class, ..self }
    }
}

impl Layer for Upsampler {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, self.class);
        self.shuffle.forward(&self.conv.forward(x))
    }
}
