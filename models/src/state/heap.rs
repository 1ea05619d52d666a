//! The values that a pickle builds.
//!
//! Containers lie in an arena and refer to each other by index: a pickle may nest a million levels deep or contain itself,
//! and neither may cost any stack.

use std::rc::Rc;

use super::error::Fault;

/// A Python value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Str(Rc<str>),
    Bytes(Rc<[u8]>),
    /// A module's attribute by name. The reader only keeps the name.
    Global(Rc<str>, Rc<str>),
    /// A tuple, a list or a set: an index into [`Heap::seqs`].
    Seq(usize),
    /// An index into [`Heap::dicts`].
    Dict(usize),
    /// An index into [`Heap::storages`].
    Storage(usize),
    /// An index into [`Heap::tensors`].
    Tensor(usize),
    /// A harmless object that the reader ignores: a date, a numpy scalar.
    Opaque,
}

impl Value {
    /// Its Python type, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::None => "None",
            Value::Bool(_) => "a bool",
            Value::Int(_) => "an int",
            Value::Float(_) => "a float",
            Value::Str(_) => "a string",
            Value::Bytes(_) => "bytes",
            Value::Global(..) => "a class or function",
            Value::Seq(_) => "a list or tuple",
            Value::Dict(_) => "a dict",
            Value::Storage(_) => "a storage",
            Value::Tensor(_) => "a tensor",
            Value::Opaque => "an object",
        }
    }
}

/// A sequence of elements that tensors view.
#[derive(Debug, Clone)]
pub(super) struct Storage {
    pub(super) kind: tch::Kind,
    pub(super) key: Rc<str>,
    /// Number of elements.
    pub(super) len: usize,
    /// A part of the storage, in elements: start and length.
    pub(super) window: Option<(usize, usize)>,
}

/// A tensor: a view of a storage.
#[derive(Debug, Clone)]
pub(super) struct StorageView {
    /// An index into [`Heap::storages`].
    pub(super) storage: usize,
    pub(super) offset: i128,
    pub(super) size: Vec<i128>,
    pub(super) stride: Vec<i128>,
}

/// All containers of a file's pickles.
#[derive(Debug, Default)]
pub(super) struct Heap {
    pub(super) seqs: Vec<Vec<Value>>,
    pub(super) dicts: Vec<Vec<(Value, Value)>>,
    pub(super) storages: Vec<Storage>,
    pub(super) tensors: Vec<StorageView>,
    /// Values that calls have copied.
    copied: usize,
}

/// Calls copy fewer values than this in any checkpoint. A few bytes of a pickle can ask for a copy of a long list.
const MAX_COPIED: usize = 10_000_000;

impl Heap {
    pub(super) fn seq(&mut self, items: Vec<Value>) -> Value {
        self.seqs.push(items);
        Value::Seq(self.seqs.len() - 1)
    }

    pub(super) fn dict(&mut self, items: Vec<(Value, Value)>) -> Value {
        self.dicts.push(items);
        Value::Dict(self.dicts.len() - 1)
    }

    /// A copy of the items of a list or tuple. All copies together are bounded.
    pub(super) fn copy_items(&mut self, value: &Value) -> Result<Vec<Value>, Fault> {
        let items = self.items(value);
        let copied = self.copied.saturating_add(items.len());
        if copied > MAX_COPIED {
            return Err(Fault::bad("", format!("calls that copy at most {MAX_COPIED} values"), "more"));
        }
        let items = items.to_vec();
        self.copied = copied;
        Ok(items)
    }

    /// The items of a list or tuple. Any other value has none.
    pub(super) fn items(&self, value: &Value) -> &[Value] {
        match value {
            Value::Seq(id) => &self.seqs[*id],
            _ => &[],
        }
    }
}
