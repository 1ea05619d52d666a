//! `esr-bench sign`: a statement on a run, signed by an SSH key, as people have one already.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use esr_bench::util::files;
use esr_bench::verify::statement::{self, STATEMENT};
use esr_bench::{Error, Result, exit};

use super::output;

/// What the signatures are for: one of another purpose does not count.
const NAMESPACE: &str = "esr-bench-run";

/// Arguments of `sign`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run directory
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Private key file, or a public one whose private key an agent holds
    #[arg(long, short, value_name = "FILE")]
    key: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let verified = esr_bench::verify::verify(&args.run, None)?;
    if let Some(finding) =
        verified.findings.iter().find(|f| !matches!(f, esr_bench::verify::Discrepancy::Statement { .. }))
    {
        return Err(Error::Usage(format!(
            "{}: {finding}; `esr-bench verify` lists all. It is not signed",
            args.run.display()
        )));
    }
    let path = args.run.join(STATEMENT);
    let signature = signature(&args.run);
    files::write(&path, statement::of(&args.run)?.as_bytes())?;
    // An older one would make ssh-keygen ask whether it may be replaced.
    match std::fs::remove_file(&signature) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::io("remove", &signature)(error));
        }
        _ => {}
    }
    let output = ssh_keygen(
        Command::new("ssh-keygen").args(["-q", "-Y", "sign", "-n", NAMESPACE, "-f"]).arg(&args.key).arg(&path),
    )?;
    if !output.status.success() {
        return Err(Error::Usage(format!("ssh-keygen did not sign {}: {}", path.display(), said(&output))));
    }
    output::print(&format!("Signed: {}\n", signature.display()))?;
    Ok(exit::DONE)
}

/// Whether the statement's signature is of one of the allowed signers; in words, whose it is or why not.
pub(super) fn check(run: &Path, signers: &Path) -> Result<std::result::Result<String, String>> {
    let (path, signature) = (run.join(STATEMENT), signature(run));
    if !signature.is_file() {
        return Ok(Err(format!("there is no {}; `esr-bench sign` makes one", signature.display())));
    }
    let by = |what: &str| {
        let mut command = Command::new("ssh-keygen");
        command.args(["-Y", what, "-f"]).arg(signers).arg("-s").arg(&signature);
        command
    };
    let found = ssh_keygen(&mut by("find-principals"))?;
    let Some(who) =
        String::from_utf8_lossy(&found.stdout).lines().next().map(ToOwned::to_owned).filter(|_| found.status.success())
    else {
        return Ok(Err(format!("it is of no key in {}: {}", signers.display(), said(&found))));
    };
    let text = File::open(&path).map_err(Error::io("read", &path))?;
    let output = ssh_keygen(by("verify").args(["-n", NAMESPACE, "-I", &who]).stdin(text))?;
    Ok(if output.status.success() { Ok(said(&output)) } else { Err(said(&output)) })
}

fn signature(run: &Path) -> PathBuf {
    run.join(format!("{STATEMENT}.sig"))
}

fn ssh_keygen(command: &mut Command) -> Result<Output> {
    command
        .output()
        .map_err(|error| Error::Usage(format!("ssh-keygen cannot be started (OpenSSH 8.2 or later has it): {error}")))
}

fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr].concat();
    esr_bench::text::one_line(String::from_utf8_lossy(&text).trim())
}
