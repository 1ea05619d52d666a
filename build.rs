//! Tells the program which commit it is built from. For `esr-bench --version` alone.
//!
//! A development build has no commit: each new commit would otherwise compile the whole harness again.

// A build script speaks to cargo on stdout.
#![allow(clippy::print_stdout)]

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// As many digits of the commit's hash as are unique in any repository of this size.
const DIGITS: &str = "--short=12";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("PROFILE").as_deref() != Ok("release") {
        return;
    }
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").unwrap_or_default());
    // A source archive that lies inside another repository must not get that repository's commit.
    let here = git(&root, &["rev-parse", "--show-toplevel"]).is_some_and(|top| same(Path::new(&top), &root));
    let commit = if here { git(&root, &["rev-parse", DIGITS, "HEAD"]) } else { None };
    if commit.is_some() {
        // HEAD names a branch, whose file changes with each commit. A branch without a file of its own is in packed-refs.
        let branch = git(&root, &["symbolic-ref", "-q", "HEAD"]);
        for name in ["HEAD", "packed-refs"].into_iter().chain(branch.as_deref()) {
            let path = git(&root, &["rev-parse", "--git-path", name]).map(|path| root.join(path));
            if let Some(path) = path.filter(|path| path.exists()) {
                println!("cargo::rerun-if-changed={}", path.display());
            }
        }
    }
    println!("cargo::rustc-env=ESR_BENCH_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
}

/// The one line that git answers; none where there is no git or it fails.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}

fn same(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}
