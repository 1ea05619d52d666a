//! The files that a run states the hashes of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::error::{Error, Result};
use crate::protocol::FileHash;
use crate::quality::Image;
use crate::run::{Event, GRAPHS, Manifest, Run, SR, Source};
use crate::util::input::Kind;
use crate::util::{input, sha256};
use crate::verify::finding::Discrepancy;
use crate::verify::log::Events;
use crate::verify::verified::Verified;

/// Graphs: the last record of each submission must be the file, and no file may be there that no event states.
pub(super) fn graphs(dir: &Path, events: &Events, verified: &mut Verified) -> Result<()> {
    let mut stated: BTreeMap<&str, &str> = BTreeMap::new();
    for (_, event) in events {
        if let Event::Graph(graph) = event {
            stated.insert(&graph.submission, &graph.sha256);
        }
    }
    for (submission, expected) in &stated {
        // A name from an edited log must not lead to another folder; such an event is a finding already.
        if submission.contains('/') || submission.starts_with('.') {
            continue;
        }
        let name = format!("{GRAPHS}/{submission}.json");
        compare(&dir.join(&name), &name, expected, Kind::Graph, true, verified)?;
    }
    let folder = dir.join(GRAPHS);
    let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut unstated: Vec<String> = files
        .filter_map(|file| file.file_name().into_string().ok())
        .filter(|name| name.strip_suffix(".json").is_some_and(|submission| !stated.contains_key(submission)))
        .collect();
    unstated.sort();
    verified
        .notes
        .extend(unstated.into_iter().map(|name| format!("{GRAPHS}/{name}: no event states it; it is not used")));
    Ok(())
}

/// Weights, programs and images, where they still lie; and whether the worker loaded what was planned.
pub(super) fn sources(manifest: &Manifest, events: &Events, verified: &mut Verified) -> Result<()> {
    let plan = &manifest.plan;
    let images = plan.images.iter().flat_map(|image| match &image.source {
        Source::File { lr, hr } => std::iter::once(lr).chain(hr).collect(),
        Source::Synthetic { .. } => Vec::new(),
    });
    let mut seen = BTreeSet::new();
    for file in plan.submissions.iter().flat_map(|planned| &planned.files).chain(images) {
        if seen.insert(&file.path) {
            let name = file.path.display().to_string();
            compare(&file.path, &name, &file.sha256, Kind::Weights, false, verified)?;
        }
    }
    for (line, event) in events {
        let Event::Loaded { submission, loaded } = event else { continue };
        let planned = plan.submissions.iter().find(|p| p.submission.name == *submission);
        let other = |file: &&FileHash| {
            planned.is_some_and(|p| p.files.iter().any(|f| f.path == file.path && f.sha256 != file.sha256))
        };
        let found = loaded.hashes.iter().filter(other);
        let finding = |file: &FileHash| Discrepancy::LoadedOther { line: *line, file: file.path.display().to_string() };
        verified.findings.extend(found.map(finding));
    }
    Ok(())
}

/// SR images that somebody kept: their pixels must have the hash of the quality pass.
pub(super) fn images(folder: &Path, run: &Run, events: &Events, verified: &mut Verified) -> Result<()> {
    let mut stated: BTreeMap<[&str; 3], &str> = BTreeMap::new();
    for (_, event) in events {
        if let Event::Quality(q) = event
            && run.manifest().plan.image(&q.split, &q.image).is_some()
        {
            stated.insert([&q.submission, &q.split, &q.image], &q.sr_sha256);
        }
    }
    let mut absent = 0;
    for ([submission, split, image], expected) in stated {
        let path = run.sr_path(submission, split, image);
        let Ok(below) = path.strip_prefix(run.dir().join(SR)) else { continue };
        let name = below.display().to_string();
        match Image::read(&folder.join(below)) {
            Ok(sr) => settle(name, expected, sha256(&sr.rgb), verified),
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => absent += 1,
            Err(error) => return Err(error),
        }
    }
    if absent > 0 {
        verified.notes.push(format!("{absent} SR images are not in {}", folder.display()));
    }
    Ok(())
}

fn compare(path: &Path, name: &str, expected: &str, kind: Kind, must: bool, verified: &mut Verified) -> Result<()> {
    match input::sha256_of(path, kind) {
        Ok(found) => settle(name.to_owned(), expected, found, verified),
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            if must {
                verified.findings.push(Discrepancy::Absent { file: name.to_owned() });
            } else {
                verified.notes.push(format!("{name}: not there any more, so that its hash could not be compared"));
            }
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

fn settle(file: String, expected: &str, found: String, verified: &mut Verified) {
    verified.files += 1;
    if !found.eq_ignore_ascii_case(expected) {
        verified.findings.push(Discrepancy::Exchanged { file, expected: expected.to_owned(), found });
    }
}
