//! `esr-bench verify`: whether a run directory is what `measure` wrote.

use std::path::{Path, PathBuf};

use esr_bench::report::Format;
use esr_bench::verify::salvage::{REPORT, Salvaged, salvage};
use esr_bench::verify::statement::{self, STATEMENT};
use esr_bench::verify::{Verified, verify};
use esr_bench::{Result, exit};

use super::{output, sign};

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run directory
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Folder of SR images (SUBMISSION/SPLIT/IMAGE.png) to compare with the hashes of the quality pass [default: the images
    /// that the run kept]
    #[arg(long, value_name = "DIR")]
    sr: Option<PathBuf>,
    /// Check the signature of `esr-bench sign` by the keys in this file (the format of `ssh-keygen`'s allowed signers)
    #[arg(long, value_name = "FILE")]
    signers: Option<PathBuf>,
    /// Write a readable copy of a damaged run to this new folder, and say what was lost
    #[arg(long, value_name = "OUT", conflicts_with_all = ["manifest", "sr", "signers"])]
    salvage: Option<PathBuf>,
    /// Print the statement that `esr-bench sign` signs: the hashes of the run's files, in the format of `sha256sum`
    #[arg(long, conflicts_with_all = ["sr", "signers"])]
    manifest: bool,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = output::formats(&[Format::Table, Format::Json]))]
    format: Format,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    if args.manifest {
        output::print(&statement::of(&args.run)?)?;
        return Ok(exit::DONE);
    }
    if let Some(out) = &args.salvage {
        let salvaged = salvage(&args.run, out)?;
        output::print(&if args.format == Format::Json { output::json(&salvaged)? } else { lost(&salvaged, out) })?;
        return Ok(exit::DONE);
    }
    let verified = verify(&args.run, args.sr.as_deref())?;
    let signed = args.signers.as_deref().map(|signers| sign::check(&args.run, signers)).transpose()?;
    output::print(&if args.format == Format::Json { output::json(&verified)? } else { report(&verified) })?;
    let mut sound = verified.findings.is_empty();
    match signed {
        Some(Ok(said)) => eprintln!("{said}"),
        Some(Err(why)) => {
            sound = false;
            eprintln!("no good signature of {STATEMENT}: {why}");
        }
        None => {}
    }
    Ok(if sound { exit::DONE } else { exit::CHECK_FAILED })
}

fn report(verified: &Verified) -> String {
    let Verified { lines, chained, files, .. } = verified;
    let mut text = format!("{lines} events, {chained} of them chained; {files} files compared\n");
    if let Some(head) = &verified.head {
        text += &format!("head {head}\n");
    }
    for finding in &verified.findings {
        text += &format!("WRONG {finding}\n");
    }
    for note in &verified.notes {
        text += &format!("note: {note}\n");
    }
    text += match (verified.findings.is_empty(), lines == chained) {
        (false, _) => "The run is not as `measure` wrote it\n",
        (true, true) => {
            "No event was edited, removed or moved. A run whose hashes were all computed anew passes as well: compare the head with a signed one\n"
        }
        (true, false) => "Nothing wrong was found; not every event is chained\n",
    };
    text
}

fn lost(salvaged: &Salvaged, out: &Path) -> String {
    let mut text = format!("{} events kept in {}, {} lines lost\n", salvaged.kept, out.display(), salvaged.lost.len());
    for lost in &salvaged.lost {
        text += &format!("lost line {} ({} bytes): {}\n", lost.line, lost.bytes, lost.why);
    }
    text + &format!("{REPORT} in the copy says the same; its events are not chained\n")
}
