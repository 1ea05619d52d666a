//! From features to the SR image.

use tch::Tensor;

use crate::layer::{Conv, Layer};
use crate::nn::{Conv2d, PixelShuffle};
use crate::scope;
use crate::vars::KeyPath;

/// A convolution and a pixel shuffle: `Sequential(Conv2d, PixelShuffle)`, keys `0.weight`, `0.bias`.
#[derive(Debug)]
pub struct Upsampler {
    path: String,
    class: &'static str,
    conv: Conv2d,
    shuffle: PixelShuffle,
}

impl Upsampler {
    /// (N, `in_channels`, H, W) to (N, 3, `scale` H, `scale` W).
    pub fn new(p: KeyPath<'_>, in_channels: i64, scale: i64) -> Upsampler {
        Upsampler {
            path: p.name(),
            class: "Sequential",
            conv: Conv::same(in_channels, 3 * scale * scale, 3).build(p.sub(0)),
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
