//! The recorder of top-level operations.

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::marker::PhantomData;

use esr_bench::graph::{Op, TensorId};
use esr_models::scope;
use serde::Deserialize;
use tch::Tensor;

use super::{c_string, checked, owned_text};
use crate::failure::{self, Result};

unsafe extern "C" {
    fn esr_recorder_start() -> c_int;
    fn esr_recorder_tensor(tensor: *const c_void, id: *mut usize) -> c_int;
    fn esr_recorder_enter(path: *const c_char, module_class: *const c_char) -> c_int;
    fn esr_recorder_leave() -> c_int;
    fn esr_recorder_stop() -> *mut c_char;
}

/// What the recorder saw.
#[derive(Debug, Deserialize)]
pub(crate) struct Record {
    /// By number.
    pub(crate) tensors: Vec<SeenTensor>,
    /// In dispatch order.
    pub(crate) ops: Vec<Op>,
}

/// A tensor, as it was when it was first seen.
#[derive(Debug, Deserialize)]
pub(crate) struct SeenTensor {
    pub(crate) shape: Vec<i64>,
    pub(crate) dtype: String,
    pub(crate) storage: usize,
    /// Whether it was first seen as an operation's result.
    pub(crate) made: bool,
}

/// Records this thread's operations from `start` until it is stopped or dropped.
pub(crate) struct Recorder {
    running: Cell<bool>,
    // It belongs to the thread that started it.
    _not_send: PhantomData<*const ()>,
}

impl Recorder {
    /// Starts; the modules of registry networks are observed as well.
    pub(crate) fn start() -> Result<Recorder> {
        // SAFETY: no arguments; the shim refuses a second recorder.
        checked(unsafe { esr_recorder_start() })?;
        scope::observe(Some(Box::new(Modules)));
        Ok(Recorder { running: Cell::new(true), _not_send: PhantomData })
    }

    /// The number of a tensor; one that was not seen yet gets the next.
    pub(crate) fn tensor(&self, tensor: &Tensor) -> Result<TensorId> {
        let mut id = 0;
        // SAFETY: a live tensor, and a place for the result.
        checked(unsafe { esr_recorder_tensor(tensor.as_ptr().cast(), &mut id) })?;
        Ok(id)
    }

    /// Ends the record.
    pub(crate) fn stop(self) -> Result<Record> {
        let json = self.end()?;
        serde_json::from_str(&json).map_err(|e| failure::run(format!("the recorder's JSON does not parse: {e}")))
    }

    fn end(&self) -> Result<String> {
        self.running.set(false);
        scope::observe(None);
        // SAFETY: the shim hands the text over.
        unsafe { owned_text(esr_recorder_stop()) }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if self.running.get() {
            // A forward that failed: nobody wants what was recorded until then.
            self.end().ok();
        }
    }
}

/// Tells the recorder which module runs.
struct Modules;

impl scope::Observer for Modules {
    fn enter(&mut self, path: &str, class: &str) {
        // SAFETY: C strings that outlive the call. Without a recorder the shim refuses, and there is nothing to tell.
        unsafe { esr_recorder_enter(c_string(path).as_ptr(), c_string(class).as_ptr()) };
    }

    fn leave(&mut self) {
        // SAFETY: no arguments.
        unsafe { esr_recorder_leave() };
    }
}
