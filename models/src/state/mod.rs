//! Reads state dicts without executing anything.
//! This room may use [`crate::vars`] alone.
//!
//! A `.pth` file is a pickle, and a pickle is a program, which `torch.load` runs. This reader interprets the few
//! instructions that data need. It knows the calls that rebuild tensors by name ([`rebuild`]) and refuses all others, so
//! nothing in a file can run. Zip archives (torch 1.6 and later), the sequence of pickles of older versions, and
//! safetensors are recognised by their content, not by their name.

mod checkpoint;
mod error;
mod found;
mod heap;
mod layout;
mod legacy;
mod nesting;
mod pickle;
mod rebuild;
mod safetensors;
mod tensors;
mod zip;

use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::vars::StateDict;
pub use checkpoint::CHECKPOINT_KEYS;
pub use error::Error;
use error::Fault;
pub use found::MAX_BYTES;
pub use layout::Layout;
pub use nesting::check_nesting;

/// A state dict, and how it was stored in its file.
#[derive(Debug)]
pub struct State {
    /// The tensors by key, contiguous, on the CPU, each in the element type of the file.
    pub dict: StateDict,
    /// The kind of file.
    pub format: Format,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// What the reader ignored or removed to get the tensors, one sentence each: nesting, prefixes, other contents.
    pub notes: Vec<String>,
}

/// How a file packs tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A zip archive with a pickle and one entry for each storage: torch 1.6 and later.
    Zip,
    /// Pickles and storages in sequence: torch before 1.6.
    Legacy,
    /// safetensors.
    Safetensors,
}

/// Reads the tensors of a file; [`open`] gives more than the tensors.
pub fn read(file: &Path) -> Result<StateDict, Error> {
    Ok(open(file)?.dict)
}

/// Reads a file, whatever its format.
pub fn open(file: &Path) -> Result<State, Error> {
    let io = |source| Error::Io { file: file.to_path_buf(), source };
    // The harness refuses what is no regular file before it asks for it; whoever uses this library alone is told here.
    let metadata = std::fs::metadata(file).map_err(io)?;
    if !metadata.is_file() {
        return Err(Fault::bad("", "a regular file", "a folder, a pipe or a device").of(file));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(file).and_then(|f| f.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(io)?;
    if bytes.len() as u64 > MAX_BYTES {
        let size = metadata.len();
        return Err(Fault::bad("", format!("at most {MAX_BYTES} bytes"), format!("{size} bytes")).of(file));
    }
    parse(file, &bytes)
}

/// As [`open`], from bytes; `file` is for messages.
pub fn parse(file: &Path, bytes: &[u8]) -> Result<State, Error> {
    state(bytes).map_err(|fault| fault.of(file))
}

fn state(bytes: &[u8]) -> Result<State, Fault> {
    let (format, mut found) = match Sniffed::of(bytes)? {
        Sniffed::Zip => (Format::Zip, zip::read(bytes)?),
        Sniffed::Pickle => (Format::Legacy, legacy::read(bytes)?),
        Sniffed::Safetensors => (Format::Safetensors, safetensors::read(bytes)?),
    };
    found.strip_prefixes();
    let sha256 = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
    Ok(State { dict: found.tensors.into_iter().collect(), format, sha256, notes: found.notes })
}

/// The kind of a file, by its first bytes.
enum Sniffed {
    Zip,
    Pickle,
    Safetensors,
}

impl Sniffed {
    fn of(bytes: &[u8]) -> Result<Sniffed, Fault> {
        let unknown = |what: &str| Err(Fault::bad("", "a state dict (.pth, .pt or .safetensors)", what));
        let start = &bytes[..bytes.len().min(512)];
        match start {
            [] => unknown("an empty file"),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Ok(Sniffed::Zip),
            [0x80, 1..=5, ..] => Ok(Sniffed::Pickle),
            [_, _, _, _, _, _, 0, 0, b'{', ..] => Ok(Sniffed::Safetensors),
            _ if start.starts_with(b"version https://git-lfs") => {
                unknown("a Git LFS pointer: the file itself was not downloaded (`git lfs pull`)")
            }
            _ if start.trim_ascii_start().first() == Some(&b'<') => unknown("a web page: the download failed"),
            _ if start.len() == 512 && &start[257..262] == b"ustar" => {
                unknown("a tar archive: torch before 0.2 wrote those; load and save it again with a newer torch")
            }
            [0x89, b'H', b'D', b'F', ..] => unknown("an HDF5 file"),
            _ => unknown(&format!("bytes that begin {:02x?}", &start[..start.len().min(8)])),
        }
    }
}
