//! Makes tensors of the views of storages that a pickle describes.

use std::collections::HashMap;
use std::rc::Rc;

use tch::{Kind, Tensor};

use super::error::Fault;
use super::found::MAX_BYTES;
use super::heap::{Heap, Storage};
use super::layout::Layout;

/// The storages of a file.
pub(super) trait Blobs {
    /// The little-endian bytes of a storage by its key; `None` where there is none.
    fn bytes(&mut self, key: &str) -> Result<Option<std::borrow::Cow<'_, [u8]>>, Fault>;
}

/// Makes tensors. Each storage is read once.
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
        let (start, len) = storage.window.unwrap_or((0, storage.len));
        let layout = Layout::check(&view.size, &view.stride, view.offset, len)
            .map_err(|found| Fault::bad(&at, "a view inside its storage", found))?;
        self.spend(&at, layout.elements, storage.kind)?;
        let flat = self.flat(&at, storage)?;
        let start = if layout.elements == 0 { 0 } else { start as i64 };
        flat.f_as_strided(&layout.sizes, &layout.strides, layout.offset + start)
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
        self.spend(at, storage.len as u64, storage.kind)?;
        let width = storage.kind.elt_size_in_bytes();
        let expected = (storage.len as u64).saturating_mul(width as u64);
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

    fn spend(&mut self, at: &str, elements: u64, kind: Kind) -> Result<(), Fault> {
        let bytes = elements.saturating_mul(kind.elt_size_in_bytes() as u64);
        match self.budget.checked_sub(bytes) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => Err(Fault::bad(at, format!("at most {MAX_BYTES} bytes of tensors"), format!("{bytes} bytes more"))),
        }
    }
}

/// The first line of libtorch's message. The rest is a C++ backtrace.
pub(super) fn first_line(e: &tch::TchError) -> String {
    e.to_string().lines().next().unwrap_or_default().to_owned()
}
