//! The real worker, `esr-worker`, built from its present source.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

#[path = "fresh.rs"]
mod fresh;
use fresh::is_fresh;

/// What the worker is made from.
const SOURCES: [&str; 12] = [
    "worker/src",
    "worker/shim",
    "worker/build.rs",
    "models/src",
    "models/cards",
    "models/build.rs",
    "models/build-support/src",
    "src/protocol.rs",
    "src/graph",
    "src/submission",
    "src/util",
    "src/worker_process",
];

/// The program beside `esr-bench`.
pub(crate) fn path() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let path = Path::new(env!("CARGO_BIN_EXE_esr-bench")).with_file_name("esr-worker");
        // Tests of one package build no other package's programs: what lies there may be stale. Tests of the whole workspace have
        // built it, with the features of the whole; a build of the one package would begin again at its dependencies.
        if !is_fresh(&path, &SOURCES)
            && path.parent().is_some_and(|p| p.ends_with("debug"))
            && let Some(cargo) = std::env::var_os("CARGO")
        {
            let built = Command::new(cargo)
                .args(["build", "--quiet", "--package", "esr-worker"])
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .status();
            assert!(built.is_ok_and(|s| s.success()), "the worker does not build");
        }
        assert!(path.is_file(), "no worker: `cargo build -p esr-worker` makes it");
        path
    })
}
