//! `esr-bench import`: submission folders out of a clone of a challenge's repository.

use std::path::PathBuf;

use esr_bench::report::imported as report;
use esr_bench::submission::identify::Identifier;
use esr_bench::submission::import;
use esr_bench::submission::import::Ask;
use esr_bench::worker_process::{Launch, Limits, locate};
use esr_bench::{Result, exit};

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A clone of an NTIRE ESR repository, or its model_zoo/
    #[arg(value_name = "DIR")]
    clone: PathBuf,
    /// Where the submission folders go; what is there already stays as it is
    #[arg(short, long, value_name = "DIR", default_value = "submissions")]
    output: PathBuf,
    /// The edition, as `ntire2022` [default: told by the names of the files]
    #[arg(long, value_name = "ID")]
    edition: Option<String>,
    /// Make hard links of the weights instead of copying them; only within one file system
    #[arg(long)]
    link: bool,
    /// One JSON object instead of a table
    #[arg(long)]
    json: bool,
    /// The worker's program [default: esr-worker beside esr-bench]
    #[arg(long, value_name = "FILE")]
    worker: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let mut identifier = Identifier::new(Launch::new(locate(args.worker.as_deref())?, Limits::default()));
    let ask =
        Ask { clone: args.clone.clone(), edition: args.edition.clone(), output: args.output.clone(), link: args.link };
    let imported = import::import(&ask, &mut identifier)?;
    if args.json {
        super::print(&esr_bench::report::inspection::to_json(&imported)?)?;
    } else {
        super::print(&report::table(&imported))?;
    }
    Ok(exit::DONE)
}
