//! `esr-bench import`: submission folders out of an organisers' repository, or out of its folder of weights alone.

use std::path::PathBuf;

use esr_bench::report::{cloned, imported};
use esr_bench::submission::clone::{Export, is_clone};
use esr_bench::submission::identify::Identifier;
use esr_bench::submission::import;
use esr_bench::submission::import::Ask;
use esr_bench::worker_process::{Launch, Limits, locate};
use esr_bench::{Result, exit};

use super::clones::Clones;

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A clone of an NTIRE ESR repository. No code of it runs to find its networks. A folder model_zoo/ alone gives registered
    /// networks alone
    #[arg(value_name = "DIR")]
    clone: PathBuf,
    /// Where the submission folders go; what is there already stays as it is
    #[arg(short, long, value_name = "DIR", default_value = "submissions")]
    output: PathBuf,
    #[command(flatten)]
    clones: Clones,
    /// With `--as program`: seconds for each way of the exporter
    #[arg(long, value_name = "SECONDS", default_value_t = Export::default().way_s, value_parser = clap::value_parser!(u64).range(1..))]
    export_limit: u64,
    /// With `--as program`: resident memory of the exporter, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 8192, value_parser = clap::value_parser!(u64).range(1..))]
    export_memory: u64,
    /// With `--as program`: LR images for whose sizes archives are made where no program serves every size; may repeat
    #[arg(long, value_name = "DIR")]
    sizes: Vec<PathBuf>,
    /// Of a folder model_zoo/ alone: make hard links of the weights instead of copying them; only within one file system
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
    if is_clone(&args.clone) {
        let export = Export {
            way_s: args.export_limit,
            memory: Some(args.export_memory.saturating_mul(1 << 20)),
            sizes: args.sizes.clone(),
        };
        let imported = args.clones.import(&args.clone, &args.output, args.worker.as_deref(), export)?;
        let text = match args.json {
            true => esr_bench::report::inspection::to_json(&imported)?,
            false => cloned::table(&imported),
        };
        super::print(&text)?;
        return Ok(exit::DONE);
    }
    let mut identifier = Identifier::new(Launch::new(locate(args.worker.as_deref())?, Limits::default()));
    let edition = args.clones.edition().cloned();
    let ask = Ask { clone: args.clone.clone(), edition, output: args.output.clone(), link: args.link };
    let found = import::import(&ask, &mut identifier)?;
    let text = match args.json {
        true => esr_bench::report::inspection::to_json(&found)?,
        false => imported::table(&found),
    };
    super::print(&text)?;
    Ok(exit::DONE)
}
