//! `esr-bench rules`: the rules of the editions.

use clap::Subcommand;
use esr_bench::checks;
use esr_bench::report::{self, Format};
use esr_bench::rules::Rules;
use esr_bench::{Result, exit};

use super::output;

/// Arguments of `rules`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the editions that are built in
    List,
    /// Show the rules of an edition
    Show {
        /// Edition's id, its folder, or a rules file
        rules: String,
        /// Output format
        #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = output::formats(&[Format::Table, Format::Json, Format::Toml]))]
        format: Format,
    },
    /// Check rules files, and rank their published tables by them
    Check {
        /// Editions' ids, folders or rules files [default: all editions that are built in]
        rules: Vec<String>,
    },
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    match &args.command {
        Command::List => output::print(&report::rules::list()?)?,
        Command::Show { rules, format } => {
            let rules = Rules::find(rules)?;
            output::print(&match format {
                Format::Toml => rules.text()?,
                Format::Json => output::json(&rules)?,
                _ => report::rules::summary(&rules),
            })?;
        }
        Command::Check { rules } => return check(rules),
    }
    Ok(exit::DONE)
}

/// Checks every file, also after one that is wrong.
fn check(named: &[String]) -> Result<u8> {
    let all = if named.is_empty() { Rules::ids() } else { named.to_vec() };
    let mut code = exit::DONE;
    for name in &all {
        match checks::rules::check(name) {
            Ok(text) => output::print(&format!("{name}: {text}\n"))?,
            Err(error) => {
                output::print(&format!("{name}: {error}\n"))?;
                code = exit::CHECK_FAILED;
            }
        }
    }
    Ok(code)
}
