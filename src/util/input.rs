//! The one place that opens what a user names: regular files of a stated size, or standard input under the name `-`.
//!
//! What is opened is checked, not what has the name at some other moment: the file is opened without waiting (a named pipe
//! would wait for its writer for ever), and its kind and its size are those of the open file.

use std::fs::{File, FileType};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use sha2::{Digest, Sha256};

use crate::error::{Error, Place, Result};
use crate::util::hash::hex;

/// Flags for opening: without waiting for a writer, and so that a terminal that is opened by mistake does not become the one
/// that controls this process.
const WITHOUT_WAITING: i32 = OFlags::NONBLOCK.union(OFlags::NOCTTY).bits() as i32;

/// The name under which standard input can be read where a file of text is expected.
pub const STDIN: &str = "-";

/// What kind of input a file is: the limits of all readers stand here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A table of measurements. A row takes about 200 bytes: half a million of them fit.
    Table,
    /// Per-image results and samples of timings.
    Results,
    /// A submission's manifest, rules, a card.
    Toml,
    /// The graph of a network.
    Graph,
    /// The manifest of a run, which lists its images and submissions.
    Manifest,
    /// The log of a run.
    Events,
    /// An image. The largest that is read has 2^28 pixels of 3 bytes.
    Image,
    /// Weights or a program.
    Weights,
}

impl Kind {
    /// The most bytes that such an input may have.
    pub const fn limit(self) -> u64 {
        match self {
            Kind::Toml => 1 << 20,
            Kind::Manifest => 64 << 20,
            Kind::Table => 128 << 20,
            Kind::Results | Kind::Graph => 256 << 20,
            Kind::Image | Kind::Events => 1 << 30,
            Kind::Weights => 2 << 30,
        }
    }

    /// What a message calls it.
    const fn name(self) -> &'static str {
        match self {
            Kind::Table => "a table",
            Kind::Results => "per-image results",
            Kind::Toml => "TOML",
            Kind::Graph => "a graph",
            Kind::Manifest => "the manifest of a run",
            Kind::Events => "the events of a run",
            Kind::Image => "an image",
            Kind::Weights => "weights or a program",
        }
    }

    /// Whether `-` means standard input. A file of that name is `./-`.
    const fn may_be_stdin(self) -> bool {
        matches!(self, Kind::Table | Kind::Results)
    }

    fn expected(self) -> String {
        format!("a regular file of at most {} MiB ({})", self.limit() >> 20, self.name())
    }
}

/// Opens a regular file that is not larger than its kind may be.
///
/// # Errors
/// An [`Error::Input`] for anything else: a folder, a pipe, a socket, a device, a file that is too large.
pub fn open(path: &Path, kind: Kind) -> Result<File> {
    let wrong = |found: &str| Error::input(path, Place::Whole, kind.expected(), found);
    let opened = File::options().read(true).custom_flags(WITHOUT_WAITING).open(path);
    let file = match opened {
        Ok(file) => file,
        // What sockets and devices without a driver answer.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
            return Err(wrong("a socket or a device"));
        }
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    let metadata = file.metadata().map_err(Error::io("read", path))?;
    if !metadata.is_file() {
        return Err(wrong(&special(metadata.file_type(), kind)));
    }
    if metadata.len() > kind.limit() {
        return Err(wrong(&bytes(metadata.len())));
    }
    Ok(file)
}

/// Reads a file, or standard input where its kind may come from there.
///
/// # Errors
/// As [`open`]; a file that grows beyond its limit meanwhile is refused as well.
pub fn read(path: &Path, kind: Kind) -> Result<Vec<u8>> {
    if kind.may_be_stdin() && path.as_os_str() == STDIN {
        return bounded(std::io::stdin().lock(), Path::new("standard input"), kind, 0);
    }
    let file = open(path, kind)?;
    let size = file.metadata().map_or(0, |m| m.len());
    bounded(file, path, kind, size)
}

/// As [`read`], for text.
pub fn read_text(path: &Path, kind: Kind) -> Result<String> {
    String::from_utf8(read(path, kind)?).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|&&b| b == b'\n').count();
        Error::input(path, Place::Line(line), "text in UTF-8", "bytes that are not UTF-8")
    })
}

