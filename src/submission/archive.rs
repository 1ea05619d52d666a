//! Archives that PyTorch writes: zip files under one folder named after the file. Tensors are stored, only TorchScript's
//! code is compressed.
//!
//! What a team hands in is checked here before anything else reads it: entries that would unpack to more than a program's
//! code (zip bombs), that point outside, that are listed twice or larger than the file are refused by name.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use zip::{CompressionMethod, ZipArchive};

use crate::error::{Error, Place, Result};
use crate::util::input;

/// More entries than this are no program of this field.
const MAX_ENTRIES: usize = 20_000;

/// What compressed entries may unpack to, all together: a network's code is some kilobytes.
const MAX_INFLATED: u64 = 64 << 20;

/// What an archive holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `torch.export.save`: `.pt2`.
    ExportedProgram,
    /// `torch.jit.save`: `.pt`.
    TorchScript,
    /// `torch.save`: a pickle with its tensors.
    StateDict,
}

/// A checked archive.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    zip: ZipArchive<File>,
    /// Of all entries, as `check` has read them.
    names: BTreeSet<String>,
    root: String,
    kind: Kind,
}

impl Archive {
    /// Opens an archive and checks all of its entries.
    pub fn open(path: &Path) -> Result<Archive> {
        let mut file = input::open(path, input::Kind::Weights)?;
        let length = file.metadata().map_err(Error::io("read", path))?.len();
        let mut magic = [0; 4];
        let is_zip = file.read_exact(&mut magic).is_ok() && &magic == b"PK\x03\x04";
        if !is_zip {
            return Err(Error::input(path, Place::Whole, "a zip archive as PyTorch writes it", "another kind of file"));
        }
        file.seek(SeekFrom::Start(0)).map_err(Error::io("read", path))?;
        let zip = ZipArchive::new(file).map_err(|error| {
            Error::input(path, Place::Whole, "a whole zip archive", format!("a damaged or truncated one ({error})"))
        })?;
        let mut archive = Archive {
            path: path.to_path_buf(),
            zip,
            names: BTreeSet::new(),
            root: String::new(),
            kind: Kind::StateDict,
        };
        archive.check(length)?;
        archive.classify()?;
        Ok(archive)
    }

