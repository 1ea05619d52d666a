//! The file through which pixels travel: LR in, SR out, raw RGB bytes.
//!
//! The worker may map it. The harness reads and writes it instead: a worker that cuts a mapped file short would kill the
//! harness with a bus error; a short read is a failure like any other.

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

    /// Writes the `height` x `width` LR image `rgb` and leaves zeroed room for its SR.
    pub fn put(&self, rgb: &[u8], height: usize, width: usize, scale: u32) -> Result<Slot> {
        let scale = scale as usize;
        let resize = |size: usize| self.file.set_len(size as u64).map_err(Error::io("write", &self.path));
        resize(0)?;
        resize(rgb.len() * (1 + scale * scale))?;
        self.file.write_all_at(rgb, 0).map_err(Error::io("write", &self.path))?;
        Ok(Slot { file: self.path.clone(), height, width, lr_offset: 0, sr_offset: rgb.len() })
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
