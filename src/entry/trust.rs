//! The classes of submissions, by whose code runs.

use serde::{Deserialize, Serialize};

/// How far a submission's code is the harness's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// A registered architecture with the team's weights: nothing of the team's runs.
    Declarative,
    /// A program of ATen operations.
    Program,
    /// The team's own machine code.
    Native,
}

impl Trust {
    /// As tables show it.
    pub const fn name(self) -> &'static str {
        match self {
            Trust::Declarative => "declarative",
            Trust::Program => "program",
            Trust::Native => "native",
        }
    }
}
