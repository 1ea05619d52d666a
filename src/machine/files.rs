//! Small files of the kernel.

use std::fs;
use std::path::Path;

/// A file's text; absent if it cannot be read.
pub(super) fn text(root: &Path, path: &str) -> Option<String> {
    fs::read_to_string(root.join(path)).ok()
}

/// A file of one line, without blanks around it; absent if there is nothing.
pub(super) fn line(root: &Path, path: &str) -> Option<String> {
    text(root, path).map(|text| text.trim().to_owned()).filter(|line| !line.is_empty())
}

/// A file that holds one number.
pub(super) fn number<T: std::str::FromStr>(root: &Path, path: &str) -> Option<T> {
    line(root, path)?.parse().ok()
}
