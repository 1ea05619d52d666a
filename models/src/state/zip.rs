//! Files of torch 1.6 and later: a zip archive with one folder that holds `data.pkl` and `data/<key>` for each storage.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use ::zip::ZipArchive;
use ::zip::result::ZipError;

use super::checkpoint;
use super::error::Fault;
use super::found::{Found, MAX_BYTES};
use super::heap::Heap;
use super::pickle::{self, Calls};
use super::tensors::{Blobs, Builder};

pub(super) fn read(bytes: &[u8]) -> Result<Found, Fault> {
    let archive = ZipArchive::new(Cursor::new(bytes))
        .map_err(|e| Fault::bad("", "a whole zip archive", format!("a damaged one ({e}): truncated?")))?;
    let mut blobs = Entries { folder: folder(&archive)?, archive, budget: MAX_BYTES };
    if let Some(order) = blobs.entry("byteorder")?
        && order != b"little"
    {
        return Err(Fault::bad("", "little-endian numbers", String::from_utf8_lossy(&order)));
    }
    let name = format!("{}data.pkl", blobs.folder);
    let data = blobs.entry("data.pkl")?.ok_or_else(|| Fault::bad("", format!("an entry `{name}`"), "none"))?;
    let mut heap = Heap::default();
    let (root, _) = pickle::load(&data, 0, &mut heap, Calls::Rebuild)?;
    let picked = checkpoint::pick(&heap, &root)?;
    let mut builder = Builder::new(&heap, blobs);
    let tensors = picked.tensors.into_iter().map(|(name, id)| {
        let tensor = builder.tensor(&name, id)?;
        Ok((name, tensor))
    });
    let tensors = tensors.collect::<Result<_, Fault>>()?;
    Ok(Found { tensors, notes: picked.notes })
}

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// The folder of the state dict, with its slash; archives that are programs are refused by name.
fn folder(archive: &Archive<'_>) -> Result<String, Fault> {
    let mut found = None;
    for name in archive.file_names() {
        if name.ends_with("/constants.pkl") || name.contains("/code/__torch__") {
            return Err(Fault::Program("a TorchScript archive"));
        }
        if name.ends_with("models/model.json") || name.ends_with("serialized_exported_program.json") {
            return Err(Fault::Program("a `.pt2` archive of torch.export"));
        }
        if let Some(folder) = name.strip_suffix("data.pkl")
            && (folder.is_empty() || folder.ends_with('/') && folder.matches('/').count() == 1)
        {
            found = Some(folder.to_owned());
        }
    }
    let entries = archive.len();
    found.ok_or_else(|| {
        Fault::bad("", "a zip archive written by torch, with an entry `*/data.pkl`", format!("{entries} other entries"))
    })
}

/// The storages of an archive.
struct Entries<'a> {
    archive: Archive<'a>,
    folder: String,
    /// Bytes that may still be unpacked: a small archive can hold terabytes of zeros.
    budget: u64,
}

impl Entries<'_> {
    fn entry(&mut self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        let name = format!("{}{name}", self.folder);
        let damaged = |found: String| Fault::bad(format!("entry `{name}`"), "whole data", found);
        let entry = match self.archive.by_name(&name) {
            Ok(entry) => entry,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(e) => return Err(damaged(e.to_string())),
        };
        let mut out = Vec::new();
        // The size that the entry claims is not believed: reading stops one byte past what is left.
        entry.take(self.budget + 1).read_to_end(&mut out).map_err(|e| damaged(e.to_string()))?;
        match self.budget.checked_sub(out.len() as u64) {
            Some(left) => self.budget = left,
            None => return Err(damaged(format!("more than {MAX_BYTES} bytes unpacked"))),
        }
        Ok(Some(out))
    }
}

impl Blobs for Entries<'_> {
    fn bytes(&mut self, key: &str) -> Result<Option<Cow<'_, [u8]>>, Fault> {
        Ok(self.entry(&format!("data/{key}"))?.map(Cow::Owned))
    }
}
