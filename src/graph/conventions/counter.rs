//! The conventions by which FLOPs are counted. All of them count a multiply-accumulate as one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A convention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counter {
    /// NTIRE 2022 and 2023: by module. Conv2d, ConvTranspose2d, BatchNorm2d, Linear and five activations, if they are
    /// called as modules.
    Hook,
    /// NTIRE 2024 on: by operation, fvcore's default handles (0.1.5.post20221221).
    Fvcore,
    /// Every multiply-accumulate at its true positions, and elementwise work apart.
    Macs,
}

impl Counter {
    /// Every convention.
    pub const ALL: [Counter; 3] = [Counter::Hook, Counter::Fvcore, Counter::Macs];

    /// Its name on the command line, in rules and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Counter::Hook => "hook",
            Counter::Fvcore => "fvcore",
            Counter::Macs => "macs",
        }
    }
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Counter {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Counter::ALL.into_iter().find(|c| c.name() == s).ok_or_else(|| {
            let hint = crate::util::toml_file::nearest(s, Counter::ALL.iter().map(|c| c.name()));
            format!("no counter `{s}`{hint}; there are hook, fvcore and macs")
        })
    }
}
