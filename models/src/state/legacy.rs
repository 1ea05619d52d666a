//! Files of torch before 1.6: pickles of a magic number, a version, the writer's word sizes, the object and the storages'
//! keys, then for each storage its number of elements (64 bits) and the elements.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use super::checkpoint;
use super::error::Fault;
use super::found::Found;
use super::heap::{Heap, Value};
use super::pickle::{self, Calls};
use super::tensors::{Blobs, Builder};

const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;
const VERSION: i128 = 1001;

pub(super) fn read(bytes: &[u8]) -> Result<Found, Fault> {
    let mut heap = Heap::default();
    let (magic, at) = pickle::load(bytes, 0, &mut heap, Calls::Rebuild)?;
    if magic != Value::Int(MAGIC) {
        return Err(Fault::bad("", "torch's magic number at the start of a pickle", magic.kind()));
    }
    let (version, at) = pickle::load(bytes, at, &mut heap, Calls::Rebuild)?;
    if version != Value::Int(VERSION) {
        let found = if let Value::Int(v) = version { v.to_string() } else { version.kind().to_owned() };
        return Err(Fault::bad("", format!("version {VERSION} of torch's format"), found));
    }
    let (system, at) = pickle::load(bytes, at, &mut heap, Calls::Rebuild)?;
    if is_big_endian(&heap, &system) {
        return Err(Fault::bad("", "little-endian numbers", "big-endian ones"));
    }
    let (root, at) = pickle::load(bytes, at, &mut heap, Calls::Rebuild)?;
    let (keys, at) = pickle::load(bytes, at, &mut heap, Calls::Rebuild)?;
    let blobs = Appended::locate(bytes, at, &heap, &keys)?;
    let picked = checkpoint::pick(&heap, &root)?;
    let mut builder = Builder::new(&heap, blobs);
    let tensors = picked.tensors.into_iter().map(|(name, id)| {
        let tensor = builder.tensor(&name, id)?;
        Ok((name, tensor))
    });
    let tensors = tensors.collect::<Result<_, Fault>>()?;
    Ok(Found { tensors, notes: picked.notes })
}

fn is_big_endian(heap: &Heap, system: &Value) -> bool {
    let Value::Dict(id) = system else { return false };
    let flag = |(k, v): &(Value, Value)| *k == Value::Str("little_endian".into()) && *v == Value::Bool(false);
    heap.dicts[*id].iter().any(flag)
}

/// The storages behind the pickles.
struct Appended<'a> {
    bytes: &'a [u8],
    places: HashMap<Rc<str>, std::ops::Range<usize>>,
}

impl<'a> Appended<'a> {
    fn locate(bytes: &'a [u8], mut at: usize, heap: &Heap, keys: &Value) -> Result<Self, Fault> {
        let known: HashMap<&str, _> = heap.storages.iter().map(|s| (&*s.key, s)).collect();
        let mut places = HashMap::new();
        for key in heap.items(keys) {
            let storage = match key {
                Value::Str(key) => known.get(&**key),
                _ => None,
            };
            let storage = storage.ok_or_else(|| Fault::bad("", "the key of a storage", key.kind()))?;
            let place = format!("storage `{}`", storage.key);
            let end = |from: usize, n: usize| from.checked_add(n).filter(|&e| e <= bytes.len());
            let cut = || {
                Fault::bad(&place, "its elements", format!("the end of the file ({} bytes): truncated?", bytes.len()))
            };
            let start = end(at, 8).ok_or_else(cut)?;
            let mut count = [0; 8];
            count.copy_from_slice(&bytes[at..start]);
            let count = u64::from_le_bytes(count);
            if count != storage.len as u64 {
                return Err(Fault::bad(&place, format!("{} elements", storage.len), count.to_string()));
            }
            let size = storage.len.checked_mul(storage.kind.elt_size_in_bytes()).ok_or_else(cut)?;
            at = end(start, size).ok_or_else(cut)?;
            places.insert(storage.key.clone(), start..at);
        }
        Ok(Appended { bytes, places })
    }
}

impl Blobs for Appended<'_> {
    fn bytes(&mut self, key: &str) -> Result<Option<Cow<'_, [u8]>>, Fault> {
        Ok(self.places.get(key).map(|range| Cow::Borrowed(&self.bytes[range.clone()])))
    }
}
