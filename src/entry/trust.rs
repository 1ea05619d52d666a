//! The classes of submissions, by whose code runs.

use serde::{Deserialize, Serialize};

/// How far a submission's code is the harness's own: its class in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// A registered architecture with the team's weights: no code of the team runs.
    #[serde(alias = "declarative")]
    Registered,
    /// A program of ATen operations.
    Program,
    /// The team's own code.
    #[serde(alias = "native")]
    Python,
}

impl Trust {
    /// As tables show it.
    pub const fn name(self) -> &'static str {
        match self {
            Trust::Registered => "registered",
            Trust::Program => "program",
            Trust::Python => "python",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_earlier_runs_are_still_read() {
        let read = |text: &str| serde_json::from_str::<Trust>(text).unwrap();
        assert_eq!([read("\"declarative\""), read("\"native\"")], [Trust::Registered, Trust::Python]);
        for trust in [Trust::Registered, Trust::Program, Trust::Python] {
            assert_eq!(serde_json::to_string(&trust).unwrap(), format!("\"{}\"", trust.name()));
            assert_eq!(read(&format!("\"{}\"", trust.name())), trust);
        }
    }
}
