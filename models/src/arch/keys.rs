//! Reads hyperparameters out of a state dict's keys and shapes.

use serde::Serialize;
use serde_json::{Map, Value};
use tch::Tensor;

use crate::vars::StateDict;

/// The keys and shapes of a state dict.
#[derive(Clone, Copy)]
pub(crate) struct Keys<'a>(pub(crate) &'a StateDict);

impl<'a> Keys<'a> {
    /// Whether there is such a key, or the convolution of that key in its training form.
    pub(crate) fn has(self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// One dimension of a tensor: 0 is a weight's output channels, 1 its input channels over its groups.
    pub(crate) fn dim(self, key: &str, axis: usize) -> Option<i64> {
        self.find(key)?.size().get(axis).copied()
    }

    /// The tensor at `key`. In the training form of a Conv3XC, `x.eval_conv.weight` is not there, and the shortcut
    /// `x.sk.weight` has the same numbers of channels.
    fn find(self, key: &str) -> Option<&'a Tensor> {
        self.0.get(key).or_else(|| {
            let (block, _) = key.strip_suffix(".weight")?.rsplit_once('.')?;
            self.0.get(&format!("{block}.sk.weight"))
        })
    }

    /// How many consecutive numbers, from `first` on, name a key that is there.
    pub(crate) fn count(self, first: usize, key: impl Fn(usize) -> String) -> usize {
        (first..).take_while(|&i| self.has(&key(i))).count()
    }

    /// The scale of an upsampling to RGB by pixel shuffle, from the weight of its convolution (3 scale^2 outputs).
    pub(crate) fn scale(self, key: &str) -> Option<i64> {
        let square = self.dim(key, 0)? / 3;
        (1..=8).find(|s| s * s == square)
    }
}

/// The hyperparameters that keys and shapes tell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Guess {
    /// The hyperparameters, complete enough to build.
    pub config: Map<String, Value>,
    /// Those that could not be deduced, and what was assumed: `slope 0.05`.
    pub assumed: Vec<String>,
}

impl Guess {
    /// A guess that can be built. `assumed` names what keys and shapes do not tell, as `slope 0.05`.
    pub(crate) fn new<C: Serialize>(config: &C, assumed: &[&str]) -> Option<Guess> {
        let Ok(Value::Object(config)) = serde_json::to_value(config) else { return None };
        Some(Guess { config, assumed: assumed.iter().map(|&s| s.to_owned()).collect() })
    }
}
