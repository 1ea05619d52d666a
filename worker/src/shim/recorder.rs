//! The op recorder: every top-level operation of a forward.

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::marker::PhantomData;

use esr_bench::graph::{Op, TensorId};
use esr_models::scope;
use serde::Deserialize;
use tch::Tensor;

use super::{c_string, checked, owned_text};
use crate::failure;
use crate::failure::Result;

unsafe extern "C" {
    fn esr_recorder_start() -> c_int;
    fn esr_recorder_tensor(tensor: *const c_void, id: *mut usize) -> c_int;
    fn esr_recorder_enter(path: *const c_char, module_class: *const c_char) -> c_int;
    fn esr_recorder_leave() -> c_int;
    fn esr_recorder_stop() -> *mut c_char;
}

/// What the op recorder saw.
#[derive(Debug, Deserialize)]
pub(crate) struct RecordedOps {
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
pub(crate) struct OpRecorder {
    running: Cell<bool>,
    // It belongs to the thread that started it.
    _not_send: PhantomData<*const ()>,
}

impl OpRecorder {
    /// Starts. It observes the modules of registry networks as well.
    pub(crate) fn start() -> Result<OpRecorder> {
        // SAFETY: no arguments; the shim refuses a second recorder.
        checked(unsafe { esr_recorder_start() })?;
        scope::observe(Some(Box::new(Modules)));
        Ok(OpRecorder { running: Cell::new(true), _not_send: PhantomData })
    }

    /// The number of a tensor. A tensor that was not seen before gets the next number.
    pub(crate) fn tensor(&self, tensor: &Tensor) -> Result<TensorId> {
        let mut id = 0;
        // SAFETY: a live tensor, and a place for the result.
        checked(unsafe { esr_recorder_tensor(tensor.as_ptr().cast(), &mut id) })?;
        Ok(id)
    }

    /// Ends the recording. An operation that could not be recorded makes it fail.
    pub(crate) fn stop(self) -> Result<RecordedOps> {
        let json = self.end()?;
        serde_json::from_str(&json).map_err(|e| failure::run(format!("the op recorder's JSON does not parse: {e}")))
    }

    fn end(&self) -> Result<String> {
        self.running.set(false);
        scope::observe(None);
        // SAFETY: the shim hands the text over.
        unsafe { owned_text(esr_recorder_stop()) }
    }
}

impl Drop for OpRecorder {
    fn drop(&mut self) {
        if self.running.get() {
            // The forward failed, and the operations until then are of no use.
            self.end().ok();
        }
    }
}

/// Tells the op recorder which module runs.
struct Modules;

impl scope::Observer for Modules {
    fn enter(&mut self, path: &str, class: &str) {
        // SAFETY: C strings that outlive the call. A failure makes the recording fail when it ends.
        unsafe { esr_recorder_enter(c_string(path).as_ptr(), c_string(class).as_ptr()) };
    }

    fn leave(&mut self) {
        // SAFETY: no arguments.
        unsafe { esr_recorder_leave() };
    }
}

#[cfg(test)]
mod tests {
    use tch::{CModule, Device, Kind, Tensor, no_grad_guard};

    use super::*;

    /// Each operation as `name @ path(Class)#call` of the innermost module.
    fn recorded(fixture: &str) -> Vec<String> {
        let path = format!("{}/tests/fixtures/{fixture}", env!("CARGO_MANIFEST_DIR"));
        let module = CModule::load(path).unwrap();
        let _no_grad = no_grad_guard();
        let x = Tensor::zeros([1, 3, 8, 8], (Kind::Float, Device::Cpu));
        let recorder = OpRecorder::start().unwrap();
        drop(module.forward_ts(&[x]).unwrap());
        let ops = recorder.stop().unwrap().ops;
        ops.iter()
            .map(|op| match op.scope.last() {
                Some(m) => format!("{} @ {}({})#{}", op.name.replace("aten::", ""), m.path, m.class, m.call),
                None => op.name.clone(),
            })
            .collect()
    }

    #[test]
    fn a_traced_program_tells_its_modules_and_their_calls() {
        assert_eq!(
            recorded("nested_traced.pt"),
            [
                "slice @ (Net)#0",
                "slice @ (Net)#0",
                "add @ (Net)#0",
                "_convolution @ body.0.conv(Conv2d)#0",
                "relu_ @ body.0.act(ReLU)#0",
                "_convolution @ body.0.conv(Conv2d)#1",
                "relu_ @ body.0.act(ReLU)#1",
                "add @ body.0(Block)#0",
                "_convolution @ tail(Conv2d)#0",
                "pixel_shuffle @ up(PixelShuffle)#0",
            ]
        );
    }

    #[test]
    fn an_operation_that_cannot_be_recorded_makes_the_recording_fail() {
        let _no_grad = no_grad_guard();
        // A nested tensor has no sizes, and libtorch throws where one asks for them.
        let rows = Tensor::ones([6], (Kind::Float, Device::Cpu));
        let [sizes, strides] = [[2_i64, 4], [1, 1]].map(|column| Tensor::from_slice(&column).view([2, 1]));
        let offsets = Tensor::from_slice(&[0_i64, 2]);
        let recorder = OpRecorder::start().unwrap();
        let nested = rows.f_internal_nested_view_from_buffer(&sizes, &strides, &offsets).unwrap();
        let _ = nested.f_relu().unwrap();
        let failed = recorder.stop().unwrap_err();
        assert!(failed.message.starts_with("the op recorder failed at the "), "{}", failed.message);
        // The next recording is not affected.
        let recorder = OpRecorder::start().unwrap();
        let _ = rows.relu();
        assert_eq!(recorder.stop().unwrap().ops.len(), 1);
    }

    #[test]
    fn a_scripted_program_tells_the_same_modules() {
        let modules = |ops: Vec<String>| -> Vec<String> {
            let of = |op: &String| op.split_once(" @ ").map(|(_, module)| module.to_owned());
            ops.iter().filter_map(of).filter(|m| !m.starts_with('(')).collect()
        };
        assert_eq!(modules(recorded("nested_scripted.pt")), modules(recorded("nested_traced.pt")));
    }
}
