//! `esr-bench import`: makes submission folders from an organisers' repository, or from its folder of weights alone.

use std::path::PathBuf;

use esr_bench::report::{Format, cloned, imported};
use esr_bench::submission::clone::{Export, is_clone};
use esr_bench::submission::identify::Identifier;
use esr_bench::submission::import;
use esr_bench::submission::import::ZooImport;
use esr_bench::worker_process::{Launch, Limits, locate};
use esr_bench::{Result, exit};

use super::clones::Clones;
use super::output;

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Clone of an NTIRE ESR repository; none of its code runs to find the networks. From a folder model_zoo/ alone, only
    /// registered networks are imported
    #[arg(value_name = "DIR")]
    clone: PathBuf,
    /// Folder for the submissions; existing files are not changed
    #[arg(short, long, value_name = "DIR", default_value = "submissions")]
    output: PathBuf,
    #[command(flatten)]
    clones: Clones,
    /// Time limit for each method of the exporter, in seconds (with --as program)
    #[arg(long, value_name = "SECONDS", default_value_t = Export::default().way_s, value_parser = clap::value_parser!(u64).range(1..))]
    export_limit: u64,
    /// Limit on the resident memory of the exporter, in MiB (with --as program)
    #[arg(long, value_name = "MIB", default_value_t = 8192, value_parser = clap::value_parser!(u64).range(1..))]
    export_memory: u64,
    /// LR images whose sizes get archives of their own where no program serves every size (with --as program); may be
    /// repeated
    #[arg(long, value_name = "DIR")]
    sizes: Vec<PathBuf>,
    /// Make hard links of the weights instead of copying them (for a folder model_zoo/ alone, within one file system)
    #[arg(long)]
    link: bool,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "table",
          value_parser = output::formats(&[Format::Table, Format::Json]))]
    format: Format,
    /// Worker program [default: esr-worker in the folder of esr-bench]
    #[arg(long, value_name = "FILE")]
    worker: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    if is_clone(&args.clone) {
        let export = Export {
            way_s: args.export_limit,
            memory: Some(args.export_memory.saturating_mul(1 << 20)),
            sizes: args.sizes.clone(),
        };
        let imported = args.clones.import(&args.clone, &args.output, args.worker.as_deref(), export)?;
        output::print(&match args.format {
            Format::Json => output::json(&imported)?,
            _ => cloned::table(&imported),
        })?;
        return Ok(exit::DONE);
    }
    let mut identifier = Identifier::new(Launch::new(locate(args.worker.as_deref())?, Limits::default()));
    let edition = args.clones.edition().cloned();
    let request = ZooImport { clone: args.clone.clone(), edition, output: args.output.clone(), link: args.link };
    let found = import::import(&request, &mut identifier)?;
    output::print(&match args.format {
        Format::Json => output::json(&found)?,
        _ => imported::table(&found),
    })?;
    Ok(exit::DONE)
}
