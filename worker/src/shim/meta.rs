//! Shapes without compute: a forward on the meta device.

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::marker::PhantomData;

use tch::Tensor;

use super::{checked, last_error, owned_text};
use crate::failure;
use crate::failure::Result;

unsafe extern "C" {
    fn esr_meta_empty(shape: *const i64, dims: usize) -> *mut c_void;
    fn esr_meta_start() -> c_int;
    fn esr_meta_stop() -> *mut c_char;
}

/// A 32-bit float tensor with sizes and without data.
pub(crate) fn empty(shape: &[i64]) -> Result<Tensor> {
    // SAFETY: the sizes outlive the call; the result is null or a new tensor that we own.
    unsafe {
        let tensor = esr_meta_empty(shape.as_ptr(), shape.len());
        if tensor.is_null() {
            return Err(failure::from_libtorch(&last_error()));
        }
        Ok(Tensor::from_ptr(tensor.cast()))
    }
}

/// While it exists, operations of this thread that get a meta tensor run on the meta device.
pub(crate) struct Mode {
    running: Cell<bool>,
    // It belongs to the thread that started it.
    _not_send: PhantomData<*const ()>,
}

impl Mode {
    /// Turns it on.
    pub(crate) fn start() -> Result<Mode> {
        // SAFETY: no arguments; the shim refuses a second one.
        checked(unsafe { esr_meta_start() })?;
        Ok(Mode { running: Cell::new(true), _not_send: PhantomData })
    }

    /// Turns it off. Returns the names of operations that have no meta kernel and ran on zeros instead.
    pub(crate) fn stop(self) -> Result<Vec<String>> {
        let json = self.end()?;
        serde_json::from_str(&json).map_err(|e| failure::run(format!("the meta mode's JSON does not parse: {e}")))
    }

    fn end(&self) -> Result<String> {
        self.running.set(false);
        // SAFETY: the shim hands the text over.
        unsafe { owned_text(esr_meta_stop()) }
    }
}

impl Drop for Mode {
    fn drop(&mut self) {
        if self.running.get() {
            self.end().ok();
        }
    }
}
