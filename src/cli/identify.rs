//! `esr-bench identify`: which network a weights file belongs to.

use std::path::{Path, PathBuf};

use esr_bench::protocol::Identified;
use esr_bench::report::{Format, identified as report};
use esr_bench::submission::identify::Identifier;
use esr_bench::worker_process::{Launch, Limits, locate};
use esr_bench::{Error, Result, exit};

use super::output;

/// Arguments of `identify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Weights files: .pth, .pt or .safetensors. Nothing in them is executed
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = output::formats(&[Format::Table, Format::Json]))]
    format: Format,
    /// Worker program [default: esr-worker in the folder of esr-bench]
    #[arg(long, value_name = "FILE")]
    worker: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let mut files = Identifier::new(Launch::new(locate(args.worker.as_deref())?, Limits::default()));
    let mut all: Vec<(&Path, Result<Identified>)> = Vec::new();
    for file in &args.files {
        let found = match files.identify(file) {
            // Without a worker no other file can be read either.
            Err(error @ Error::Worker(_)) => return Err(error),
            other => other,
        };
        if let Format::Table = args.format {
            let parted = if all.is_empty() { "" } else { "\n" };
            output::print(&format!("{parted}{}", report::table(file, &found)?))?;
        }
        all.push((file, found));
    }
    if let Format::Json = args.format {
        output::print(&report::json(&all)?)?;
    }
    Ok(code(&all))
}

/// A file that cannot be read weighs more than one that is not known.
fn code(all: &[(&Path, Result<Identified>)]) -> u8 {
    if all.iter().any(|(_, found)| found.is_err()) {
        exit::BAD_INPUT
    } else if all.iter().any(|(_, found)| found.as_ref().is_ok_and(|f| f.candidates.len() != 1)) {
        exit::CHECK_FAILED
    } else {
        exit::DONE
    }
}
