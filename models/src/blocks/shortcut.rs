//! A long shortcut around a chain.

use tch::Tensor;

use crate::layer::{Conv, Layer};
use crate::nn::Conv2d;
use crate::scope;
use crate::vars::KeyPath;

/// Blocks and a 3x3 convolution in a row, their input added: `ShortcutBlock(Sequential(blocks, Conv2d))`, keys `sub.0`,
/// `sub.1`, ...
#[derive(Debug)]
pub struct Shortcut<B> {
    path: String,
    chain: String,
    blocks: Vec<B>,
    tail: Conv2d,
}

impl<B: Layer> Shortcut<B> {
    /// `count` blocks, each (N, `channels`, H, W) to the same.
    pub fn new(p: KeyPath<'_>, channels: i64, count: usize, block: impl Fn(KeyPath<'_>) -> B) -> Shortcut<B> {
        let chain = p.sub("sub");
        Shortcut {
            path: p.name(),
            blocks: (0..count).map(|i| block(chain.sub(i))).collect(),
            tail: Conv::same(channels, channels, 3).build(chain.sub(count)),
            chain: chain.name(),
        }
    }
}

impl<B: Layer> Layer for Shortcut<B> {
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = scope::enter(&self.path, "ShortcutBlock");
        let deep = {
            let _scope = scope::enter(&self.chain, "Sequential");
            let deep = self.blocks.iter().fold(x.shallow_clone(), |x, block| block.forward(&x));
            self.tail.forward(&deep)
        };
        x + deep
    }
}
