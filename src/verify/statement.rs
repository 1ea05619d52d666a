//! What a signature is made on: the hashes of a run's files, in the format of `sha256sum`, below a line with the log's length
//! and head.
//!
//! `sha256sum --check statement.txt` works on it, and so does `ssh-keygen -Y verify` with the signature beside it.

use std::fmt::Write;
use std::path::Path;

use crate::error::{Error, Result};
use crate::run::chain::{Chain, stated};
use crate::run::{EVENTS, GRAPHS, MANIFEST};
use crate::util::input::Kind;
use crate::util::{input, sha256};
use crate::verify::finding::Discrepancy;
use crate::verify::verified::Verified;

/// The statement's file in a run directory.
pub const STATEMENT: &str = "statement.txt";

/// How a statement begins.
const TITLE: &str = "# esr-bench run, format 1: ";

/// The statement on the run in `dir` as it is now.
pub fn of(dir: &Path) -> Result<String> {
    let manifest = input::read(&dir.join(MANIFEST), Kind::Manifest)?;
    let events = input::read(&dir.join(EVENTS), Kind::Events)?;
    let mut text = title(&manifest, &events);
    let _ = writeln!(text, "{}  {MANIFEST}\n{}  {EVENTS}", sha256(&manifest), sha256(&events));
    for name in graphs(dir)? {
        let hash = input::sha256_of(&dir.join(GRAPHS).join(&name), Kind::Graph)?;
        let _ = writeln!(text, "{hash}  {GRAPHS}/{name}");
    }
    Ok(text)
}

fn title(manifest: &[u8], events: &[u8]) -> String {
    let mut chain = Chain::begin(manifest);
    let mut lines = 0;
    for line in events.split_inclusive(|&b| b == b'\n') {
        chain.take(line);
        lines += 1;
    }
    format!("{TITLE}{lines} events, head {}\n", chain.head().unwrap_or("none"))
}

/// Names in their order; one that `sha256sum` would have to escape is left out, as no submission may be called so.
fn graphs(dir: &Path) -> Result<Vec<String>> {
    let folder = dir.join(GRAPHS);
    let mut names = Vec::new();
    for file in std::fs::read_dir(&folder).map_err(Error::io("read", &folder))? {
        let file = file.map_err(Error::io("read", &folder))?;
        names.extend(
            file.file_name()
                .into_string()
                .ok()
                .filter(|name| name.ends_with(".json") && !name.contains(['\\', '\n', '\r'])),
        );
    }
    names.sort();
    Ok(names)
}

/// Whether the statement in `dir`, if there is one, fits the run. The log may have grown since: what was stated must still be
/// its beginning.
pub(super) fn check(dir: &Path, manifest: &[u8], events: &[u8], verified: &mut Verified) -> Result<()> {
    let path = dir.join(STATEMENT);
    let text = match input::read_text(&path, Kind::Manifest) {
        Ok(text) => text,
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut wrong = |why: String| verified.findings.push(Discrepancy::Statement { why });
    if text == of(dir)? {
        return Ok(());
    }
    let first = text.lines().next().and_then(|line| line.strip_prefix(TITLE)?.split_once(" events, head "));
    let Some((lines, head)) = first.and_then(|(lines, head)| Some((lines.parse::<usize>().ok()?, head))) else {
        wrong("its first line is not one of a statement".to_owned());
        return Ok(());
    };
    if hash_of(&text, MANIFEST) != Some(sha256(manifest).as_str()) {
        wrong(format!("{MANIFEST} is another one"));
    }
    let all: Vec<&[u8]> = events.split_inclusive(|&b| b == b'\n').collect();
    if all.len() < lines {
        wrong(format!("it was made on {lines} events, {} are there: the end was cut off", all.len()));
        return Ok(());
    }
    let before = all[..lines].concat();
    if hash_of(&text, EVENTS) != Some(sha256(&before).as_str()) {
        wrong(format!("the first {lines} events are not those that it was made on"));
    } else if head != all[..lines].last().and_then(|line| stated(line)).unwrap_or("none") {
        wrong("its head is not that of the log".to_owned());
    } else if all.len() > lines {
        verified.notes.push(format!("the statement was made on the first {lines} of {} events", all.len()));
    }
    for name in graphs(dir)? {
        let name = format!("{GRAPHS}/{name}");
        if let Some(hash) = hash_of(&text, &name)
            && hash != input::sha256_of(&dir.join(&name), Kind::Graph)?
        {
            verified.findings.push(Discrepancy::Statement { why: format!("{name} is another one") });
        }
    }
    Ok(())
}

fn hash_of<'a>(statement: &'a str, name: &str) -> Option<&'a str> {
    statement.lines().filter_map(|line| line.split_once("  ")).find(|(_, file)| *file == name).map(|(hash, _)| hash)
}
