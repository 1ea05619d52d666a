//! A shard: a run of some of the submissions, whose other shards are measured elsewhere.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which shard, of how many: `2/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShardNumber {
    /// From 1 to `of`.
    pub number: u32,
    /// How many there are.
    pub of: u32,
}

/// The part of a plan that one run measures. Every shard has the baseline; each other submission is in one shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Shard {
    /// From 1 to `of`.
    pub number: u32,
    /// How many shards there are.
    pub of: u32,
    /// The names of the submissions of all shards, in their order.
    pub submissions: Vec<String>,
}

/// The most shards of one run.
const MOST: u32 = 10_000;

impl ShardNumber {
    /// Whether the submission at `at` among those that are not the baseline is of this shard. Neighbours are in different
    /// shards: names in order are often networks of one size.
    pub fn has(self, at: usize) -> bool {
        at % self.of as usize == self.number as usize - 1
    }
}

impl Shard {
    /// Which shard it is.
    pub fn id(&self) -> ShardNumber {
        ShardNumber { number: self.number, of: self.of }
    }
}

impl fmt::Display for ShardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for ShardNumber {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
        match numbers {
            Some((number, of)) if (1..=of).contains(&number) && of <= MOST => Ok(ShardNumber { number, of }),
            _ => Err(format!("expected K/N with K from 1 to N and N at most {MOST}, found `{text}`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_a_number_of_how_many() {
        let shard: ShardNumber = "2/8".parse().unwrap();
        assert_eq!((shard, shard.to_string().as_str()), (ShardNumber { number: 2, of: 8 }, "2/8"));
        for wrong in ["0/2", "3/2", "2", "1/0", "-1/2", "a/b", "1/10001"] {
            assert!(wrong.parse::<ShardNumber>().unwrap_err().ends_with(&format!("`{wrong}`")));
        }
    }

    #[test]
    fn every_submission_is_in_one_shard_and_sizes_differ_by_one() {
        let shards: Vec<ShardNumber> = (1..=3).map(|number| ShardNumber { number, of: 3 }).collect();
        let sizes: Vec<usize> = shards.iter().map(|s| (0..8).filter(|&at| s.has(at)).count()).collect();
        assert_eq!(sizes, [3, 3, 2]);
        assert!((0..8).all(|at| shards.iter().filter(|s| s.has(at)).count() == 1));
    }
}
