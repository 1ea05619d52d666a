//! The quantities that rules can cut, rank or score by.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A quantity that rules can cut, rank or score by. Its name carries its unit and is the column of every CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The ranked runtime, in ms: the mean of the splits' averages.
    RuntimeMs,
    /// Mean runtime over the validation images, ms.
    RuntimeValMs,
    /// Mean runtime over the test images, ms.
    RuntimeTestMs,
    /// Parameters, 10^6.
    ParamsM,
    /// FLOPs (MACs, by the edition's convention) at 256 x 256, 10^9.
    FlopsG,
    /// Activations at 256 x 256, 10^6.
    ActsM,
    /// Peak memory, in units of 1024^2 bytes.
    MemM,
    /// PSNR-RGB on the validation split, dB.
    PsnrVal,
    /// PSNR-RGB on the test split, dB.
    PsnrTest,
    /// Convolutions.
    Convs,
}

impl Metric {
    /// Every metric, in the column order of the CSV export.
    pub const ALL: [Metric; 10] = [
        Metric::RuntimeMs,
        Metric::RuntimeValMs,
        Metric::RuntimeTestMs,
        Metric::ParamsM,
        Metric::FlopsG,
        Metric::ActsM,
        Metric::MemM,
        Metric::PsnrVal,
        Metric::PsnrTest,
        Metric::Convs,
    ];

    /// The column's name: `runtime_ms`.
    pub const fn name(self) -> &'static str {
        match self {
            Metric::RuntimeMs => "runtime_ms",
            Metric::RuntimeValMs => "runtime_val_ms",
            Metric::RuntimeTestMs => "runtime_test_ms",
            Metric::ParamsM => "params_m",
            Metric::FlopsG => "flops_g",
            Metric::ActsM => "acts_m",
            Metric::MemM => "mem_m",
            Metric::PsnrVal => "psnr_val",
            Metric::PsnrTest => "psnr_test",
            Metric::Convs => "convs",
        }
    }

    /// The heading of a table for people: `Runtime [ms]`.
    pub const fn heading(self) -> &'static str {
        match self {
            Metric::RuntimeMs => "Runtime [ms]",
            Metric::RuntimeValMs => "Runtime val [ms]",
            Metric::RuntimeTestMs => "Runtime test [ms]",
            Metric::ParamsM => "Params [M]",
            Metric::FlopsG => "FLOPs [G]",
            Metric::ActsM => "Acts [M]",
            Metric::MemM => "Mem [M]",
            Metric::PsnrVal => "PSNR val [dB]",
            Metric::PsnrTest => "PSNR test [dB]",
            Metric::Convs => "Conv",
        }
    }

    /// Decimals that the challenge prints.
    pub const fn decimals(self) -> usize {
        match self {
            Metric::ParamsM => 3,
            Metric::Convs => 0,
            _ => 2,
        }
    }

    /// Whether more is better.
    pub const fn higher_is_better(self) -> bool {
        matches!(self, Metric::PsnrVal | Metric::PsnrTest)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Metric {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Metric::ALL.into_iter().find(|m| m.name() == s).ok_or_else(|| {
            let hint = crate::util::toml_file::nearest(s, Metric::ALL.iter().map(|m| m.name()));
            format!("no metric `{s}`{hint}")
        })
    }
}
