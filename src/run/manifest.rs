//! `run.json`: what was to be done, by what, on which machine.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Place, Result};
use crate::machine::Machine;
use crate::protocol::Hello;
use crate::run::format::{EARLIEST, FORMAT, MANIFEST};
use crate::run::merged::Merged;
use crate::run::plan::Plan;
use crate::submission::name::{NAMES, check_name};
use crate::util::files;
use crate::util::input;
use crate::util::input::Kind;

/// The manifest of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Manifest {
    /// See [`FORMAT`].
    pub format: u32,
    /// When the run began.
    #[schemars(with = "String")]
    pub created: jiff::Timestamp,
    /// The version of esr-bench.
    pub esr_bench: String,
    /// The command line.
    pub command: Vec<String>,
    /// The machine: processor, memory, GPU, driver, clocks, as far as they can be told.
    pub machine: Machine,
    /// The worker of registered networks and programs: its version, libtorch, devices. In a run of Python code alone, the
    /// PyTorch worker.
    pub worker: Hello,
    /// The PyTorch worker, where a submission is Python code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<Hello>,
    /// What it was merged of, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<Merged>,
    /// What is measured, on what, and how.
    pub plan: Plan,
}

impl Manifest {
    /// Reads the manifest of the run directory `dir`.
    pub(super) fn read(dir: &Path) -> Result<Manifest> {
        let path = dir.join(MANIFEST);
        Manifest::parse(&path, &input::read(&path, Kind::Manifest)?)
    }

    /// Parses what was found in the file `path`.
    pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<Manifest> {
        let json = |error: serde_json::Error| {
            Error::input(path, Place::Line(error.line()), "the manifest of a run", error.to_string())
        };
        let value: Value = serde_json::from_slice(bytes).map_err(json)?;
        let format = value
            .get("format")
            .and_then(Value::as_u64)
            .ok_or_else(|| Error::input(path, Place::Key("format".into()), "the version of a run directory", "none"))?;
        if !(u64::from(EARLIEST)..=u64::from(FORMAT)).contains(&format) {
            return Err(Error::input(
                path,
                Place::Key("format".into()),
                format!("a version from {EARLIEST} to {FORMAT}"),
                format!("{format}, of another esr-bench: it is left as it is"),
            ));
        }
        let manifest: Manifest = serde_json::from_value(value)
            .map_err(|error| Error::input(path, Place::Whole, "the manifest of a run", error.to_string()))?;
        for planned in &manifest.plan.submissions {
            check_name(&planned.submission.name)
                .map_err(|found| Error::input(path, Place::Key("plan.submissions".into()), NAMES, found))?;
        }
        Ok(manifest)
    }

    /// Writes it under a temporary name, synced, then renamed: it is there as a whole or not at all.
    pub(super) fn write(&self, dir: &Path) -> Result<()> {
        files::write(&dir.join(MANIFEST), &self.text(dir)?)
    }

    /// The text of the file.
    pub(crate) fn text(&self, dir: &Path) -> Result<Vec<u8>> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|e| Error::input(dir.join(MANIFEST), Place::Whole, "a run that JSON can hold", e.to_string()))?;
        Ok((text + "\n").into_bytes())
    }
}
