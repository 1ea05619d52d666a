//! One fact with its judgement, and the words for it.

use serde::Serialize;

/// How much a diagnosis matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// Figures will be worse than they need to be.
    Warning,
    /// Nothing can be measured.
    Problem,
}

impl Level {
    /// One word.
    pub fn name(self) -> &'static str {
        match self {
            Level::Good => "good",
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Problem => "problem",
        }
    }
}

/// One fact with its judgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// `worker`, `sandbox`, `gpu 0`, `cpu`, `threads`, `clock`, `memory`, `disk`.
    pub area: String,
    /// How much it matters.
    pub level: Level,
    /// What is the case.
    pub what: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl Diagnosis {
    pub(super) fn new(area: impl Into<String>, level: Level, what: impl Into<String>) -> Diagnosis {
        Diagnosis { area: area.into(), level, what: what.into(), remedy: None }
    }

    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Diagnosis {
        self.remedy = Some(remedy.into());
        self
    }
}

/// `1 thread`, `2 threads`.
pub(super) fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Bytes in GiB, one decimal.
pub(super) fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}