/// SHA-256 of a file, hexadecimal, without holding the file in memory.
pub fn sha256_of(path: &Path, kind: Kind) -> Result<String> {
    let mut file = open(path, kind)?.take(kind.limit() + 1);
    let mut digest = Sha256::new();
    let mut size = 0_u64;
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece).map_err(Error::io("read", path))? {
            0 => break,
            n => {
                digest.update(&piece[..n]);
                size += n as u64;
            }
        }
    }
    if size > kind.limit() {
        return Err(Error::input(path, Place::Whole, kind.expected(), bytes(size)));
    }
    Ok(hex(&digest.finalize()))
}

fn bounded(source: impl Read, path: &Path, kind: Kind, size: u64) -> Result<Vec<u8>> {
    let mut all = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    source.take(kind.limit() + 1).read_to_end(&mut all).map_err(Error::io("read", path))?;
    if all.len() as u64 > kind.limit() {
        let found = format!("more than {}", bytes(kind.limit()));
        return Err(Error::input(path, Place::Whole, kind.expected(), found));
    }
    Ok(all)
}

fn bytes(size: u64) -> String {
    format!("{size} bytes")
}

fn special(found: FileType, kind: Kind) -> String {
    let pipe = if kind.may_be_stdin() { "a pipe (`-` reads standard input)" } else { "a pipe" };
    let name = match found {
        f if f.is_dir() => "a folder",
        f if f.is_fifo() => pipe,
        f if f.is_char_device() || f.is_block_device() => "a device",
        f if f.is_socket() => "a socket",
        _ => "another kind of file",
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(path: &Path, kind: Kind) -> String {
        let error = read(path, kind).unwrap_err();
        assert_eq!(error.exit_code(), crate::exit::BAD_INPUT, "{error}");
        error.to_string()
    }

    #[test]
    fn a_regular_file_is_read_and_hashed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "team\n").unwrap();
        assert_eq!(read(&path, Kind::Table).unwrap(), b"team\n");
        assert_eq!(sha256_of(&path, Kind::Table).unwrap(), crate::util::sha256(b"team\n"));
        let link = folder.path().join("link.csv");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(read_text(&link, Kind::Table).unwrap(), "team\n");
    }

    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let of = |path: &Path| message(path, Kind::Toml).replace(&folder.path().display().to_string(), "D");
        insta::assert_snapshot!(of(&fifo), @"D/fifo: expected a regular file of at most 1 MiB (TOML), found a pipe");
        insta::assert_snapshot!(of(&socket), @"D/socket: expected a regular file of at most 1 MiB (TOML), found a socket or a device");
        insta::assert_snapshot!(of(folder.path()), @"D: expected a regular file of at most 1 MiB (TOML), found a folder");
        insta::assert_snapshot!(of(Path::new("/dev/zero")), @"/dev/zero: expected a regular file of at most 1 MiB (TOML), found a device");
        let table = message(&fifo, Kind::Table);
        assert!(table.ends_with("found a pipe (`-` reads standard input)"), "{table}");
    }

    #[test]
    fn a_file_that_is_too_large_is_refused_unread_and_one_that_grows_while_it_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        // A hole: it takes no space.
        file.as_file().set_len(Kind::Toml.limit() + 1).unwrap();
        let m = message(file.path(), Kind::Toml);
        assert!(m.ends_with("found 1048577 bytes"), "{m}");
        file.as_file().set_len(Kind::Toml.limit()).unwrap();
        assert_eq!(read(file.path(), Kind::Toml).unwrap().len(), 1 << 20);
        let endless = bounded(std::io::repeat(b'x'), Path::new("x.toml"), Kind::Toml, 0).unwrap_err().to_string();
        assert!(endless.ends_with("found more than 1048576 bytes"), "{endless}");
    }

    #[test]
    fn text_that_is_not_utf_8_names_its_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"a = 1\n\xff").unwrap();
        let m = read_text(file.path(), Kind::Toml).unwrap_err().to_string();
        assert!(m.ends_with(":2: expected text in UTF-8, found bytes that are not UTF-8"), "{m}");
    }
}
