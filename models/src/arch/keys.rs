//! Reading hyperparameters out of a state dict's keys and shapes.

use serde::Serialize;
use serde_json::Value;

use super::Guess;
use crate::vars::StateDict;

/// A state dict, asked for shapes only.
#[derive(Clone, Copy)]
pub(crate) struct Keys<'a>(pub(crate) &'a StateDict);

impl Keys<'_> {
    /// Whether there is such a key.
    pub(crate) fn has(self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// One dimension of a tensor: 0 is a weight's output channels, 1 its input channels over its groups.
    pub(crate) fn dim(self, key: &str, axis: usize) -> Option<i64> {
        self.0.get(key)?.size().get(axis).copied()
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

impl Guess {
    /// A guess that can be built. `assumed` names what keys and shapes do not tell, as `slope 0.05`.
    pub(crate) fn new<C: Serialize>(config: &C, assumed: &[&str]) -> Option<Guess> {
        let Ok(Value::Object(config)) = serde_json::to_value(config) else { return None };
        Some(Guess { config, assumed: assumed.iter().map(|&s| s.to_owned()).collect() })
    }
}
