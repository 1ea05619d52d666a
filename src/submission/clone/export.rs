//! A network of a repository as a program, by the exporter in a process of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::Result;
use crate::protocol::ModelId;
use crate::submission::clone::folder::Draft;
use crate::submission::clone::reader::Repository;
use crate::submission::manifest::{MANIFEST, Manifest};
use crate::util::toml_file;
use crate::worker_process::{Limits, Python, limited};

/// Ways that the exporter tries, one after the other.
const WAYS: u32 = 3;

/// Seconds for PyTorch's start, for building the network and for comparing outputs.
const BESIDES: Duration = Duration::from_secs(180);

/// What an export may cost.
#[derive(Debug, Clone)]
pub struct Export {
    /// Seconds for each way that the exporter tries.
    pub way_s: u64,
    /// Resident bytes.
    pub memory: Option<u64>,
    /// Folders of LR images: archives that are bound to one size are made for theirs.
    pub sizes: Vec<PathBuf>,
}

impl Default for Export {
    fn default() -> Export {
        Export { way_s: 300, memory: Some(8 << 30), sizes: Vec::new() }
    }
}

/// Exports into the draft's folder. The result is the exporter's manifest and its word on what came out, or, as the inner error,
/// why nothing did.
pub(super) fn export(
    python: &Python,
    repository: &Repository,
    id: &ModelId,
    draft: &Draft,
    export: &Export,
) -> Result<Result<(Manifest, String), String>> {
    let folder = draft.path();
    let forward = Duration::from_secs(export.way_s).saturating_mul(WAYS).saturating_add(BESIDES);
    let mut launch = python.module("esr_torch.export", Limits { forward, memory: export.memory, ..Limits::default() });
    launch.args.push(repository.root.clone().into());
    let options =
        [format!("--call={}", repository.call), format!("--model-id={id}"), format!("--time-limit={}", export.way_s)];
    launch.args.extend(options.map(Into::into));
    for sizes in &export.sizes {
        launch.args.extend(["--sizes".into(), absolute(sizes).into()]);
    }
    launch.args.extend(["-o".into(), absolute(&folder).into()]);
    let ran = match limited::run(&launch, "the export") {
        Ok(ran) => ran,
        Err(failure) => return Ok(Err(failure.to_string())),
    };
    // A line for each way that was tried; remarks of the code stand among them.
    let ways: Vec<&str> = ran.stdout.lines().filter(|line| !line.starts_with("wrote ")).collect();
    if !ran.succeeded() {
        let last = ran.last_words();
        return Ok(Err(match ways.is_empty() {
            true => last.trim_start_matches("esr-export: ").to_owned(),
            false => ways.join("; "),
        }));
    }
    let manifest: Manifest = toml_file::read(&folder.join(MANIFEST))?;
    Ok(Ok((manifest, ways.last().copied().unwrap_or_default().to_owned())))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}
