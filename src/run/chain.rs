//! The chain of hashes through `events.jsonl`: each line ends with `"chain"`, the SHA-256 of the line before's and of its own
//! other bytes. The first line's is of `run.json`, so that the manifest is held as well.
//!
//! What is edited, cut out, repeated or moved then shows: the line after it does not follow any more. A chain has no secret:
//! whoever computes all hashes again, or cuts lines off the end, is found only by a head that was signed or published before
//! ([`crate::verify`]).
//!
//! Runs of earlier versions have no chain. When one goes on, its chain begins with a hash of all that was there before.

use sha2::{Digest, Sha256};

/// What stands between a line's own bytes and its hash.
const KEY: &str = ",\"chain\":\"";

/// Hexadecimal digits of a hash.
const DIGITS: usize = 64;

/// A place in a log: what the next line must follow from.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    /// Before the first line with a hash: the digest of everything so far. After it: that line's hash.
    head: Head,
}

#[derive(Debug, Clone)]
enum Head {
    Before(Sha256),
    After(String),
}

/// How a line hangs on the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Link {
    /// By its hash.
    Chained,
    /// No line so far has a hash.
    Unchained,
    /// It has no hash, though a line before it has one.
    Missing,
    /// Its hash is not that of what stands there.
    Wrong,
}

impl Chain {
    /// The beginning of a run with this `run.json`.
    pub(crate) fn begin(manifest: &[u8]) -> Chain {
        Chain { head: Head::Before(Sha256::new_with_prefix(manifest)) }
    }

    /// Takes a line of a log in, with or without its newline. After a wrong one the chain goes on from the hash that it states:
    /// one edited line is one wrong line.
    pub(crate) fn take(&mut self, line: &[u8]) -> Link {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        match (parts(line), &mut self.head) {
            (None, Head::Before(digest)) => {
                digest.update(line);
                digest.update(b"\n");
                Link::Unchained
            }
            (None, Head::After(_)) => Link::Missing,
            (Some((body, stated)), _) => {
                let right = self.hash(body) == stated;
                self.head = Head::After(stated.to_owned());
                if right { Link::Chained } else { Link::Wrong }
            }
        }
    }

    /// The line, with its newline, that holds `event` (a JSON object), and the place after it.
    pub(crate) fn seal(&self, event: &[u8]) -> (Vec<u8>, Chain) {
        let body = event.strip_suffix(b"}").unwrap_or(event);
        let hash = self.hash(body);
        let mut line = body.to_vec();
        line.extend_from_slice(KEY.as_bytes());
        line.extend_from_slice(hash.as_bytes());
        line.extend_from_slice(b"\"}\n");
        (line, Chain { head: Head::After(hash) })
    }

    /// Whether `line` follows from this place.
    pub(crate) fn leads_to(&self, line: &[u8]) -> bool {
        parts(line.strip_suffix(b"\n").unwrap_or(line)).is_some_and(|(body, stated)| self.hash(body) == stated)
    }

    /// The hash of the last line that has one; `None` before the first.
    pub(crate) fn head(&self) -> Option<&str> {
        match &self.head {
            Head::Before(_) => None,
            Head::After(hash) => Some(hash),
        }
    }

    /// Whether a hash was taken in.
    pub(crate) fn after(hash: &str) -> Chain {
        Chain { head: Head::After(hash.to_owned()) }
    }

    fn hash(&self, body: &[u8]) -> String {
        let before = match &self.head {
            Head::Before(digest) => hex(digest.clone()),
            Head::After(hash) => hash.clone(),
        };
        let mut digest = Sha256::new_with_prefix(before);
        digest.update(b"\n");
        digest.update(body);
        hex(digest)
    }
}

/// A line's hash, as it states it.
pub(crate) fn stated(line: &[u8]) -> Option<&str> {
    parts(line.strip_suffix(b"\n").unwrap_or(line)).map(|(_, hash)| hash)
}

/// The line without its hash, as a JSON object.
pub(crate) fn unsealed(line: &[u8]) -> Vec<u8> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    match parts(line) {
        Some((body, _)) => [body, b"}"].concat(),
        None => line.to_vec(),
    }
}

/// A line's own bytes, up to its hash, and the hash.
fn parts(line: &[u8]) -> Option<(&[u8], &str)> {
    let rest = line.strip_suffix(b"\"}")?;
    let (rest, hash) = rest.split_at_checked(rest.len().checked_sub(DIGITS)?)?;
    let body = rest.strip_suffix(KEY.as_bytes())?;
    let hash = std::str::from_utf8(hash).ok()?;
    let hexadecimal = hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    hexadecimal.then_some((body, hash))
}

fn hex(digest: Sha256) -> String {
    digest.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(n: usize) -> Vec<Vec<u8>> {
        let mut chain = Chain::begin(b"{}");
        (0..n)
            .map(|i| {
                let (line, next) = chain.seal(format!("{{\"at\":{i}}}").as_bytes());
                chain = next;
                line
            })
            .collect()
    }

    fn links(manifest: &[u8], lines: &[Vec<u8>]) -> Vec<Link> {
        let mut chain = Chain::begin(manifest);
        lines.iter().map(|line| chain.take(line)).collect()
    }

    #[test]
    fn a_line_stays_json_and_can_be_unsealed() {
        let line = &lines(1)[0];
        let value: serde_json::Value = serde_json::from_slice(line).unwrap();
        assert_eq!((value["at"].as_i64(), value["chain"].as_str()), (Some(0), stated(line)));
        assert_eq!(unsealed(line), b"{\"at\":0}");
        assert_eq!(unsealed(b"{\"at\":0}\n"), b"{\"at\":0}");
    }

    #[test]
    fn what_is_done_to_a_log_shows() {
        use Link::{Chained, Missing, Wrong};
        let log = lines(4);
        assert_eq!(links(b"{}", &log), vec![Chained; 4]);
        assert_eq!(links(b"{} ", &log)[0], Wrong);
        let mut edited = log.clone();
        edited[1] = String::from_utf8(edited[1].clone()).unwrap().replace("\"at\":1", "\"at\":7").into_bytes();
        assert_eq!(links(b"{}", &edited), [Chained, Wrong, Chained, Chained]);
        let mut cut = log.clone();
        cut.remove(1);
        assert_eq!(links(b"{}", &cut), [Chained, Wrong, Chained]);
        let mut doubled = log.clone();
        doubled.insert(1, log[0].clone());
        assert_eq!(links(b"{}", &doubled)[1], Wrong);
        let mut moved = log.clone();
        moved.swap(1, 2);
        assert_eq!(links(b"{}", &moved), [Chained, Wrong, Wrong, Wrong]);
        let mut bare = log.clone();
        bare[2] = b"{\"at\":2}\n".to_vec();
        assert_eq!(links(b"{}", &bare), [Chained, Chained, Missing, Wrong]);
    }

    #[test]
    fn a_run_without_a_chain_goes_on_with_one_that_holds_what_was_there() {
        let old = [b"{\"at\":0}\n".to_vec(), b"{\"at\":1}\n".to_vec()];
        let mut chain = Chain::begin(b"{}");
        assert!(old.iter().all(|line| chain.take(line) == Link::Unchained));
        assert_eq!(chain.head(), None);
        let (new, _) = chain.seal(b"{\"at\":2}");
        let log = [&old[..], &[new]].concat();
        assert_eq!(links(b"{}", &log)[2], Link::Chained);
        let mut edited = log.clone();
        edited[0] = b"{\"at\":9}\n".to_vec();
        assert_eq!(links(b"{}", &edited)[2], Link::Wrong);
    }
}
