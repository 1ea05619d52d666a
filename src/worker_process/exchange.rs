//! The file through which pixels travel: LR in, SR out, raw RGB bytes.
//!
//! Neither side maps it: a file that is cut short while it is mapped kills its reader with a bus error, a short read is a
//! failure like any other. The harness reserves the space on the disk before a worker writes to it, so that a full disk is
//! the harness's error and not the submission's failure.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::protocol::Slot;

/// The file, with one slot that every image takes in turn. It is removed when this is dropped.
#[derive(Debug)]
pub struct Exchange {
    path: PathBuf,
    file: File,
}

impl Exchange {
    /// Creates the file `path`, or takes over the one that a killed run left there.
    pub fn create(path: &Path) -> Result<Exchange> {
        let absolute = std::path::absolute(path).map_err(Error::io("create", path))?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&absolute)
            .map_err(Error::io("create", path))?;
        Ok(Exchange { path: absolute, file })
    }

    /// The file's absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the `height` x `width` LR image `rgb` and reserves zeroed space for its SR.
    pub fn put(&self, rgb: &[u8], height: usize, width: usize, scale: u32) -> Result<Slot> {
        let scale = scale as usize;
        self.file.set_len(0).map_err(Error::io("write", &self.path))?;
        self.reserve((rgb.len() * (1 + scale * scale)) as u64).map_err(Error::io("write", &self.path))?;
        self.file.write_all_at(rgb, 0).map_err(Error::io("write", &self.path))?;
        Ok(Slot { file: self.path.clone(), height, width, lr_offset: 0, sr_offset: rgb.len() })
    }

    /// Gives the empty file `size` zeros that have their place on the disk.
    fn reserve(&self, size: u64) -> std::io::Result<()> {
        use rustix::fs::{FallocateFlags, fallocate};
        use rustix::io::Errno;
        match fallocate(&self.file, FallocateFlags::empty(), 0, size) {
            // Some file systems cannot reserve: there a worker may meet the full disk first.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => self.file.set_len(size),
            other => Ok(other?),
        }
    }

    /// The `height` x `width` SR image that the worker left in the slot, as RGB bytes; `None` if the file is too short.
    pub fn take(&self, slot: &Slot, height: usize, width: usize) -> Result<Option<Vec<u8>>> {
        let mut rgb = vec![0; height * width * 3];
        match self.file.read_exact_at(&mut rgb, slot.sr_offset as u64) {
            Ok(()) => Ok(Some(rgb)),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(Error::io("read", &self.path)(error)),
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // A leftover is harmless: the next run takes it over.
        let _ = std::fs::remove_file(&self.path);
    }
}
