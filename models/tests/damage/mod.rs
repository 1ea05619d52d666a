//! Damaged files for the tests of readers: bytes changed at random, archives that are packed again around the damage.

use std::io::{Cursor, Read, Seek, Write};

/// The words of libtorch's internal checks and of its stack traces, which say nothing to whoever handed in a file.
pub(crate) const FOREIGN: [&str; 4] = ["INTERNAL ASSERT", "report a bug", "Exception raised from", "frame #"];

/// xorshift64*: the same cases in every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// Flips, overwrites, removes, repeats or swaps bytes, or does what `own` does at a place, up to `most` + 1 times.
    pub(crate) fn mutate(&mut self, bytes: &mut Vec<u8>, most: usize, own: fn(&mut Random, &mut [u8], usize)) {
        for _ in 0..=self.below(most) {
            if bytes.is_empty() {
                return;
            }
            let at = self.below(bytes.len());
            let end = (at + 1 + self.below(12)).min(bytes.len());
            match self.below(6) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = self.next() as u8,
                2 => drop(bytes.drain(at..end)),
                3 => {
                    let piece = bytes[at..end].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, piece);
                }
                4 => {
                    let other = self.below(bytes.len());
                    bytes.swap(at, other);
                }
                _ => own(self, bytes, at),
            }
        }
    }
}

/// The names and contents of an archive, in order.
pub(crate) type Entries = Vec<(String, Vec<u8>)>;

/// Unpacks an archive.
pub(crate) fn entries(zip: impl Read + Seek) -> Entries {
    let mut archive = zip::ZipArchive::new(zip).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.name().to_owned(), bytes)
        })
        .collect()
}

/// Packs an archive with right checksums, so that the damage reaches the reader of the entry.
pub(crate) fn packed(entries: &Entries) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in entries {
        zip.start_file(name.as_str(), stored).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
