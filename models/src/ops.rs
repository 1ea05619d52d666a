//! The Rust side of `ops.cpp`: operations that tch lacks. This file uses no other room.

use std::ffi::{CStr, c_char, c_int, c_void};

use tch::Tensor;

unsafe extern "C" {
    fn esr_ops_last_error() -> *const c_char;
    fn esr_leaky_relu(x: *const c_void, slope: f64, in_place: c_int) -> *mut c_void;
}

/// Leaky ReLU with a slope, which the function of tch lacks. In place it overwrites `x`.
///
/// # Panics
/// Where libtorch throws, with its message, as the infallible functions of tch do.
pub(crate) fn leaky_relu(x: &Tensor, slope: f64, in_place: bool) -> Tensor {
    // SAFETY: `x` is a live tensor; the result is null or a new tensor that we own; the error text lives until the
    // next call on this thread.
    unsafe {
        let out = esr_leaky_relu(x.as_ptr().cast(), slope, c_int::from(in_place));
        if out.is_null() {
            let text = CStr::from_ptr(esr_ops_last_error()).to_string_lossy().into_owned();
            panic!("leaky_relu: {text}");
        }
        Tensor::from_ptr(out.cast())
    }
}
