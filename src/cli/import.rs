//! `esr-bench import`: makes submission folders from a clone of a challenge's repository.

use std::path::PathBuf;

use esr_bench::report::{Format, imported as report};
use esr_bench::submission::identify::Identifier;
use esr_bench::submission::import;
use esr_bench::submission::import::Ask;
use esr_bench::worker_process::{Launch, Limits, locate};
use esr_bench::{Result, exit};

use super::output;

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Clone of an NTIRE ESR repository, or its model_zoo/
    #[arg(value_name = "DIR")]
    clone: PathBuf,
    /// Folder for the submissions; existing files are not changed
    #[arg(short, long, value_name = "DIR", default_value = "submissions")]
    output: PathBuf,
    /// Edition, such as `ntire2022` [default: the edition that the file names belong to]
    #[arg(long, value_name = "ID")]
    edition: Option<String>,
    /// Link the weights instead of copying them
    #[arg(long)]
    link: bool,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = output::formats(&[Format::Table, Format::Json]))]
    format: Format,
    /// Worker program [default: esr-worker in the folder of esr-bench]
    #[arg(long, value_name = "FILE")]
    worker: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let mut identifier = Identifier::new(Launch::new(locate(args.worker.as_deref())?, Limits::default()));
    let ask =
        Ask { clone: args.clone.clone(), edition: args.edition.clone(), output: args.output.clone(), link: args.link };
    let imported = import::import(&ask, &mut identifier)?;
    output::print(&match args.format {
        Format::Json => output::json(&imported)?,
        _ => report::table(&imported),
    })?;
    Ok(exit::DONE)
}
