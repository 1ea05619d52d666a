//! Arguments, and one file per command. A command parses, calls the library, prints; it computes nothing itself.

mod audit;
mod clones;
mod compare;
mod data;
mod doctor;
mod forms;
mod fuse;
mod identify;
mod import;
mod inspect;
mod lint;
mod measure;
mod models;
mod pairs;
mod place;
mod rank;
mod report;
mod rules;
mod serve;
mod show;
mod sign;
mod sources;
mod timings;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use esr_bench::Result;
use esr_bench::text;
use esr_bench::util::chars;

/// Benchmarks efficient super-resolution networks and ranks them by a challenge's rules.
#[derive(Debug, Parser)]
#[command(name = "esr-bench", version, propagate_version = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
    0  done
    1  the machine failed: a full disk, a file that cannot be written
    2  the command line is wrong
    3  a file or value is wrong; the message names it
    4  done, but some submissions failed; each has a row with its reason
    5  a graph holds operations that the counter does not know
    6  the worker is missing, too old, or cannot start
    7  a check found something wrong (lint, audit, data check, identify, rules check, doctor, verify, rank --require-fit)
  130  interrupted; what was measured is kept";

#[derive(Debug, Subcommand)]
enum Command {
    /// Recompute all that a table prints, and list what does not follow.
    Audit(audit::Args),
    /// Say which of two submissions is faster, and how sure that is.
    Compare(compare::Args),
    /// Check data sets before they are measured.
    Data(data::Args),
    /// Say what this machine offers for measuring, and what to do about each lack.
    Doctor(doctor::Args),
    /// Compare networks that a run has both as Python code and in another form: SR, and what launching from Python costs.
    Forms(forms::Args),
    /// Turn weights as they were trained, with branches, into their deploy form.
    Fuse(fuse::Args),
    /// Say which network a weights file belongs to, from its keys and shapes alone.
    Identify(identify::Args),
    /// Make submission folders of the networks in a clone of an organisers' repository.
    Import(import::Args),
    /// Count what a network costs, operation by operation.
    Inspect(inspect::Args),
    /// Check submissions: are they fit to be measured?
    Lint(lint::Args),
    /// Measure submissions on images, into a run directory.
    Measure(measure::Args),
    /// List the registry's networks.
    Models(models::Args),
    /// Rank measurements by an edition's rules; without input, the edition's published table.
    Rank(rank::Args),
    /// Write runs as one HTML page: every track, plots, images, and a section for each entry.
    Report(report::Args),
    /// The editions' rules: list, show, check.
    Rules(rules::Args),
    /// Show runs as live pages in a browser on this machine.
    Serve(serve::Args),
    /// Show what a run has measured.
    Show(show::Args),
    /// Sign a statement on a run with an SSH key.
    Sign(sign::Args),
    /// Say whether a run directory is what `measure` wrote; make a readable copy of a damaged one.
    Verify(verify::Args),
    /// Enter an entry into a published table: its place in each track, and what would gain one more.
    Where(place::Args),
}

/// Parses the command line and runs the command.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|error| usage(&error));
    match dispatch(cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {}", message(&error));
            ExitCode::from(error.exit_code())
        }
    }
}

/// An error on one line: what it repeats of a file acts on no terminal, and a cell of a megabyte fills none.
fn message(error: &esr_bench::Error) -> String {
    const LONGEST: usize = 16_000;
    chars::visible_line(&text::shortened(&error.to_string(), LONGEST))
}

/// Ends the program as clap does. Arguments are repeated in its messages: where one could act on the terminal, the message
/// is printed without colour and escaped.
fn usage(error: &clap::Error) -> ! {
    let hostile = std::env::args_os().any(|arg| arg.to_string_lossy().contains(chars::is_deceptive));
    if hostile && error.use_stderr() {
        eprint!("{}", chars::visible(&error.render().to_string()));
        std::process::exit(error.exit_code());
    }
    error.exit()
}

/// Every command answers with an exit code of [`exit`].
fn dispatch(command: Command) -> Result<u8> {
    match command {
        Command::Audit(args) => audit::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Data(args) => data::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Forms(args) => forms::run(&args),
        Command::Fuse(args) => fuse::run(&args),
        Command::Identify(args) => identify::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Lint(args) => lint::run(&args),
        Command::Measure(args) => measure::run(&args),
        Command::Models(args) => models::run(&args),
        Command::Rank(args) => rank::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Sign(args) => sign::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Where(args) => place::run(&args),
    }
}

/// Prints to standard output; a closed pipe (`| head`) is no error.
pub(crate) fn print(text: &str) -> Result<()> {
    use std::io::Write;
    // Every format escapes what it repeats; nothing that one forgets gets through here either.
    let text =
        if esr_bench::report::colour_on_stdout() { chars::visible_but_colour(text) } else { chars::visible(text) };
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(esr_bench::Error::io("write", "standard output")(error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use esr_bench::exit;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        assert_eq!(exit::INTERRUPTED, 130);
    }
}
