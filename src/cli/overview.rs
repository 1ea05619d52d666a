//! The overview of all commands, by what they are for.

/// Printed where no command is given.
pub(crate) const FIRST_STEPS: &str = "\
esr-bench needs a command. Most people start with one of these:

  esr-bench rank                      rank the published table of NTIRE 2022
  esr-bench inspect rlfn              count the costs of a network
  esr-bench measure SUBMISSION ...    measure submissions on this machine

`esr-bench --help` lists all commands.
";

/// The exit codes, as the help prints them.
pub(crate) const EXIT_CODES: &str = "\
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

/// Every command, by purpose.
const GROUPS: [(&str, &[&str]); 4] = [
    (
        "Score a challenge",
        &[
            "import", "lint", "measure", "merge", "show", "rank", "compare", "forms", "report", "serve", "verify",
            "sign",
        ],
    ),
    ("Look at a network", &["inspect", "models", "identify", "fuse", "place"]),
    ("Rules and tables", &["rules", "audit"]),
    ("Machine and data", &["doctor", "data", "completions", "man"]),
];

/// The commands in their groups, each with its first line of help.
pub(crate) fn groups(command: &clap::Command) -> String {
    let mut text = String::new();
    for (heading, names) in GROUPS {
        text += &format!("{heading}:\n");
        for name in names {
            let about = command.find_subcommand(name).and_then(clap::Command::get_about);
            text += &format!("  {name:<11} {}\n", about.map(ToString::to_string).unwrap_or_default());
        }
        text += "\n";
    }
    text + "`esr-bench help COMMAND` describes a command with all its options.\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_command_is_in_one_group() {
        let command = super::super::Cli::command();
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let mut all: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        grouped.sort_unstable();
        all.sort_unstable();
        assert_eq!(grouped, all);
    }
}
