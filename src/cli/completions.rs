//! `esr-bench completions`: what a shell needs in order to complete commands, options and values.
//!
//! Editions, tracks, model cards and the submissions of a run are only known when a key is pressed. The shell's script
//! therefore starts `esr-bench` for each completion, with [`VARIABLE`] set; [`answer`] then prints the candidates and the
//! program ends. The interface between the script and the program may change with clap_complete's version. The files that an
//! installation puts in place (`completions/`) therefore ask the installed program for its script.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use clap_complete::CompleteEnv;
use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};
use esr_bench::{Error, Result, exit};

use super::{output, values};

/// The variable that asks for candidates instead of a command. It has the name of the program so that the variable of another
/// program cannot be taken for it.
const VARIABLE: &str = "ESR_BENCH_COMPLETE";

/// The program's name on the command line.
const NAME: &str = "esr-bench";

/// A shell that can complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shell {
    /// Bash 4.4 or later
    Bash,
    /// Fish
    Fish,
    /// Zsh
    Zsh,
}

impl Shell {
    fn completer(self) -> &'static dyn EnvCompleter {
        match self {
            Shell::Bash => &Bash,
            Shell::Fish => &Fish,
            Shell::Zsh => &Zsh,
        }
    }
}

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
To try it in this shell:
  bash  source <(esr-bench completions bash)
  zsh   source <(esr-bench completions zsh)          (after compinit)
  fish  esr-bench completions fish | source

The same line in ~/.bashrc, ~/.zshrc or ~/.config/fish/config.fish makes it permanent.
`make install` puts files in place that the shells load by themselves.")]
pub(crate) struct Args {
    /// Shell to write the script for
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    output::print(&script(args.shell, &program())?)?;
    Ok(exit::DONE)
}

/// The script that the shell sources. It calls `program` for the candidates.
fn script(shell: Shell, program: &str) -> Result<String> {
    let mut text = Vec::new();
    let written = shell.completer().write_registration(VARIABLE, NAME, NAME, program, &mut text);
    written.map_err(Error::io("write", "the completion script"))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// How this program was called: by name, or by a path that is made absolute, since a shell changes its folder.
fn program() -> String {
    let called = std::env::args_os().next().unwrap_or_else(|| NAME.into());
    let path = Path::new(&called);
    let absolute = if path.components().count() > 1 { std::path::absolute(path).ok() } else { None };
    absolute.map_or(called.clone(), OsString::from).to_string_lossy().into_owned()
}

/// Prints candidates and returns true if a shell asks for them.
pub(crate) fn answer(command: fn() -> clap::Command) -> bool {
    let completed = CompleteEnv::with_factory(|| values::attach(command()))
        .var(VARIABLE)
        .try_complete(std::env::args_os(), std::env::current_dir().ok().as_deref());
    match completed {
        Ok(completed) => completed,
        // A shell shows what is written here in the middle of a line that is being typed: one line at most.
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{NAME}: no completion: {}", error.to_string().trim_end());
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Shell; 3] = [Shell::Bash, Shell::Fish, Shell::Zsh];

    #[test]
    fn a_script_names_the_variable_and_the_program() {
        for shell in ALL {
            let text = script(shell, "/opt/esr/bin/esr-bench").unwrap();
            assert!(text.contains(VARIABLE) && text.contains("/opt/esr/bin/esr-bench"), "{text}");
        }
    }

    /// Zsh runs the file as the function that completes: the file defines the real function and calls it.
    #[test]
    fn the_file_for_zsh_calls_the_function_that_the_script_defines() {
        let text = script(Shell::Zsh, NAME).unwrap();
        let file = include_str!("../../completions/_esr-bench");
        let function = file.lines().last().unwrap().split(' ').next().unwrap();
        assert!(text.contains(&format!("function {function}()")), "{text}");
    }
}
