//! The command line: `esr-bench`.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
