//! Which SR images a run keeps as files.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which SR images are written to `sr/SUBMISSION/SPLIT/IMAGE.png`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeepSr {
    /// None.
    #[default]
    None,
    /// Of each submission and split the one with the lowest PSNR-RGB.
    Worst,
    /// The first images of each split, the same ones for every submission.
    First(u32),
    /// All.
    All,
}

impl KeepSr {
    /// Whether nothing is kept.
    pub fn is_none(&self) -> bool {
        *self == KeepSr::None
    }
}

impl fmt::Display for KeepSr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeepSr::None => f.write_str("none"),
            KeepSr::Worst => f.write_str("worst"),
            KeepSr::First(n) => write!(f, "{n}"),
            KeepSr::All => f.write_str("all"),
        }
    }
}

impl FromStr for KeepSr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(KeepSr::None),
            "worst" => Ok(KeepSr::Worst),
            "all" => Ok(KeepSr::All),
            _ => match text.parse() {
                Ok(0) => Ok(KeepSr::None),
                Ok(n) => Ok(KeepSr::First(n)),
                Err(_) => Err(format!("expected all, worst, none or a number of images, found `{text}`")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_a_word_or_a_number() {
        for (text, keep) in
            [("all", KeepSr::All), ("worst", KeepSr::Worst), ("5", KeepSr::First(5)), ("0", KeepSr::None)]
        {
            assert_eq!(text.parse(), Ok(keep));
            assert_eq!(serde_json::from_str::<KeepSr>(&serde_json::to_string(&keep).unwrap()).unwrap(), keep);
        }
        assert!("some".parse::<KeepSr>().is_err());
        assert!("-1".parse::<KeepSr>().is_err());
    }
}
