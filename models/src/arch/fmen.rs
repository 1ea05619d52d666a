//! FMEN: fast and memory-efficient network (Du et al., "Fast and Memory-Efficient Network Towards Efficient Image
//! Super-Resolution", CVPR Workshops 2022), NJU_Jet's entry in NTIRE 2022: second in runtime, the least memory. Deploy
//! form.
//!
//! A plain chain without concatenations or long-lived features: pairs of 3x3 convolutions alternate with a
//! high-frequency attention (HFAB) whose gate comes from a narrow chain at full size. Convolutions were trained as
//! residual-in-residual branches (RRRB).

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::keys::{Guess, Keys};
use crate::blocks::{Reparam, Upsampler};
use crate::layer::{Conv, Layer};
use crate::nn;
use crate::nn::{Act, ActKind, Conv2d};
use crate::rep::RepConv;
use crate::scope;
use crate::vars::{KeyPath, StateDict};

const SLOPE: f64 = 0.1;

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Channels between blocks.
    pub channels: i64,
    /// The attention before the first pair of convolutions.
    pub warmup: Attention,
    /// The attention after each pair of convolutions.
    pub body: Vec<Attention>,
    /// SR size over LR size.
    pub scale: i64,
}

/// Sizes of an attention's narrow chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attention {
    /// Channels.
    pub channels: i64,
    /// Pairs of convolutions.
    pub pairs: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config::challenge()
    }
}

impl Config {
    /// The entry of 2022: four pairs of 50 channels.
    pub fn challenge() -> Config {
        Config {
            channels: 50,
            warmup: Attention { channels: 12, pairs: 2 },
            body: vec![Attention { channels: 16, pairs: 1 }; 4],
            scale: 4,
        }
    }
}

/// Reads the hyperparameters out of keys and shapes.
pub fn guess(dict: &StateDict) -> Option<Guess> {
    let keys = Keys(dict);
    let (_, gates) = names(keys.has("HFABs.0.squeeze.weight"));
    let attention = |at: String| {
        let channels = keys.dim(&format!("{at}.squeeze.weight"), 0)?;
        let pair = |i| ["rep_conv", "expand_conv"].map(|key| format!("{at}.convs.{i}.conv1.{key}.weight"));
        let pairs = (0..).take_while(|&i: &usize| pair(i).iter().any(|key| keys.has(key))).count();
        Some(Attention { channels, pairs })
    };
    let config = Config {
        channels: keys.dim("head.weight", 0)?,
        warmup: attention("warmup.1".to_owned())?,
        body: (0..).map_while(|i| attention(format!("{gates}.{i}"))).collect(),
        scale: keys.scale("tail.0.weight")?,
    };
    keys.has("lr_conv.weight").then(|| Guess::new(&config, &["slope 0.1"]))?
}

/// Keys of the pairs and of the attentions in the body: the training form's, or the deploy form's.
fn names(training: bool) -> (&'static str, &'static str) {
    if training { ("ERBs", "HFABs") } else { ("basic_blocks", "hfabs") }
}

/// The network.
#[derive(Debug)]
pub struct Fmen {
    head: Conv2d,
    warmup: String,
    first: Conv2d,
    gate: Hfab,
    body: Vec<(Pair, Hfab)>,
    last: Conv2d,
    upsampler: Upsampler,
}

impl Fmen {
    /// Builds it, with a 3-channel input and output.
    pub fn new(p: KeyPath<'_>, c: &Config) -> Fmen {
        let n = c.channels;
        let warmup = p.sub("warmup");
        let form = |training: bool, i: usize| {
            let (pairs, gates) = names(training);
            (p.sub(pairs).sub(i), p.sub(gates).sub(i))
        };
        let training = p.sub("HFABs").has("0.squeeze.weight", false);
        let block = |(i, sizes): (usize, &Attention)| {
            let ((pair, gate), (pair_deploy, gate_deploy)) = (form(training, i), form(false, i));
            (Pair::new(&pair, &pair_deploy, n), Hfab::new(&gate, &gate_deploy, n, *sizes))
        };
        Fmen {
            head: Conv::same(3, n, 3).build(p.sub("head")),
            first: Conv::same(n, n, 3).build(warmup.sub(0)),
            gate: Hfab::new(&warmup.sub(1), &warmup.sub(1), n, c.warmup),
            warmup: warmup.name(),
            body: c.body.iter().enumerate().map(block).collect(),
            last: Conv::same(n, n, 3).build(p.sub("lr_conv")),
            upsampler: Upsampler::new(p.sub("tail"), n, c.scale),
        }
    }
}

