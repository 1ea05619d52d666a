//! The exchange file: LR bytes in, SR bytes out.
//!
//! The worker maps nothing: it reads and writes the file by position. A file that another process truncates would kill
//! this process if it were mapped; a read of it fails with an error.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;

use esr_bench::protocol::{Failed, Slot};

use crate::failure;
use crate::failure::Result;

/// An open slot. Its two ranges lie within the file and do not overlap.
pub(crate) struct Exchange<'a> {
    slot: &'a Slot,
    file: File,
    lr_len: usize,
    sr_len: usize,
}

impl<'a> Exchange<'a> {
    /// Opens the file and checks the slot against it.
    pub(crate) fn open(slot: &'a Slot, scale: usize) -> Result<Exchange<'a>> {
        let (lr_len, sr_len) = lengths(slot, scale)
            .ok_or_else(|| refuse(slot, format!("{} x {} pixels make no image", slot.height, slot.width)))?;
        let file = OpenOptions::new().read(true).write(true).open(&slot.file).map_err(|e| refuse(slot, e))?;
        let size = file.metadata().map_err(|e| refuse(slot, e))?.len();
        for (what, offset, len) in [("LR", slot.lr_offset, lr_len), ("SR", slot.sr_offset, sr_len)] {
            let end = offset.checked_add(len).ok_or_else(|| refuse(slot, format!("{what} offset {offset}")))?;
            if end as u64 > size {
                let needed = format!("{what} needs bytes {offset} to {end}, the file has {size}");
                return Err(refuse(slot, needed));
            }
        }
        if slot.lr_offset < slot.sr_offset + sr_len && slot.sr_offset < slot.lr_offset + lr_len {
            return Err(refuse(slot, "LR and SR overlap"));
        }
        Ok(Exchange { slot, file, lr_len, sr_len })
    }

    /// Reads the LR image: RGB, rows first.
    pub(crate) fn read_lr(&self) -> Result<Vec<u8>> {
        let mut bytes = vec![0; self.lr_len];
        self.file.read_exact_at(&mut bytes, self.slot.lr_offset as u64).map_err(|e| refuse(self.slot, e))?;
        Ok(bytes)
    }

    /// Writes the SR image.
    pub(crate) fn write_sr(&self, bytes: &[u8]) -> Result<()> {
        if bytes.len() != self.sr_len {
            return Err(failure::output(format!("{} SR bytes, expected {}", bytes.len(), self.sr_len)));
        }
        self.file.write_all_at(bytes, self.slot.sr_offset as u64).map_err(|e| refuse(self.slot, e))
    }
}

// Bytes of LR and SR. `None` for an image without pixels and for one whose size overflows.
fn lengths(slot: &Slot, scale: usize) -> Option<(usize, usize)> {
    let lr = slot.height.checked_mul(slot.width)?.checked_mul(3)?;
    let sr = lr.checked_mul(scale.checked_mul(scale)?)?;
    // libtorch's sizes are signed.
    (lr > 0 && i64::try_from(sr).is_ok()).then_some((lr, sr))
}

fn refuse(slot: &Slot, reason: impl std::fmt::Display) -> Failed {
    failure::request(format!("exchange file {}: {reason}", slot.file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(dir: &tempfile::TempDir, bytes: usize) -> Slot {
        let file = dir.path().join("exchange");
        std::fs::write(&file, vec![7; bytes]).unwrap();
        Slot { file, height: 2, width: 3, lr_offset: 0, sr_offset: 18 }
    }

    #[test]
    fn sr_lands_behind_lr() {
        let dir = tempfile::tempdir().unwrap();
        let slot = slot(&dir, 18 + 72);
        let exchange = Exchange::open(&slot, 2).unwrap();
        assert_eq!(exchange.read_lr().unwrap(), [7; 18]);
        exchange.write_sr(&[9; 72]).unwrap();
        assert_eq!(std::fs::read(&slot.file).unwrap()[17..19], [7, 9]);
    }

    #[test]
    fn a_slot_that_does_not_fit_is_refused_with_the_reason() {
        let dir = tempfile::tempdir().unwrap();
        let good = slot(&dir, 18 + 72);
        let refused = |slot: Slot| Exchange::open(&slot, 2).err().expect("refused").message;
        assert!(refused(Slot { height: 3, ..good.clone() }).contains("the file has 90"));
        assert!(refused(Slot { height: 0, ..good.clone() }).contains("0 x 3 pixels"));
        assert!(refused(Slot { width: usize::MAX, ..good.clone() }).contains("make no image"));
        assert!(refused(Slot { lr_offset: usize::MAX, ..good.clone() }).contains("LR offset"));
        assert!(refused(Slot { sr_offset: 17, ..good.clone() }).contains("overlap"));
        assert!(refused(Slot { file: dir.path().join("none"), ..good }).contains("none: No such file"));
    }
}
