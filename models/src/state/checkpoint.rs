//! Finds the network's tensors in a training checkpoint.

use super::error::Fault;
use super::heap::{Heap, Value};

/// The keys under which training scripts store the network's tensors. Where a checkpoint has several of them, the first
/// of this list is read: averaged weights (`ema`) come before the last step's, since papers report the averaged ones.
///
/// The exporter in `python/` reads the same checkpoints and has the same list under the name `NESTS`. This list is the
/// reference; a test compares the two.
pub const CHECKPOINT_KEYS: &[&str] = &[
    "params_ema",
    "model_ema",
    "ema",
    "params",
    "state_dict",
    "model_state_dict",
    "net",
    "model",
    "network",
    "netG",
    "net_g",
    "generator",
    "weights",
    "module",
];

/// No checkpoint nests deeper.
const MAX_DEPTH: usize = 8;

/// The network's tensors (ids in the heap) by key.
pub(super) struct Picked {
    pub(super) tensors: Vec<(String, usize)>,
    pub(super) notes: Vec<String>,
}

/// Finds the dict of tensors in what a file holds.
pub(super) fn pick(heap: &Heap, root: &Value) -> Result<Picked, Fault> {
    let expected = "a dict of tensors";
    let mut notes = Vec::new();
    let mut path = Vec::new();
    let mut here = Level::of(heap, root).ok_or_else(|| Fault::bad("", expected, root.kind()))?;
    for _ in 0..MAX_DEPTH {
        let Some((name, below)) = here.descend(heap)? else { break };
        let others: Vec<&str> = here.names().filter(|n| *n != name).collect();
        path.push(name);
        notes.push(match others.as_slice() {
            [] => format!("the tensors were read from `{}`", path.join(".")),
            others => format!("the tensors were read from `{}`; ignored beside it: {}", path.join("."), list(others)),
        });
        here = below;
    }
    if here.tensors.is_empty() {
        return Err(Fault::bad("", expected, describe(&here)));
    }
    if !here.others.is_empty() {
        let names: Vec<&str> = here.others.iter().map(|(n, _)| n.as_str()).collect();
        notes.push(format!("ignored beside the tensors: {}", list(&names)));
    }
    Ok(Picked { tensors: here.tensors, notes })
}

/// A dict, with its tensors apart from its other values. A later value of a key replaces an earlier one, as in Python.
struct Level {
    tensors: Vec<(String, usize)>,
    others: Vec<(String, Value)>,
}

impl Level {
    /// `None` for anything but a dict.
    fn of(heap: &Heap, value: &Value) -> Option<Level> {
        let Value::Dict(id) = value else { return None };
        let items: std::collections::BTreeMap<&str, &Value> = heap.dicts[*id]
            .iter()
            .filter_map(|(k, v)| match k {
                Value::Str(name) => Some((&**name, v)),
                _ => None,
            })
            .collect();
        let mut level = Level { tensors: Vec::new(), others: Vec::new() };
        for (name, value) in items {
            match value {
                Value::Tensor(id) => level.tensors.push((name.to_owned(), *id)),
                other => level.others.push((name.to_owned(), other.clone())),
            }
        }
        Some(level)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.others.iter().map(|(n, _)| n.as_str()).chain(self.tensors.iter().map(|(n, _)| n.as_str()))
    }

    /// The level below that holds the network: the one at a known key, or the only dict with tensors in it.
    fn descend(&self, heap: &Heap) -> Result<Option<(String, Level)>, Fault> {
        let below = |value: &Value| Level::of(heap, value).filter(|l| !l.tensors.is_empty() || !l.others.is_empty());
        for known in CHECKPOINT_KEYS {
            let value = self.others.iter().find(|(n, _)| n == known).map(|(_, v)| v);
            if let Some(level) = value.and_then(below) {
                return Ok(Some(((*known).to_owned(), level)));
            }
        }
        if !self.tensors.is_empty() {
            return Ok(None);
        }
        let mut full = self.others.iter().filter_map(|(n, v)| Some((n.clone(), below(v)?)));
        let mut full = full.by_ref().filter(|(_, level)| !level.tensors.is_empty()).collect::<Vec<_>>();
        match full.len() {
            0 => Ok(None),
            1 => Ok(full.pop()),
            _ => {
                let names: Vec<&str> = full.iter().map(|(n, _)| n.as_str()).collect();
                Err(Fault::bad(
                    "",
                    "one dict of tensors",
                    format!("{}; the reader cannot tell which of them is the network", list(&names)),
                ))
            }
        }
    }
}

fn describe(level: &Level) -> String {
    let items: Vec<String> = level.others.iter().map(|(n, v)| format!("`{n}` ({})", v.kind())).take(6).collect();
    if items.is_empty() { "an empty dict".to_owned() } else { format!("a dict of {}", items.join(", ")) }
}

fn list(names: &[&str]) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
