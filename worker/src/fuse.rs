//! Writes the deploy form of a network's training form.

use std::path::Path;

use esr_bench::protocol::Fused;
use esr_models::arch::Arch;
use esr_models::fuse::{self as training, Error};
use esr_models::state;
use serde_json::{Map, Value};

use crate::failure;
use crate::failure::Result;

/// Answers `fuse`.
pub(crate) fn fuse(arch: &str, config: &Map<String, Value>, weights: &Path, output: &Path) -> Result<Fused> {
    let arch = Arch::find(arch).map_err(|e| failure::request(e.to_string()))?;
    if let (Ok(from), Ok(to)) = (weights.canonicalize(), output.canonicalize())
        && from == to
    {
        let output = output.display();
        return Err(failure::request(format!(
            "{output} is the file of the training form: name another file for the fused form"
        )));
    }
    let state = state::open(weights).map_err(|e| failure::load(e.to_string()))?;
    let fused = training::fuse(arch, config, state.dict, output).map_err(|error| match error {
        Error::Disagree { .. } => failure::output(error.to_string()),
        Error::Write { .. } => failure::run(error.to_string()),
        _ => failure::load(error.to_string()),
    })?;
    Ok(Fused {
        parameters_before: fused.parameters_before,
        parameters_after: fused.parameters_after,
        blocks: fused.blocks.into_iter().map(|(kind, count)| (kind.to_owned(), count.into())).collect(),
        relative_error: fused.relative_error,
    })
}