impl Layer for Fmen {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter("", "FMEN");
        let features = self.head.forward(x);
        let mut deep = {
            let _scope = scope::enter(&self.warmup, "Sequential");
            self.gate.forward(&self.first.forward(&features))
        };
        for (pair, gate) in &self.body {
            deep = gate.forward(&pair.forward(&deep));
        }
        let mut deep = self.last.forward(&deep);
        self.upsampler.forward(&deep.g_add_(&features))
    }
}

/// Two 3x3 convolutions with a leaky ReLU between them.
///
/// The reference's activations are one module that belongs to no other: hooks do not see it, so it is a plain call.
#[derive(Debug)]
struct Pair {
    path: String,
    convs: [Reparam; 2],
}

impl Pair {
    /// At `p`; at `deploy` once it is fused.
    fn new(p: &KeyPath<'_>, deploy: &KeyPath<'_>, n: i64) -> Pair {
        let same = Conv::same(n, n, 3);
        let conv = |key| Reparam::renamed(&p.sub(key), &deploy.sub(key), "RepConv", "rep_conv", same);
        Pair { path: deploy.name(), convs: ["conv1", "conv2"].map(conv) }
    }
}

impl Layer for Pair {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "BasicBlock");
        let [first, second] = &self.convs;
        second.forward(&nn::leaky_relu(&first.forward(x), SLOPE, false))
    }
}

/// High-frequency attention block: (N, n, H, W) to the same.
#[derive(Debug)]
struct Hfab {
    path: String,
    narrow: RepConv,
    chain: String,
    pairs: Vec<Pair>,
    widen: RepConv,
    sigmoid: Act,
}

impl Hfab {
    /// At `p`; at `deploy` once it is fused. Its convolutions are trained between batch normalisations.
    fn new(p: &KeyPath<'_>, deploy: &KeyPath<'_>, n: i64, sizes: Attention) -> Hfab {
        let (chain, chain_deploy) = (p.sub("convs"), deploy.sub("convs"));
        let normed = p.sub("bn1").has("weight", false);
        let conv = |key, in_channels, out, before, after: Option<&str>| {
            let (conv, deploy) = (Conv::same(in_channels, out, 3), deploy.sub(key));
            if normed {
                RepConv::normed(p.sub(key), &deploy, conv, p.sub(before), after.map(|key| p.sub(key)))
            } else {
                RepConv::at(&p.sub(key), deploy, conv)
            }
        };
        Hfab {
            path: deploy.name(),
            narrow: conv("squeeze", n, sizes.channels, "bn1", None),
            pairs: (0..sizes.pairs).map(|i| Pair::new(&chain.sub(i), &chain_deploy.sub(i), sizes.channels)).collect(),
            chain: chain_deploy.name(),
            widen: conv("excitate", sizes.channels, n, "bn2", Some("bn3")),
            sigmoid: Act::new(deploy.sub("sigmoid"), ActKind::Sigmoid, false),
        }
    }
}

impl Layer for Hfab {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "HFAB");
        let narrow = nn::leaky_relu(&self.narrow.forward(x), SLOPE, false);
        let far = {
            let _scope = scope::enter(&self.chain, "Sequential");
            self.pairs.iter().fold(narrow, |x, pair| pair.forward(&x))
        };
        let mut gate = self.sigmoid.forward(&self.widen.forward(&nn::leaky_relu(&far, SLOPE, false)));
        gate.g_mul_(x)
    }
}
