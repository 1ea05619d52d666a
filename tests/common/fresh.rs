//! Whether a program that tests start is newer than what it is made from.

use std::path::Path;
use std::time::SystemTime;

/// Whether `program` is there and no file below `sources` (relative to the package) is newer.
pub(crate) fn is_fresh(program: &Path, sources: &[&str]) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(built) = modified(program) else { return false };
    sources.iter().all(|source| newest(&root.join(source)).is_some_and(|changed| changed <= built))
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().ok()?.modified().ok()
}

/// When the file, or the newest file below the folder, was changed.
fn newest(path: &Path) -> Option<SystemTime> {
    if path.is_file() {
        return modified(path);
    }
    std::fs::read_dir(path).ok()?.flatten().filter_map(|entry| newest(&entry.path())).max()
}
