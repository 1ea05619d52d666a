//! `esr-bench merge`: joins run directories into one.

use std::path::PathBuf;

use esr_bench::merge::{Joined, Options, merge};
use esr_bench::{Result, exit};

use super::output;

/// Arguments of `merge`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run directories: all shards of one `measure --shard`, or runs of different submissions with the same baseline, data and
    /// settings
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// New folder for the merged run. It appears only when it is complete
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,
    /// Merge runs that were measured on different types of machines; every table of the merged run then says so
    #[arg(long)]
    allow_machine_change: bool,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let command = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    let options = Options { command, allow_machine_change: args.allow_machine_change };
    let Joined { runs, submissions, rounds, events, differences } = merge(&args.runs, &args.output, &options)?;
    for difference in differences {
        eprintln!("note: {difference}");
    }
    let output = args.output.display();
    output::print(&format!(
        "Merged {runs} runs into {output}: {submissions} submissions, {rounds} rounds of each, {events} events\n"
    ))?;
    Ok(exit::DONE)
}
