//! A readable copy of a run whose log is damaged.

use std::path::Path;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::run::chain::unsealed;
use crate::run::{EVENTS, Event, GRAPHS, Logged, MANIFEST, Manifest, Run};
use crate::util::input::Kind;
use crate::util::{files, input, sha256};

/// The report's name in the copy.
pub const REPORT: &str = "salvaged.json";

/// What a salvage kept and lost. It is written beside the copy's log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Salvaged {
    /// SHA-256 of the log that was damaged.
    pub original_sha256: String,
    /// Events that the copy has.
    pub kept: usize,
    /// Lines that it has not.
    pub lost: Vec<Lost>,
}

/// A line that could not be kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lost {
    /// The line, counted from 1.
    pub line: usize,
    /// Its length in bytes.
    pub bytes: usize,
    /// Why.
    pub why: String,
}

/// Copies the run in `dir` to the new folder `out`: every event that can be read and is of the run's plan, without its hash,
/// as the copy is not what `measure` wrote. Nothing in `dir` is changed.
pub fn salvage(dir: &Path, out: &Path) -> Result<Salvaged> {
    let manifest_path = dir.join(MANIFEST);
    let text = input::read(&manifest_path, Kind::Manifest)?;
    let manifest = Manifest::parse(&manifest_path, &text)?;
    let log = input::read(&dir.join(EVENTS), Kind::Events)?;
    let mut run = Run::empty(dir, manifest);
    let mut copy = Vec::new();
    let mut salvaged = Salvaged { original_sha256: sha256(&log), kept: 0, lost: Vec::new() };
    std::fs::create_dir(out).map_err(Error::io("create", out))?;
    let graphs = out.join(GRAPHS);
    std::fs::create_dir(&graphs).map_err(Error::io("create", &graphs))?;
    for (index, bytes) in log.split_inclusive(|&b| b == b'\n').enumerate() {
        match kept(out, &mut run, bytes) {
            Ok(()) => {
                copy.extend(unsealed(bytes));
                copy.push(b'\n');
                salvaged.kept += 1;
            }
            Err(why) => salvaged.lost.push(Lost { line: index + 1, bytes: bytes.len(), why }),
        }
    }
    files::write(&out.join(EVENTS), &copy)?;
    let report = serde_json::to_vec_pretty(&salvaged).map_err(|e| Error::io("write", out)(e.into()))?;
    files::write(&out.join(REPORT), &report)?;
    // The manifest last: until then the copy is no run.
    files::write(&out.join(MANIFEST), &text)?;
    Ok(salvaged)
}

/// Whether a line's event goes into the copy; a graph's file goes with it.
fn kept(out: &Path, run: &mut Run, line: &[u8]) -> std::result::Result<(), String> {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Err("an empty line".to_owned());
    }
    let logged = serde_json::from_slice::<Logged>(line).map_err(|error| format!("no event: {error}"))?;
    let event = logged.event.clone();
    run.add(logged)?;
    if let Event::Graph(graph) = &event {
        let name = format!("{GRAPHS}/{}.json", graph.submission);
        let bytes = input::read(&run.graph_path(&graph.submission), Kind::Graph).map_err(|error| error.to_string())?;
        if sha256(&bytes) != graph.sha256 {
            return Err(format!("{name} is not the file that was recorded"));
        }
        files::write(&out.join(&name), &bytes).map_err(|error| error.to_string())?;
    }
    Ok(())
}
