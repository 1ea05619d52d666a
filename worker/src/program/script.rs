//! TorchScript: traced or scripted modules.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use esr_bench::protocol::{Failed, FailureKind};
use tch::{Device, Tensor};

use super::dispatch::{last_error, take_text};
use super::{CLASSES, Variable, VariableKind, failed, parse_classes, thrown};

unsafe extern "C" {
    fn esr_script_load(
        path: *const c_char,
        device: *const c_char,
        extra_name: *const c_char,
        extra: *mut *mut c_char,
    ) -> *mut c_void;
    fn esr_script_free(module: *mut c_void);
    fn esr_script_forward(module: *mut c_void, input: *const c_void) -> *mut c_void;
    fn esr_script_kinds(module: *mut c_void) -> *mut c_char;
    fn esr_script_variables(
        module: *mut c_void,
        context: *mut c_void,
        visit: extern "C" fn(*mut c_void, *const c_char, c_int, *mut c_void),
    ) -> c_int;
}

/// Operations of `aten` that touch files: no network needs them.
const FORBIDDEN: [&str; 3] = ["aten::save", "aten::from_file", "aten::load"];

/// A loaded module.
pub(super) struct Script {
    module: *mut c_void,
    classes: BTreeMap<String, String>,
}

impl Script {
    pub(super) fn load(path: &Path, device: Device) -> Result<Script, Failed> {
        let unreadable = |why: String| failed(FailureKind::Load, format!("{}: {why}", path.display()));
        let c_path = CString::new(path.as_os_str().as_bytes()).map_err(|e| unreadable(e.to_string()))?;
        let c_device = CString::new(super::interpreter::device_name(device)).map_err(|e| unreadable(e.to_string()))?;
        let c_extra = CString::new(CLASSES).map_err(|e| unreadable(e.to_string()))?;
        let mut extra = std::ptr::null_mut();
        // SAFETY: the strings live through the call; `extra` is set to a text or left null.
        let module = unsafe { esr_script_load(c_path.as_ptr(), c_device.as_ptr(), c_extra.as_ptr(), &mut extra) };
        let extra = take_text(extra);
        if module.is_null() {
            return Err(unreadable(thrown(&last_error()).message));
        }
        let mut script = Script { module, classes: BTreeMap::new() };
        script.classes = parse_classes(path, extra.as_bytes())?;
        script.check_kinds()?;
        Ok(script)
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor, Failed> {
        // SAFETY: module and tensor are live; the result is null or a new tensor that we own.
        unsafe {
            let out = esr_script_forward(self.module, x.as_ptr() as *const c_void);
            if out.is_null() { Err(thrown(&last_error())) } else { Ok(Tensor::from_ptr(out.cast())) }
        }
    }

    pub(super) fn variables(&self) -> Vec<Variable> {
        extern "C" fn visit(context: *mut c_void, name: *const c_char, buffer: c_int, tensor: *mut c_void) {
            // SAFETY: `context` is the vector below; `name` is a text; `tensor` is a new tensor handed to us.
            unsafe {
                let into = &mut *context.cast::<Vec<Variable>>();
                let kind = if buffer == 0 { VariableKind::Parameter } else { VariableKind::Buffer };
                let name = CStr::from_ptr(name).to_string_lossy().into_owned();
                into.push(Variable { name, kind, tensor: Tensor::from_ptr(tensor.cast()) });
            }
        }
        let mut variables: Vec<Variable> = Vec::new();
        // SAFETY: the visitor is called during this call only, with the vector's own pointer.
        unsafe { esr_script_variables(self.module, (&raw mut variables).cast(), visit) };
        variables
    }

    pub(super) fn classes(&self) -> &BTreeMap<String, String> {
        &self.classes
    }

    /// Only ATen's operations and TorchScript's own: a custom one would be missing here, or be native code.
    fn check_kinds(&self) -> Result<(), Failed> {
        // SAFETY: the module is live.
        let kinds = take_text(unsafe { esr_script_kinds(self.module) });
        let foreign: Vec<&str> = kinds
            .lines()
            .filter(|k| FORBIDDEN.contains(k) || !(k.starts_with("aten::") || k.starts_with("prim::")))
            .collect();
        if foreign.is_empty() {
            return Ok(());
        }
        Err(failed(FailureKind::Unsupported, format!("the program calls {}", foreign.join(", "))))
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // SAFETY: the module came from `esr_script_load` and is freed once.
        unsafe { esr_script_free(self.module) }
    }
}
