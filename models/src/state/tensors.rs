//! From views of storages to tensors.

use std::collections::HashMap;
use std::rc::Rc;

use tch::{Kind, Tensor};

use super::MAX_BYTES;
use super::error::Fault;
use super::pickle::{Heap, Storage, View};

/// More dimensions than any layer's weights have.
const MAX_DIMS: usize = 16;

/// Where a storage's bytes are found.
pub(super) trait Blobs {
    /// The little-endian bytes of a storage by its key; `None` where there is none.
    fn bytes(&mut self, key: &str) -> Result<Option<std::borrow::Cow<'_, [u8]>>, Fault>;
}

/// Makes tensors, each storage read once.
pub(super) struct Builder<'a, B> {
    heap: &'a Heap,
    blobs: B,
    flat: HashMap<Rc<str>, (Kind, Tensor)>,
    /// Bytes that may still be allocated.
    budget: u64,
}

impl<'a, B: Blobs> Builder<'a, B> {
    pub(super) fn new(heap: &'a Heap, blobs: B) -> Self {
        Builder { heap, blobs, flat: HashMap::new(), budget: MAX_BYTES }
    }

    /// The tensor called `name`, contiguous.
    pub(super) fn tensor(&mut self, name: &str, id: usize) -> Result<Tensor, Fault> {
        let view = &self.heap.tensors[id];
        let storage = &self.heap.storages[view.storage];
        let at = format!("`{name}`");
        let shape = Shape::check(view, storage).map_err(|found| Fault::bad(&at, "a view inside its storage", found))?;
        self.spend(&at, shape.elements, storage.kind)?;
        let flat = self.flat(&at, storage)?;
        flat.f_as_strided(&shape.size, &shape.stride, shape.offset)
            .and_then(|t| t.f_contiguous())
            .map_err(|e| Fault::bad(&at, "a tensor", first_line(&e)))
    }

    fn flat(&mut self, at: &str, storage: &Storage) -> Result<Tensor, Fault> {
        if let Some((kind, tensor)) = self.flat.get(&storage.key) {
            if *kind != storage.kind {
                return Err(Fault::bad(at, format!("a storage of {kind:?}"), format!("{:?}", storage.kind)));
            }
            return Ok(tensor.shallow_clone());
        }
        self.spend(at, storage.len as u128, storage.kind)?;
        let width = storage.kind.elt_size_in_bytes();
        let expected = storage.len as u64 * width as u64;
        let bytes = self.blobs.bytes(&storage.key)?;
        let bytes = bytes.ok_or_else(|| Fault::bad(at, format!("storage `{}`", storage.key), "none in the file"))?;
        if bytes.len() as u64 != expected {
            let found = format!("{} bytes", bytes.len());
            return Err(Fault::bad(at, format!("{expected} bytes in storage `{}`", storage.key), found));
        }
        let tensor = Tensor::f_from_data_size(&bytes, &[storage.len as i64], storage.kind)
            .map_err(|e| Fault::bad(at, "a storage", first_line(&e)))?;
        self.flat.insert(storage.key.clone(), (storage.kind, tensor.shallow_clone()));
        Ok(tensor)
    }

    fn spend(&mut self, at: &str, elements: u128, kind: Kind) -> Result<(), Fault> {
        let bytes = elements.saturating_mul(kind.elt_size_in_bytes() as u128);
        match u64::try_from(bytes).ok().and_then(|b| self.budget.checked_sub(b)) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => Err(Fault::bad(at, format!("at most {MAX_BYTES} bytes of tensors"), format!("{bytes} bytes more"))),
        }
    }
}

/// The first line of libtorch's message: the rest is a C++ backtrace.
pub(super) fn first_line(e: &tch::TchError) -> String {
    e.to_string().lines().next().unwrap_or_default().to_owned()
}

/// A view that was found to lie inside its storage.
struct Shape {
    size: Vec<i64>,
    stride: Vec<i64>,
    offset: i64,
    elements: u128,
}

impl Shape {
    /// Or what is wrong with it.
    fn check(view: &View, storage: &Storage) -> Result<Shape, String> {
        let View { offset, size, stride, .. } = view;
        if size.len() != stride.len() || size.len() > MAX_DIMS {
            return Err(format!("{} sizes and {} strides", size.len(), stride.len()));
        }
        let described = || format!("size {size:?}, stride {stride:?}, offset {offset}, storage of {}", storage.len);
        let small = |v: &i128| i64::try_from(*v).ok().filter(|&v| (0..1 << 40).contains(&v)).ok_or_else(described);
        let size: Vec<i64> = size.iter().map(small).collect::<Result<_, _>>()?;
        let stride: Vec<i64> = stride.iter().map(small).collect::<Result<_, _>>()?;
        let offset = small(offset)?;
        let (start, len) = storage.window.unwrap_or((0, storage.len));
        let elements = size.iter().try_fold(1_u128, |n, &s| n.checked_mul(s as u128)).ok_or_else(described)?;
        if elements > 0 {
            let last: i128 = size.iter().zip(&stride).map(|(&n, &s)| (i128::from(n) - 1) * i128::from(s)).sum();
            if i128::from(offset) + last >= len as i128 {
                return Err(described());
            }
        }
        // An empty view may point anywhere; libtorch wants it inside.
        let offset = if elements > 0 { offset + start as i64 } else { 0 };
        Ok(Shape { size, stride, offset, elements })
    }
}
