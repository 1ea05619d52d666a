//! The tensors that a reader found in a file, and how large a file may be.

use tch::Tensor;

/// The largest file and the largest total of tensors that is read. The largest published checkpoint of an efficient
/// network, optimizer state included, takes a hundredth of it.
pub const MAX_BYTES: u64 = 2 << 30;

/// Tensors by key, and the reader's notes.
pub(super) struct Found {
    pub(super) tensors: Vec<(String, Tensor)>,
    pub(super) notes: Vec<String>,
}

impl Found {
    /// Removes the prefix that a wrapper put before every key: DataParallel's `module.`, torch.compile's `_orig_mod.`.
    pub(super) fn strip_prefixes(&mut self) {
        while let Some(prefix) = ["module.", "_orig_mod."].into_iter().find(|p| {
            !self.tensors.is_empty() && self.tensors.iter().all(|(k, _)| k.len() > p.len() && k.starts_with(p))
        }) {
            for (key, _) in &mut self.tensors {
                key.drain(..prefix.len());
            }
            self.notes.push(format!("the prefix `{prefix}` was removed from every key"));
        }
    }
}
