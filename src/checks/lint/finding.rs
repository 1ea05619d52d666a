//! The checks of a submission and their results.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::text::one_line;

/// The checks, in the order of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// `submission.toml` has the keys that it needs, and no others.
    Manifest,
    /// Every file that it names is there, inside the folder.
    Files,
    /// Archives are complete, unpack to a reasonable size, and contain no paths that lead outside.
    Archive,
    /// The files are those whose SHA-256 the manifest states.
    Hash,
    /// No other entry of the same command has the same files.
    Original,
    /// The network can be built.
    Loads,
    /// It has parameters.
    Parameters,
    /// Every operation is known to every counter.
    Ops,
    /// It computes in the precision that the manifest declares.
    Precision,
    /// Its output is a tensor of floats.
    Dtype,
    /// Its output is `scale` times as large as its input.
    Shape,
    /// No value of its output is NaN or infinite.
    Finite,
    /// Its output lies in the data range, or near it, and fills some of it.
    Range,
    /// It gives the same image twice.
    Determinism,
    /// A program gives the outputs that its exporter stored.
    Probes,
}

impl Check {
    /// Those that need a running network.
    pub(super) const RUNNING: [Check; 10] = [
        Check::Loads,
        Check::Parameters,
        Check::Ops,
        Check::Precision,
        Check::Dtype,
        Check::Shape,
        Check::Finite,
        Check::Range,
        Check::Determinism,
        Check::Probes,
    ];

    /// As reports show it.
    pub const fn name(self) -> &'static str {
        match self {
            Check::Manifest => "manifest",
            Check::Files => "files",
            Check::Archive => "archive",
            Check::Hash => "hash",
            Check::Original => "original",
            Check::Loads => "loads",
            Check::Parameters => "parameters",
            Check::Ops => "ops",
            Check::Precision => "precision",
            Check::Dtype => "dtype",
            Check::Shape => "shape",
            Check::Finite => "finite",
            Check::Range => "range",
            Check::Determinism => "determinism",
            Check::Probes => "probes",
        }
    }
}

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    /// The check passed.
    Pass,
    /// The check failed.
    Fail,
    /// There was nothing to check, or it could not be checked.
    Skip,
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check.
    pub check: Check,
    /// The result.
    pub verdict: CheckResult,
    /// Why, where it did not pass, or what else there is to know; one line.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

impl Finding {
    pub(super) fn pass(check: Check) -> Finding {
        Finding { check, verdict: CheckResult::Pass, why: String::new() }
    }

    /// Pass, with something that the reader should know.
    pub(super) fn remark(check: Check, what: &str) -> Finding {
        Finding { check, verdict: CheckResult::Pass, why: one_line(what) }
    }

    pub(super) fn fail(check: Check, why: impl Into<String>) -> Finding {
        Finding { check, verdict: CheckResult::Fail, why: one_line(&why.into()) }
    }

    pub(super) fn skip(check: Check, why: impl Into<String>) -> Finding {
        Finding { check, verdict: CheckResult::Skip, why: one_line(&why.into()) }
    }

    /// Pass, or fail with the error.
    pub(super) fn of(check: Check, outcome: Result<(), String>) -> Finding {
        outcome.map_or_else(|why| Finding::fail(check, why), |()| Finding::pass(check))
    }

    /// Whether the submission must not be run.
    pub(super) fn bars_running(&self) -> bool {
        self.verdict == CheckResult::Fail && matches!(self.check, Check::Manifest | Check::Files | Check::Archive)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            CheckResult::Pass => "PASS",
            CheckResult::Fail => "FAIL",
            CheckResult::Skip => "SKIP",
        };
        write!(f, "{verdict} {}", self.check.name())?;
        if self.why.is_empty() { Ok(()) } else { write!(f, ": {}", self.why) }
    }
}

/// A submission's findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Linted {
    /// Its folder.
    pub folder: PathBuf,
    /// Its team, if the manifest could be read.
    pub team: Option<String>,
    /// In the order of [`Check`].
    pub findings: Vec<Finding>,
}

impl Linted {
    /// How many checks failed.
    pub fn reasons(&self) -> usize {
        self.findings.iter().filter(|f| f.verdict == CheckResult::Fail).count()
    }

    /// Whether none failed.
    pub fn is_valid(&self) -> bool {
        self.reasons() == 0
    }
}

/// The folder, a line for each check, and the conclusion.
impl fmt::Display for Linted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = one_line(&self.folder.display().to_string());
        match &self.team {
            Some(team) => writeln!(f, "{folder} ({})", one_line(team))?,
            None => writeln!(f, "{folder}")?,
        }
        for finding in &self.findings {
            writeln!(f, "  {finding}")?;
        }
        match self.reasons() {
            0 => writeln!(f, "  VALID"),
            1 => writeln!(f, "  INVALID: 1 reason"),
            n => writeln!(f, "  INVALID: {n} reasons"),
        }
    }
}
