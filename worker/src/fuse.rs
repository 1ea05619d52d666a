//! Training form to deploy form.

use std::path::Path;

use esr_bench::protocol::{Failed, FailureKind, Fused};
use serde_json::{Map, Value};

use crate::failure::Result;

/// Answers `fuse`.
pub(crate) fn fuse(_arch: &str, _config: &Map<String, Value>, _weights: &Path, _output: &Path) -> Result<Fused> {
    Err(Failed { kind: FailureKind::Request, message: "`fuse` is not supported yet".to_owned() })
}
