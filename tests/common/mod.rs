//! What the integration tests of all three packages share.

mod skip;

use std::path::{Path, PathBuf};

/// The folder of data, weights and truths beside the project's root, which the repository does not hold. Where it is
/// absent the test named `test_name` says that it was skipped; under `CI=true` it fails instead, unless `ESR_BENCH_SHARED` is
/// `optional`.
///
/// # Panics
/// Under `CI=true`, if the folder is absent and not optional.
pub(crate) fn shared(test_name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|dir| dir.join("Cargo.lock").is_file());
    let shared = root.and_then(Path::parent).map(|parent| parent.join("shared"));
    let found = shared.filter(|folder| folder.is_dir());
    if found.is_none() {
        let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
        let needed = is("CI", "true") && !is("ESR_BENCH_SHARED", "optional");
        assert!(!needed, "{test_name}: ../shared is absent under CI=true");
        skip::skipped(test_name, "../shared is absent");
    }
    found
}
