//! `esr-bench man`: manual pages, made from the same definitions as the help.

use std::path::PathBuf;

use clap::Command;
use clap_mangen::Man;
use esr_bench::util::files;
use esr_bench::{Error, Result, exit};

use super::{output, overview};

/// The manual's name, in the head of each page.
const MANUAL: &str = "esr-bench";

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "`man -l DIR/esr-bench-rank.1` reads a page where it is; `make install` installs all of them.")]
pub(crate) struct Args {
    /// Folder to write the pages to; it is made if it does not exist
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Writes the pages of `command`, which is the whole command line.
pub(crate) fn run(args: &Args, command: Command) -> Result<u8> {
    std::fs::create_dir_all(&args.dir).map_err(Error::io("make the folder", &args.dir))?;
    let pages = pages(command)?;
    for (name, text) in &pages {
        files::write(&args.dir.join(name), text)?;
    }
    output::print(&format!("Wrote {} pages to {}\n", pages.len(), args.dir.display()))?;
    Ok(exit::DONE)
}

/// Every command's page, as its file's name and its text in roff.
fn pages(command: Command) -> Result<Vec<(String, Vec<u8>)>> {
    // The exit codes are for every command; the overview by groups would repeat the list of commands.
    let mut command = command.disable_help_subcommand(true).after_help(overview::EXIT_CODES);
    command.build();
    let mut pages = Vec::new();
    add(&command, &mut pages)?;
    Ok(pages)
}

fn add(command: &Command, pages: &mut Vec<(String, Vec<u8>)>) -> Result<()> {
    let page = Man::new(command.clone()).manual(MANUAL);
    let mut text = Vec::new();
    page.render(&mut text).map_err(Error::io("write", "a manual page"))?;
    pages.push((page.get_filename(), text));
    command.get_subcommands().filter(|sub| !sub.is_hide_set()).try_for_each(|sub| add(sub, pages))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_command_has_a_page_that_names_its_options() {
        let pages = pages(super::super::Cli::command()).unwrap();
        let text = |name: &str| {
            let page = pages.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no {name}"));
            String::from_utf8(page.1.clone()).unwrap()
        };
        assert!(text("esr-bench.1").contains("esr\\-bench\\-rank(1)"));
        assert!(text("esr-bench-rank.1").contains("\\-\\-uncertainty"));
        assert!(text("esr-bench-rules-check.1").contains("built in"));
        assert!(text("esr-bench.1").contains("130"));
    }
}
