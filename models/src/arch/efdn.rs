//! EFDN: edge-enhanced feature distillation network (Wang, "Edge-enhanced Feature Distillation Network for Efficient
//! Super-Resolution", CVPR Workshops 2022), NKU-ESR's entry and the baseline of 2025, in its deploy form.
//!
//! A cell is a 1x1 and two 3x3 convolutions, each with a PReLU; its input and the three outputs are each distilled to
//! half of the channels, fused, gated by ESA and added to the input. The 3x3 convolutions were trained as edge-enhanced
//! diverse branch blocks. Cells are joined by 1x1 convolutions over pairs of outputs. The result is clamped to [0, 1].

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::keys::{Guess, Keys};
use crate::blocks::{Esa, Upsampler};
use crate::layer::{Conv, Layer};
use crate::nn::{Act, ActKind, Conv2d};
use crate::rep::RepConv;
use crate::scope;
use crate::vars::{KeyPath, StateDict};

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Channels between cells.
    pub channels: i64,
    /// Width of ESA.
    pub esa_channels: i64,
    /// SR size over LR size.
    pub scale: i64,
}

impl Default for Config {
    fn default() -> Self {
        Config::challenge()
    }
}

impl Config {
    /// The entry of 2022: 48 channels.
    pub fn challenge() -> Config {
        Config { channels: 48, esa_channels: 12, scale: 4 }
    }
}

/// Reads the hyperparameters out of keys and shapes.
pub fn guess(dict: &StateDict) -> Option<Guess> {
    let keys = Keys(dict);
    let config = Config {
        channels: keys.dim("cells.0.conv1.conv1x1.weight", 0)?,
        esa_channels: keys.dim("cells.0.att.conv1.weight", 0)?,
        scale: keys.scale("tail.0.weight")?,
    };
    let known = keys.has("cells.0.conv2.rep_conv.weight") && keys.has("local_fuse.0.weight");
    known.then(|| Guess::new(&config, &["output clamped to 0..1"]))?
}

/// The network: four cells and the convolutions that join them.
#[derive(Debug)]
pub struct Efdn {
    head: Conv2d,
    cells: [Cell; 4],
    joints: [Conv2d; 3],
    tail: Upsampler,
}

impl Efdn {
    /// Builds it, with a 3-channel input and output.
    pub fn new(p: KeyPath<'_>, c: &Config) -> Efdn {
        let joint = |i: usize| Conv::new(2 * c.channels, c.channels, 1).build(p.sub("local_fuse").sub(i));
        Efdn {
            head: Conv::same(3, c.channels, 3).build(p.sub("head")),
            cells: std::array::from_fn(|i| Cell::new(p.sub("cells").sub(i), c)),
            joints: std::array::from_fn(joint),
            tail: Upsampler::new(p.sub("tail"), c.channels, c.scale),
        }
    }
}

impl Layer for Efdn {
    /// (N, 3, H, W) to (N, 3, scale H, scale W), clamped to [0, 1].
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", "EFDN");
        let [cell1, cell2, cell3, cell4] = &self.cells;
        let join = |i: usize, a: &Tensor, b: &Tensor| self.joints[i].forward(&Tensor::cat(&[a, b], 1));
        let out0 = self.head.forward(x);
        let out1 = cell1.forward(&out0);
        let out2 = cell2.forward(&out1);
        let out3 = cell3.forward(&join(0, &out1, &out2));
        let out4 = cell4.forward(&join(1, &out2, &out3));
        let out = join(2, &out2, &out4) + out0;
        self.tail.forward(&out).clamp(0.0, 1.0)
    }
}

#[derive(Debug)]
struct Cell {
    path: String,
    convs: [Activated; 3],
    fuse: Conv2d,
    att: Esa,
    branch: [Conv2d; 4],
}

impl Cell {
    fn new(p: KeyPath<'_>, c: &Config) -> Cell {
        let n = c.channels;
        let branch = |i: usize| Conv::new(n, n / 2, 1).build(p.sub("branch").sub(i));
        Cell {
            path: p.name(),
            convs: [
                Activated::new(p.sub("conv1"), "conv", "conv1x1", Conv::new(n, n, 1), n),
                Activated::new(p.sub("conv2"), "EDBB_deploy", "rep_conv", Conv::same(n, n, 3), n),
                Activated::new(p.sub("conv3"), "EDBB_deploy", "rep_conv", Conv::same(n, n, 3), n),
            ],
            fuse: Conv::new(4 * (n / 2), n, 1).build(p.sub("fuse")),
            att: Esa::three(p.sub("att"), n, c.esa_channels),
            branch: std::array::from_fn(branch),
        }
    }
}

impl Layer for Cell {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "Cell");
        let [conv1, conv2, conv3] = &self.convs;
        let out1 = conv1.forward(x);
        let out2 = conv2.forward(&out1);
        let out3 = conv3.forward(&out2);
        let levels = [x, &out1, &out2, &out3];
        let distilled: [Tensor; 4] = std::array::from_fn(|i| self.branch[i].forward(levels[i]));
        let mut out = self.att.forward(&self.fuse.forward(&Tensor::cat(&distilled, 1)));
        out += x;
        out
    }
}

/// A convolution with its PReLU: `class` at the cell's key, the convolution at `inner`, the slopes at `act`.
#[derive(Debug)]
struct Activated {
    path: String,
    class: &'static str,
    conv: RepConv,
    act: Act,
}

impl Activated {
    fn new(p: KeyPath<'_>, class: &'static str, inner: &str, conv: Conv, channels: i64) -> Activated {
        let act = p.sub("act");
        let slopes = act.param("weight", &[channels]);
        Activated {
            path: p.name(),
            class,
            conv: RepConv::new(p, inner, conv),
            act: Act::new(act, ActKind::PRelu(slopes), false),
        }
    }
}

impl Layer for Activated {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, self.class);
        self.act.forward(&self.conv.forward(x))
    }
}
