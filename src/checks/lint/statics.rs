//! The checks that do not run the submission.

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

/// A submission that was not run.
#[derive(Debug)]
pub(super) struct UnrunSubmission {
    pub(super) folder: PathBuf,
    /// If the manifest can be read.
    pub(super) submission: Option<Submission>,
    /// LR sizes that a program is bound to by its manifest; empty: any.
    pub(super) sizes: Vec<[u32; 2]>,
    /// What it is made of: SHA-256 by file.
    hashes: Vec<(PathBuf, String)>,
    pub(super) findings: Vec<Finding>,
}

impl UnrunSubmission {
    /// Reads a submission's folder.
    pub(super) fn read(folder: PathBuf) -> UnrunSubmission {
        let mut unrun =
            UnrunSubmission { folder, submission: None, sizes: Vec::new(), hashes: Vec::new(), findings: Vec::new() };
        match manifest(&unrun.folder) {
            Ok((manifest, submission)) => {
                unrun.findings.push(Finding::pass(Check::Manifest));
                let program = manifest.program.iter().flat_map(|program| &program.files);
                unrun.sizes = program.filter_map(|file| file.size).collect();
                unrun.look(&submission);
                unrun.submission = Some(submission);
            }
            Err(error) => unrun.findings.push(Finding::fail(Check::Manifest, error)),
        }
        unrun
    }

    fn look(&mut self, submission: &Submission) {
        let files = inside::files(&submission.network);
        let inside = files.iter().try_for_each(|file| self.inside(file));
        let there = inside.is_ok();
        self.findings.push(Finding::of(Check::Files, inside));
        if !there {
            let skip = |check| Finding::skip(check, "some files are missing");
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
            false => Finding::skip(Check::Hash, format!("the manifest gives no SHA-256 of {}", unstated.join(", "))),
        }
    }
}

/// Compares every entry's files with every other's.
pub(super) fn find_copies(all: &mut [UnrunSubmission]) {
    let mut owners: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, unrun) in all.iter().enumerate() {
        for (_, hash) in &unrun.hashes {
            let of_hash = owners.entry(hash.clone()).or_default();
            if !of_hash.contains(&at) {
                of_hash.push(at);
            }
        }
    }
    let folders: Vec<String> = all.iter().map(|unrun| unrun.folder.display().to_string()).collect();
    for (at, unrun) in all.iter_mut().enumerate() {
        if unrun.hashes.is_empty() {
            continue;
        }
        let copy = unrun.hashes.iter().find_map(|(file, hash)| {
            let other = owners.get(hash)?.iter().find(|owner| **owner != at)?;
            Some(format!("{} is also in {}", name(file), folders[*other]))
        });
        unrun.findings.push(Finding::of(Check::Original, copy.map_or(Ok(()), Err)));
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
