//! The sizes of a convolution.

/// The sizes of a convolution: `Conv::new(in_channels, out_channels, kernel)`, then what differs from stride 1, no
/// padding and a bias.
#[derive(Debug, Clone, Copy)]
pub struct Conv {
    pub(crate) in_channels: i64,
    pub(crate) out_channels: i64,
    pub(crate) kernel: [i64; 2],
    pub(crate) stride: [i64; 2],
    pub(crate) padding: [i64; 2],
    pub(crate) dilation: [i64; 2],
    pub(crate) groups: i64,
    pub(crate) bias: bool,
}

impl Conv {
    /// A square kernel, stride 1, no padding, with bias.
    pub fn new(in_channels: i64, out_channels: i64, kernel: i64) -> Conv {
        Conv {
            in_channels,
            out_channels,
            kernel: [kernel; 2],
            stride: [1; 2],
            padding: [0; 2],
            dilation: [1; 2],
            groups: 1,
            bias: true,
        }
    }

    /// As [`Conv::new`], with the padding that keeps the size.
    pub fn same(in_channels: i64, out_channels: i64, kernel: i64) -> Conv {
        Conv::new(in_channels, out_channels, kernel).pad((kernel - 1) / 2)
    }

    /// A rectangular kernel: height, width.
    pub fn kernel(self, kernel: [i64; 2]) -> Conv {
        Conv { kernel, ..self }
    }

    /// Steps of more than one pixel.
    pub fn stride(self, stride: i64) -> Conv {
        Conv { stride: [stride; 2], ..self }
    }

    /// Zeros on every side.
    pub fn pad(self, padding: i64) -> Conv {
        Conv { padding: [padding; 2], ..self }
    }

    /// Zeros above and below, left and right.
    pub fn pad_hw(self, padding: [i64; 2]) -> Conv {
        Conv { padding, ..self }
    }

    /// Spread kernel positions.
    pub fn dilation(self, dilation: i64) -> Conv {
        Conv { dilation: [dilation; 2], ..self }
    }

    /// Channel groups; `groups == in_channels` is a depthwise convolution.
    pub fn groups(self, groups: i64) -> Conv {
        Conv { groups, ..self }
    }

    /// Without bias.
    pub fn no_bias(self) -> Conv {
        Conv { bias: false, ..self }
    }
}
