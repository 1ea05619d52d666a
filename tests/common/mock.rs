//! The mock worker of `examples/mock_worker.rs`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

#[path = "fresh.rs"]
mod fresh;
use fresh::is_fresh;

/// The mock worker's program, built from its present source.
pub(crate) fn worker() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let own = std::env::current_exe().expect("a running test has a path");
        // target/<profile>/deps/<test>
        let profile = own.parent().and_then(Path::parent).expect("tests lie in target/<profile>/deps");
        let path = profile.join("examples/mock_worker");
        // `cargo test --test NAME` builds no examples: what lies there may be stale.
        if !is_fresh(&path, &["examples", "src/protocol.rs", "src/graph", "src/worker_process"])
            && profile.ends_with("debug")
            && let Some(cargo) = std::env::var_os("CARGO")
        {
            let built = Command::new(cargo)
                .args(["build", "--quiet", "--package", "esr-bench", "--example", "mock_worker"])
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .status();
            assert!(built.is_ok_and(|s| s.success()), "the mock worker does not build");
        }
        assert!(path.is_file(), "no mock worker: `cargo build --example mock_worker` makes it");
        path
    })
}
