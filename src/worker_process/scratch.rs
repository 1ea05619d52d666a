//! A confined worker's own folder for temporary files. Libraries that networks import (plotting, image readers) look for one
//! and fail where there is none.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// What may lie in the folder, in bytes. A look at it happens once a second: a fast writer can go beyond for that long.
pub(super) const LIMIT: u64 = 64 << 20;

/// How often the folder is looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// The folder. It is removed, with all that lies in it, when this is dropped.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: TempDir,
    looked: Instant,
}

impl Scratch {
    /// Makes a folder that nobody else may read, in the system's folder of temporary files.
    pub(super) fn make() -> io::Result<Scratch> {
        let place = std::env::temp_dir().canonicalize()?;
        let folder = tempfile::Builder::new().prefix("esr-bench-worker-").tempdir_in(place)?;
        Ok(Scratch { folder, looked: Instant::now() })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// How many bytes the process `id` has on this disk, where that is too much: in the folder, and in files that it keeps
    /// open after their removal. It looks only if the last look was a second ago.
    pub(super) fn excess(&mut self, id: u32) -> Option<u64> {
        if self.looked.elapsed() < LOOK_INTERVAL {
            return None;
        }
        self.looked = Instant::now();
        Some(size(self.path()) + removed(id, self.path())).filter(|&size| size > LIMIT)
    }
}

/// The bytes on the disk of all files below `folder`; links are not followed, and what goes away meanwhile counts nothing.
fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(data) if data.is_dir() => size(&entry.path()),
        Ok(data) => data.blocks() * 512,
        Err(_) => 0,
    });
    sizes.sum()
}

/// The bytes of the files that the process has open, that have no name any more, and that lie on the disk of `folder`.
fn removed(id: u32, folder: &Path) -> u64 {
    let Ok(disk) = folder.metadata().map(|data| data.dev()) else { return 0 };
    let open = std::fs::read_dir(format!("/proc/{id}/fd")).into_iter().flatten().flatten();
    let files = open.filter_map(|entry| std::fs::metadata(entry.path()).ok());
    files.filter(|data| data.is_file() && data.nlink() == 0 && data.dev() == disk).map(|data| data.blocks() * 512).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_the_folder_is_counted_and_goes_with_it() {
        let scratch = Scratch::make().unwrap();
        let path = scratch.path().to_path_buf();
        std::fs::create_dir(path.join("deep")).unwrap();
        assert_eq!(size(&path), 0);
        std::fs::write(path.join("deep/file"), vec![1; 100_000]).unwrap();
        assert!((100_000..200_000).contains(&size(&path)), "{}", size(&path));
        let kept_open = std::fs::File::open(path.join("deep/file")).unwrap();
        let before = removed(std::process::id(), &path);
        std::fs::remove_file(path.join("deep/file")).unwrap();
        assert_eq!(size(&path), 0);
        assert!(removed(std::process::id(), &path) >= before + 100_000);
        drop(kept_open);
        drop(scratch);
        assert!(!path.exists());
    }
}