    /// What it holds.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The names of all entries, without the root folder.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().filter_map(|name| name.strip_prefix(self.root.as_str()))
    }

    /// An entry's bytes; `name` is without the root folder.
    pub fn read(&mut self, name: &str) -> Result<Vec<u8>> {
        let full = format!("{}{name}", self.root);
        let mut entry = self.zip.by_name(&full).map_err(|error| {
            Error::input(&self.path, Place::Key(name.to_owned()), "an entry of that name", error.to_string())
        })?;
        // Never more than was declared and checked, whatever the compressed stream says.
        let declared = entry.size();
        let mut bytes = Vec::with_capacity(declared as usize);
        entry.by_ref().take(declared).read_to_end(&mut bytes).map_err(|error| {
            Error::input(&self.path, Place::Key(name.to_owned()), "a readable entry", error.to_string())
        })?;
        Ok(bytes)
    }

    /// Whether there is such an entry.
    pub fn has(&self, name: &str) -> bool {
        self.zip.index_for_name(&format!("{}{name}", self.root)).is_some()
    }

    /// An [`Error::Input`] about an entry of this archive.
    pub fn wrong(&self, entry: &str, expected: impl Into<String>, found: impl Into<String>) -> Error {
        Error::input(&self.path, Place::Key(entry.to_owned()), expected, found)
    }

    fn check(&mut self, length: u64) -> Result<()> {
        let wrong = |name: &str, expected: &str, found: String| {
            Error::input(&self.path, Place::Key(name.to_owned()), expected, found)
        };
        if self.zip.is_empty() || self.zip.len() > MAX_ENTRIES {
            return Err(wrong("", "between 1 and 20000 entries", self.zip.len().to_string()));
        }
        let mut names = BTreeSet::new();
        let (mut stored, mut inflated) = (0_u64, 0_u64);
        for index in 0..self.zip.len() {
            let entry = self.zip.by_index_raw(index).map_err(|error| {
                Error::input(&self.path, Place::Whole, "a whole zip archive", format!("entry {index}: {error}"))
            })?;
            let name = entry.name().to_owned();
            if entry.enclosed_name().is_none() || name.contains('\\') || entry.is_symlink() {
                return Err(wrong(&name, "a path inside the archive", "one that leads out of it".to_owned()));
            }
            if entry.compression() == CompressionMethod::Stored {
                stored = stored.saturating_add(entry.size());
                if entry.size() != entry.compressed_size() || stored > length {
                    return Err(wrong(
                        &name,
                        &format!("entries of {length} bytes in all"),
                        format!("{stored} and more"),
                    ));
                }
            } else {
                inflated = inflated.saturating_add(entry.size());
                if inflated > MAX_INFLATED {
                    let expected = format!("compressed entries that unpack to {MAX_INFLATED} bytes at most");
                    return Err(wrong(&name, &expected, format!("{inflated} and more")));
                }
            }
            if !names.insert(name.clone()) {
                return Err(wrong(&name, "each entry once", "it is listed twice".to_owned()));
            }
        }
        self.names = names;
        Ok(())
    }

    fn classify(&mut self) -> Result<()> {
        let roots: BTreeSet<&str> = self.names.iter().filter_map(|n| n.split_once('/')).map(|(r, _)| r).collect();
        let root = match roots.iter().collect::<Vec<_>>()[..] {
            [root] => format!("{root}/"),
            ref many => {
                let found = format!("{} of them", many.len());
                return Err(Error::input(&self.path, Place::Whole, "one root folder", found));
            }
        };
        self.root = root;
        self.kind = if self.has("models/model.json") {
            Kind::ExportedProgram
        } else if self.has("constants.pkl") && self.has("data.pkl") {
            Kind::TorchScript
        } else if self.has("data.pkl") {
            Kind::StateDict
        } else {
            return Err(Error::input(
                &self.path,
                Place::Whole,
                "models/model.json (torch.export), constants.pkl (TorchScript) or data.pkl (a state dict)",
                "none of them",
            ));
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::write::SimpleFileOptions;

    fn write(entries: &[(&str, &[u8], CompressionMethod)]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut zip = zip::ZipWriter::new(file.reopen().unwrap());
        for (name, bytes, method) in entries {
            zip.start_file(*name, SimpleFileOptions::default().compression_method(*method)).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
        file
    }

    fn message(entries: &[(&str, &[u8], CompressionMethod)]) -> String {
        Archive::open(write(entries).path()).unwrap_err().to_string()
    }

    const STORED: CompressionMethod = CompressionMethod::Stored;

    #[test]
    fn an_archive_is_known_by_its_entries() {
        let file = write(&[("p/models/model.json", b"{}", STORED), ("p/version", b"3", STORED)]);
        let mut archive = Archive::open(file.path()).unwrap();
        assert_eq!(archive.kind(), Kind::ExportedProgram);
        assert_eq!(archive.read("models/model.json").unwrap(), b"{}");
        assert!(!archive.has("constants.pkl"));
        let script = write(&[("p/data.pkl", b"", STORED), ("p/constants.pkl", b"", STORED)]);
        assert_eq!(Archive::open(script.path()).unwrap().kind(), Kind::TorchScript);
    }

    #[test]
    fn a_zip_bomb_is_refused_by_what_it_would_unpack_to() {
        let zeros = vec![0; 65 << 20];
        let m = message(&[("p/models/model.json", &zeros, CompressionMethod::Deflated)]);
        assert!(m.contains("`p/models/model.json`: expected compressed entries that unpack to 67108864 bytes"), "{m}");
    }

    #[test]
    fn a_path_that_leads_out_is_refused() {
        let m = message(&[("p/../../etc/passwd", b"x", STORED)]);
        assert!(m.contains("one that leads out of it"), "{m}");
    }

    #[test]
    fn a_truncated_archive_is_an_error_at_every_length() {
        let file = write(&[("p/models/model.json", &[7; 5000], STORED)]);
        let bytes = std::fs::read(file.path()).unwrap();
        for cut in (0..bytes.len()).step_by(97) {
            let short = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(short.path(), &bytes[..cut]).unwrap();
            assert!(Archive::open(short.path()).is_err(), "cut at {cut}");
        }
    }
}
