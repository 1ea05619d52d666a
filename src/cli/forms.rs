//! `esr-bench forms`: compares networks that a run has both as Python code and in another form.

use std::path::PathBuf;

use esr_bench::report::{Format, colour_on_stdout, forms};
use esr_bench::run::Run;
use esr_bench::{Result, exit};

use super::output;

/// Arguments of `forms`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run directory
    run: PathBuf,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "table",
          value_parser = output::formats(&[Format::Table, Format::Json]))]
    format: Format,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let found = Run::open(&args.run)?.forms()?;
    output::print(&match args.format {
        Format::Json => output::json(&found)?,
        _ => forms::table(&found, colour_on_stdout()),
    })?;
    Ok(exit::DONE)
}
