//! Atomic writes: a reader sees the old file or the complete new one.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use crate::error::{Error, Result};

/// Prefix of temporary file names.
pub const TEMPORARY: &str = ".esr-bench-";

/// Writes `bytes` to a temporary name beside `path`, syncs, and renames: `path` holds its old content or all of `bytes`.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any new file: the process's umask takes the rest away.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).map_err(Error::io("create a file in", folder))?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(Error::io("write", path))?;
    file.persist(path).map_err(|e| Error::io("rename", path)(e.error))?;
    // The new name is on the disk once its folder is.
    File::open(folder).and_then(|f| f.sync_all()).map_err(Error::io("write", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("board.csv");
        write(&path, b"old").unwrap();
        write(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let error = write(&folder.path().join("absent/board.csv"), b"x").unwrap_err().to_string();
        assert!(error.starts_with("cannot create a file in"), "{error}");
    }
}
