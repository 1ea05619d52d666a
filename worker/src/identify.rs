//! Which registered architecture a state dict belongs to.

use std::path::Path;

use esr_bench::protocol::{Failed, FailureKind, Identified};

use crate::failure::Result;

/// Answers `identify`.
pub(crate) fn identify(_file: &Path) -> Result<Identified> {
    Err(Failed { kind: FailureKind::Request, message: "`identify` is not supported yet".to_owned() })
}
