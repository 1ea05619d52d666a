//! Arguments, and one file for each command. A command parses, calls the library and prints; it computes nothing itself.
//! It may use every room of the library.

mod audit;
mod clones;
mod compare;
mod completions;
mod data;
mod doctor;
mod forms;
mod fuse;
mod identify;
mod import;
mod inspect;
mod lint;
mod man;
mod measure;
mod merge;
mod models;
mod output;
mod overview;
mod pairs;
mod place;
mod rank;
mod report;
mod rules;
mod serve;
mod show;
mod sign;
mod values;
mod verify;
mod version;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use esr_bench::text;
use esr_bench::util::chars;
use esr_bench::{Result, exit};

/// Benchmarks efficient super-resolution networks and ranks them by the rules of a challenge
#[derive(Debug, Parser)]
#[command(name = "esr-bench", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a printed table against its own figures and the rules
    Audit(audit::Args),
    /// Compare the runtimes of two submissions, with an interval and a verdict
    Compare(compare::Args),
    /// Write a script that lets a shell complete commands, options and values
    Completions(completions::Args),
    /// Check data sets
    Data(data::Args),
    /// Report whether this machine is ready to measure, and what to do about each problem
    Doctor(doctor::Args),
    /// Compare networks that a run has both as Python code and in another form
    Forms(forms::Args),
    /// Turn weights in training form, with branches, into their deploy form
    Fuse(fuse::Args),
    /// Find the network that a weights file belongs to, from its keys and shapes
    Identify(identify::Args),
    /// Make submission folders from a clone of a challenge's repository
    Import(import::Args),
    /// Count the costs of a network, operation by operation
    Inspect(inspect::Args),
    /// Check whether submissions can be measured
    Lint(lint::Args),
    /// Write the manual pages
    Man(man::Args),
    /// Measure submissions on images and write a run directory
    Measure(measure::Args),
    /// Join the run directories of several machines into one
    Merge(merge::Args),
    /// List the networks of the registry, or describe one
    Models(models::Args),
    /// Find the place that an entry would take in a published table
    #[command(visible_alias = "where")]
    Place(place::Args),
    /// Rank measurements by the rules of an edition
    Rank(rank::Args),
    /// Write runs as one HTML page
    Report(report::Args),
    /// List, show and check the rules of the editions
    Rules(rules::Args),
    /// Show runs as live pages in a browser on this machine
    Serve(serve::Args),
    /// Show the figures of a run
    Show(show::Args),
    /// Sign a statement on a run with an SSH key
    Sign(sign::Args),
    /// Check whether a run directory is unchanged; make a readable copy of a damaged one
    Verify(verify::Args),
}

/// The command line with the overview of all commands in its help.
fn command() -> clap::Command {
    let command = Cli::command();
    let groups = overview::groups(&command);
    command
        .help_template("{about}\n\n{usage-heading} {usage}{after-help}\n\nOptions:\n{options}")
        .after_help(groups + "\n" + overview::EXIT_CODES)
}

/// Parses the command line and runs the command.
pub(crate) fn run() -> ExitCode {
    if completions::answer(command) {
        return ExitCode::from(exit::DONE);
    }
    let matches = command().try_get_matches().unwrap_or_else(|error| usage(&error));
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| usage(&error));
    let Some(command) = cli.command else {
        eprint!("{}", overview::FIRST_STEPS);
        return ExitCode::from(exit::USAGE);
    };
    match dispatch(command) {
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
    if error.kind() == clap::error::ErrorKind::DisplayVersion && std::env::args_os().any(|arg| arg == "--version") {
        let done = output::print(&version::long()).map_or_else(|error| error.exit_code(), |()| exit::DONE);
        std::process::exit(done.into());
    }
    let hostile = std::env::args_os().any(|arg| arg.to_string_lossy().contains(chars::is_deceptive));
    if hostile && error.use_stderr() {
        eprint!("{}", chars::visible(&error.render().to_string()));
        std::process::exit(error.exit_code());
    }
    error.exit()
}

/// Runs a command; the result is one of the codes of [`exit`].
fn dispatch(command: Command) -> Result<u8> {
    match command {
        Command::Audit(args) => audit::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Data(args) => data::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Forms(args) => forms::run(&args),
        Command::Fuse(args) => fuse::run(&args),
        Command::Identify(args) => identify::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Lint(args) => lint::run(&args),
        Command::Man(args) => man::run(&args, Cli::command()),
        Command::Measure(args) => measure::run(&args),
        Command::Merge(args) => merge::run(&args),
        Command::Models(args) => models::run(&args),
        Command::Place(args) => place::run(&args),
        Command::Rank(args) => rank::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Sign(args) => sign::run(&args),
        Command::Verify(args) => verify::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
        assert_eq!(exit::INTERRUPTED, 130);
    }
}
