//! The algebra of kernels: several linear layers in a row or side by side as one convolution.

use tch::{Kind, Tensor};

/// A convolution's weight (out, in, kh, kw) and bias (out), in 64-bit floats: the sums of branches cancel, so that only the
/// final result should be rounded.
#[derive(Debug)]
pub struct Kernel {
    weight: Tensor,
    bias: Tensor,
}

impl Kernel {
    /// A convolution. Without a bias, the bias is zeros.
    pub fn new(weight: &Tensor, bias: Option<&Tensor>) -> Kernel {
        let weight = weight.to_kind(Kind::Double);
        let bias = match bias {
            Some(bias) => bias.to_kind(Kind::Double),
            None => Tensor::zeros([weight.size()[0]], (Kind::Double, weight.device())),
        };
        Kernel { weight, bias }
    }

    /// 1x1: the identity of each channel.
    pub fn identity(channels: i64, device: tch::Device) -> Kernel {
        Kernel::diagonal(&Tensor::ones([channels], (Kind::Double, device)), None)
    }

    /// A depthwise convolution, weight (channels, 1, kh, kw), as a dense one.
    pub fn depthwise(weight: &Tensor, bias: Option<&Tensor>) -> Kernel {
        let weight = weight.to_kind(Kind::Double);
        let channels = weight.size()[0];
        let passes = Tensor::eye(channels, (Kind::Double, weight.device())).view([channels, channels, 1, 1]);
        Kernel::new(&(passes * weight), bias)
    }

    /// 1x1: each channel times its scale, plus its shift.
    pub fn diagonal(scale: &Tensor, shift: Option<&Tensor>) -> Kernel {
        Kernel::depthwise(&scale.view([-1, 1, 1, 1]), shift)
    }

    /// The mean over k x k, channel by channel.
    pub fn mean(channels: i64, k: i64, device: tch::Device) -> Kernel {
        let weight = Tensor::full([channels, 1, k, k], 1.0 / (k * k) as f64, (Kind::Double, device));
        Kernel::depthwise(&weight, None)
    }

    /// The device of its tensors.
    pub fn device(&self) -> tch::Device {
        self.weight.device()
    }

    /// This one after a 1x1 convolution whose map is padded with `first`'s bias.
    ///
    /// The 1x1 convolution turns a zero outside of the image into its bias. A map that is padded with any other value
    /// equals no single convolution at the borders.
    pub fn after(&self, first: &Kernel) -> Kernel {
        let reach = self.weight.sum_dim_intlist([2_i64, 3].as_slice(), false, Kind::Double);
        Kernel { weight: conv(&self.weight, &first.weight.transpose(0, 1)), bias: &self.bias + reach.mv(&first.bias) }
    }

    /// This one, then a 1x1 convolution.
    pub fn then(&self, last: &Kernel) -> Kernel {
        let mix = last.weight.flatten(1, -1);
        let size = self.weight.size();
        let weight = mix.matmul(&self.weight.flatten(1, -1)).view([mix.size()[0], size[1], size[2], size[3]]);
        Kernel { weight, bias: mix.mv(&self.bias) + &last.bias }
    }

    /// Both on the same input, added; the smaller one sits in the middle of the larger one.
    pub fn plus(&self, other: &Kernel) -> Kernel {
        let [h, w] = [2, 3].map(|axis| self.weight.size()[axis].max(other.weight.size()[axis]));
        Kernel { weight: self.grown(h, w) + other.grown(h, w), bias: &self.bias + &other.bias }
    }

    /// The weight and the bias of the deploy form, in 32-bit floats.
    pub fn into_floats(self) -> (Tensor, Tensor) {
        let float = |t: Tensor| t.to_kind(Kind::Float).contiguous();
        (float(self.weight), float(self.bias))
    }

    fn grown(&self, height: i64, width: i64) -> Tensor {
        let size = self.weight.size();
        let [y, x] = [(height - size[2]) / 2, (width - size[3]) / 2];
        self.weight.constant_pad_nd([x, x, y, y])
    }
}

fn conv(x: &Tensor, weight: &Tensor) -> Tensor {
    x.conv2d(weight, None::<Tensor>, 1, 0, 1, 1)
}

/// A map (N, C, H, W) with a frame of `width` pixels of `value` (C), or of zeros.
pub fn framed(x: &Tensor, width: i64, value: Option<&Tensor>) -> Tensor {
    let Some(value) = value else { return x.constant_pad_nd([width; 4]) };
    let size = x.size();
    let (height, breadth) = (size[2] + 2 * width, size[3] + 2 * width);
    let framed = value.view([1, -1, 1, 1]).expand([size[0], size[1], height, breadth], false).contiguous();
    framed.narrow(2, width, size[2]).narrow(3, width, size[3]).copy_(x);
    framed
}
