//! Precision switches of libtorch, and what this libtorch is.

use std::ffi::{c_char, c_int};

use serde_json::{Map, Value};

use super::{c_string, checked, owned_text};
use crate::failure;
use crate::failure::Result;

unsafe extern "C" {
    fn esr_settings() -> *mut c_char;
    fn esr_setting_set(key: *const c_char, on: c_int) -> c_int;
    fn esr_build_facts() -> *mut c_char;
}

/// The switches in force: `threads`, `tf32_conv`, `tf32_matmul`, `cudnn_benchmark`, `deterministic`, `cudnn`, `onednn`.
pub(crate) fn in_force() -> Result<Map<String, Value>> {
    // SAFETY: the shim hands the text over.
    object(&unsafe { owned_text(esr_settings()) }?)
}

/// Sets one of the switches that are on or off.
pub(crate) fn set(key: &str, on: bool) -> Result<()> {
    // SAFETY: the name is a C string that outlives the call.
    checked(unsafe { esr_setting_set(c_string(key).as_ptr(), c_int::from(on)) })
}

/// `libtorch` (its version), `cpu_capability`, `mkl`, `onednn`, `openmp`, `threads`.
pub(crate) fn build_facts() -> Result<Map<String, Value>> {
    // SAFETY: the shim hands the text over.
    object(&unsafe { owned_text(esr_build_facts()) }?)
}

fn object(json: &str) -> Result<Map<String, Value>> {
    serde_json::from_str(json).map_err(|e| failure::run(format!("the shim's settings are no JSON object: {e}")))
}
