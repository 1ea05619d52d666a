//! TorchScript: traced or scripted modules.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use esr_bench::submission::archive::Archive;
use esr_models::state;
use esr_models::vars::{Var, VarKind};
use tch::{Device, Tensor};

use super::allowed;
use super::classes::{CLASSES, parse_classes};
use super::source;
use crate::device;
use crate::failure;
use crate::failure::Result;
use crate::shim::{c_string, checked, last_error, owned_text};

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
    fn esr_script_state(module: *mut c_void, state: *mut u64) -> c_int;
    fn esr_script_variables(
        module: *mut c_void,
        context: *mut c_void,
        visit: extern "C" fn(*mut c_void, *const c_char, c_int, *mut c_void),
    ) -> c_int;
}

/// A loaded module.
pub(super) struct Script {
    module: *mut c_void,
    classes: BTreeMap<String, String>,
    vars: Vec<Var>,
}

impl Script {
    /// Checks that libtorch can read the archive without deep recursion, and has libtorch read it.
    pub(super) fn load(path: &Path, device: Device) -> Result<Script> {
        check_depth(path)?;
        let unreadable = |why: &str| failure::load(format!("{}: {why}", path.display()));
        let c_path = CString::new(path.as_os_str().as_bytes()).map_err(|e| unreadable(&e.to_string()))?;
        let c_device = c_string(&device::name(device));
        let c_extra = c_string(CLASSES);
        let mut extra = std::ptr::null_mut();
        // SAFETY: the strings live through the call; `extra` is set where the call succeeds.
        let module = unsafe { esr_script_load(c_path.as_ptr(), c_device.as_ptr(), c_extra.as_ptr(), &mut extra) };
        if module.is_null() {
            return Err(unreadable(&failure::from_libtorch(&reason(&last_error())).message));
        }
        let mut script = Script { module, classes: BTreeMap::new(), vars: Vec::new() };
        // SAFETY: the call succeeded: the shim hands the text over.
        script.classes = parse_classes(path, unsafe { owned_text(extra) }?.as_bytes())?;
        script.check_kinds()?;
        script.vars = script.variables()?;
        Ok(script)
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        // SAFETY: module and tensor are live; the result is null or a new tensor that we own.
        unsafe {
            let out = esr_script_forward(self.module, x.as_ptr().cast());
            if out.is_null() {
                Err(failure::from_libtorch(&reason(&last_error())))
            } else {
                Ok(Tensor::from_ptr(out.cast()))
            }
        }
    }

    pub(super) fn vars(&self) -> &[Var] {
        &self.vars
    }

    /// A number for the values of all attributes, the tensors among them by address and version, and for all constants.
    pub(super) fn state(&self) -> Result<u64> {
        let mut state = 0;
        // SAFETY: the module is live, and there is a place for the result.
        checked(unsafe { esr_script_state(self.module, &mut state) })?;
        Ok(state)
    }

    fn variables(&self) -> Result<Vec<Var>> {
        extern "C" fn visit(context: *mut c_void, name: *const c_char, buffer: c_int, tensor: *mut c_void) {
            // SAFETY: `context` is the vector below; `name` is a text; `tensor` is a new tensor handed to us.
            unsafe {
                let into = &mut *context.cast::<Vec<Var>>();
                let kind = if buffer == 0 { VarKind::Parameter } else { VarKind::Buffer };
                let name = CStr::from_ptr(name).to_string_lossy().into_owned();
                into.push(Var { name, kind, tensor: Tensor::from_ptr(tensor.cast()) });
            }
        }
        let mut vars: Vec<Var> = Vec::new();
        // SAFETY: the visitor is called during this call only, with the vector's own pointer.
        checked(unsafe { esr_script_variables(self.module, (&raw mut vars).cast(), visit) })?;
        Ok(vars)
    }

    pub(super) fn classes(&self) -> &BTreeMap<String, String> {
        &self.classes
    }

    /// Refuses a program with nodes that are on no list.
    fn check_kinds(&self) -> Result<()> {
        // SAFETY: the module is live; the shim hands the text over.
        let kinds = unsafe { owned_text(esr_script_kinds(self.module)) }?;
        allowed::script(kinds.lines())
    }
}

/// The largest depth of values in the pickles of an archive. A module within modules takes about three levels each.
const MAX_NESTING: usize = 1000;

/// libtorch parses an archive's code and frees its values recursively: without a bound, a file could overflow the stack.
fn check_depth(path: &Path) -> Result<()> {
    let mut archive = Archive::open(path).map_err(failure::unreadable)?;
    let names: Vec<String> = archive.names().map(str::to_owned).collect();
    for name in names {
        let checked = if name == "data.pkl" || name == "constants.pkl" {
            let pickle = archive.read(&name).map_err(failure::unreadable)?;
            state::check_nesting(&pickle, MAX_NESTING)
        } else if name.starts_with("code/") && name.ends_with(".py") {
            let code = archive.read(&name).map_err(failure::unreadable)?;
            source::check(&String::from_utf8_lossy(&code))
        } else {
            continue;
        };
        checked.map_err(|found| failure::load(format!("{}: {name}: {found}", path.display())))?;
    }
    Ok(())
}

/// The reason in TorchScript's message, which begins with a trace of the program's code and ends with the reason.
fn reason(text: &str) -> String {
    let lines = || text.lines().map(str::trim).filter(|l| !l.is_empty());
    lines().rev().find(|l| l.starts_with("RuntimeError")).or_else(|| lines().next()).unwrap_or(text).to_owned()
}

impl Drop for Script {
    fn drop(&mut self) {
        // SAFETY: the module came from `esr_script_load` and is freed once.
        unsafe { esr_script_free(self.module) }
    }
}
