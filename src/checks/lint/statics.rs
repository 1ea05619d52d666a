//! What can be told of a submission without running it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::checks::lint::finding::{Check, Finding};
use crate::protocol::Network;
use crate::submission::archive::{Archive, Kind};
use crate::submission::inside;
use crate::submission::name::{NAMES, check_name};
use crate::submission::{MANIFEST, Manifest, Submission};
use crate::util::input;
use crate::util::toml_file;

/// A submission as it lies on the disk.
#[derive(Debug)]
pub(super) struct Still {
    pub(super) folder: PathBuf,
    /// If the manifest can be read.
    pub(super) submission: Option<Submission>,
    /// LR sizes that a program is bound to, as the manifest tells them; empty: any.
    pub(super) sizes: Vec<[u32; 2]>,
    /// What it is made of: SHA-256 by file.
    hashes: Vec<(PathBuf, String)>,
    pub(super) findings: Vec<Finding>,
}

impl Still {
    /// Reads a submission's folder.
    pub(super) fn read(folder: PathBuf) -> Still {
        let mut still = Still { folder, submission: None, sizes: Vec::new(), hashes: Vec::new(), findings: Vec::new() };
        match manifest(&still.folder) {
            Ok((manifest, submission)) => {
                still.findings.push(Finding::pass(Check::Manifest));
                let program = manifest.program.iter().flat_map(|program| &program.files);
                still.sizes = program.filter_map(|file| file.size).collect();
                still.look(&submission);
                still.submission = Some(submission);
            }
            Err(error) => still.findings.push(Finding::fail(Check::Manifest, error)),
        }
        still
    }

    fn look(&mut self, submission: &Submission) {
        let files = inside::files(&submission.network);
        let inside = files.iter().try_for_each(|file| self.inside(file));
        let there = inside.is_ok();
        self.findings.push(Finding::of(Check::Files, inside));
        if !there {
            let skip = |check| Finding::skip(check, "the files are not all there");
            self.findings.extend([Check::Archive, Check::Hash, Check::Original].map(skip));
            return;
        }
        self.findings.push(archives(submission, &files));
        let hash = self.hash(submission, &files);
        self.findings.push(hash);
    }

    /// A file of this folder, also once every link in its path is followed.
    fn inside(&self, file: &Path) -> Result<(), String> {
        inside::by_links(&self.folder, file).map_err(|error| error.to_string())
    }

    fn hash(&mut self, submission: &Submission, files: &[PathBuf]) -> Finding {
        let mut wrong = Vec::new();
        for file in files {
            let found = match input::sha256_of(file, input::Kind::Weights) {
                Ok(found) => found,
                Err(error) => {
                    wrong.push(error.to_string());
                    continue;
                }
            };
            if let Some((_, stated)) = submission.stated_hashes.iter().find(|(path, _)| path == file)
                && !stated.eq_ignore_ascii_case(&found)
            {
                wrong.push(format!("{}: expected the SHA-256 {stated}, found {found}", name(file)));
            }
            self.hashes.push((file.clone(), found));
        }
        if !wrong.is_empty() {
            return Finding::fail(Check::Hash, wrong.join("; "));
        }
        let unstated: Vec<String> = files
            .iter()
            .filter(|file| !submission.stated_hashes.iter().any(|(path, _)| path == *file))
            .map(|file| name(file))
            .collect();
        match unstated.is_empty() {
            true => Finding::pass(Check::Hash),
            false => Finding::skip(Check::Hash, format!("the manifest states none of {}", unstated.join(", "))),
        }
    }
}

/// Compares every entry's files with every other's.
pub(super) fn find_copies(all: &mut [Still]) {
    let mut owners: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, still) in all.iter().enumerate() {
        for (_, hash) in &still.hashes {
            let of_hash = owners.entry(hash.clone()).or_default();
            if !of_hash.contains(&at) {
                of_hash.push(at);
            }
        }
    }
    let folders: Vec<String> = all.iter().map(|still| still.folder.display().to_string()).collect();
    for (at, still) in all.iter_mut().enumerate() {
        if still.hashes.is_empty() {
            continue;
        }
        let copy = still.hashes.iter().find_map(|(file, hash)| {
            let other = owners.get(hash)?.iter().find(|owner| **owner != at)?;
            Some(format!("{} is also in {}", name(file), folders[*other]))
        });
        still.findings.push(Finding::of(Check::Original, copy.map_or(Ok(()), Err)));
    }
}

fn manifest(folder: &Path) -> Result<(Manifest, Submission), String> {
    let path = folder.join(MANIFEST);
    let manifest: Manifest = toml_file::read(&path).map_err(|e| e.to_string())?;
    let submission = Submission::read(folder).map_err(|e| e.to_string())?;
    check_name(&submission.name)
        .map_err(|found| format!("{}: `name`: expected {NAMES}, found {found}", path.display()))?;
    Ok((manifest, submission))
}

/// Weights may come as something else than an archive: their reader holds those to their own limits.
fn archives(submission: &Submission, files: &[PathBuf]) -> Finding {
    let program = matches!(submission.network, Network::Program { .. });
    let archives: Vec<&PathBuf> = files.iter().filter(|file| program || is_zip(file)).collect();
    if archives.is_empty() {
        return Finding::skip(Check::Archive, "no archive among the files");
    }
    let check = |file: &PathBuf| match Archive::open(file) {
        Ok(archive) if program && archive.kind() == Kind::StateDict => {
            Err(format!("{}: expected a program (torch.export or TorchScript), found a state dict", file.display()))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    };
    Finding::of(Check::Archive, archives.into_iter().try_for_each(check))
}

fn is_zip(file: &Path) -> bool {
    use std::io::Read;
    let mut magic = [0; 4];
    input::open(file, input::Kind::Weights).is_ok_and(|mut f| f.read_exact(&mut magic).is_ok())
        && &magic == b"PK\x03\x04"
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned()
}
