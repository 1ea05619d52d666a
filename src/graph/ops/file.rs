//! Graph files: JSON, one [`OpGraph`] each.

use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Place, Result};
use crate::graph::ops::opgraph::dtype_bytes;
use crate::graph::ops::opgraph::{Arg, FORMAT, OpGraph};
use crate::util::input::Kind;
use crate::util::{files, input};

/// Reads a graph and checks that it is whole.
///
/// # Errors
/// The file cannot be read, is no graph, is of a newer format, or refers to tensors that it does not hold; the message
/// names the file and the line or the key.
pub fn read(path: &Path) -> Result<OpGraph> {
    parse(path, &input::read(path, Kind::Graph)?)
}

/// As [`read`], from bytes; `path` is for messages.
pub fn parse(path: &Path, bytes: &[u8]) -> Result<OpGraph> {
    #[derive(Deserialize)]
    struct Head {
        format: Option<u64>,
    }
    // The version first: of a newer format nothing else can be expected.
    let head: Head = serde_json::from_slice(bytes).map_err(|e| malformed(path, &e))?;
    match head.format {
        None => {
            return Err(Error::input(path, Place::Key("format".into()), "a graph's format version", "no such key"));
        }
        Some(found) if found > u64::from(FORMAT) => {
            let expected = format!("a graph of format {FORMAT} or older");
            return Err(Error::input(path, Place::Key("format".into()), expected, format!("format {found}")));
        }
        Some(_) => {}
    }
    let graph: OpGraph = serde_json::from_slice(bytes).map_err(|e| malformed(path, &e))?;
    check(&graph).map_err(|(at, expected, found)| Error::input(path, Place::Key(at), expected, found))?;
    Ok(graph)
}

/// Writes a graph: under a temporary name, synced, renamed.
pub fn write(path: &Path, graph: &OpGraph) -> Result<()> {
    let mut json = serde_json::to_vec(graph).map_err(|e| Error::io("write", path)(e.into()))?;
    json.push(b'\n');
    files::write(path, &json)
}

fn malformed(path: &Path, error: &serde_json::Error) -> Error {
    Error::input(path, Place::Line(error.line()), "a graph of operations as JSON", error.to_string())
}

/// The key, what was expected there, what was found.
type Flaw = (String, String, String);

/// Whether every number in a graph can be relied on: it may come from a file or from another process.
pub fn check(graph: &OpGraph) -> Result<(), Flaw> {
    /// Beyond this many elements a tensor cannot exist, and sums of products could overflow.
    const MOST: u64 = 1 << 40;
    for (i, tensor) in graph.tensors.iter().enumerate() {
        let at = |key: &str| format!("tensors[{i}].{key}");
        let elements = tensor.shape.iter().try_fold(1_u64, |p, &n| p.checked_mul(u64::try_from(n).ok()?));
        if elements.is_none_or(|n| n > MOST) {
            return Err((at("shape"), "sizes that are not negative nor absurd".into(), format!("{:?}", tensor.shape)));
        }
        if dtype_bytes(&tensor.dtype).is_none() {
            return Err((at("dtype"), "a dtype of PyTorch: float32, ...".into(), format!("`{}`", tensor.dtype)));
        }
    }
    let last = graph.tensors.len();
    let missing = |at: String, t: usize| (at, format!("a tensor below {last}"), t.to_string());
    for (i, op) in graph.ops.iter().enumerate() {
        for (name, arg) in &op.args {
            if let Some(t) = beyond(arg, last) {
                return Err(missing(format!("ops[{i}].args.{name}"), t));
            }
        }
        if let Some(&t) = op.outputs.iter().find(|&&t| t >= last) {
            return Err(missing(format!("ops[{i}].outputs"), t));
        }
    }
    if graph.input.iter().any(|&n| n <= 0) {
        return Err(("input".into(), "a shape (N, C, H, W)".into(), format!("{:?}", graph.input)));
    }
    Ok(())
}

fn beyond(arg: &Arg, last: usize) -> Option<usize> {
    match arg {
        Arg::Tensor { t } if *t >= last => Some(*t),
        Arg::List(list) => list.iter().find_map(|a| beyond(a, last)),
        _ => None,
    }
}
