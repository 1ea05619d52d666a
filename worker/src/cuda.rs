//! Opens CUDA where the machine has it, so that one binary serves machines with and without CUDA.
//!
//! The worker links no CUDA library. When it starts it opens `libtorch_cuda.so`, which registers CUDA with libtorch.
//! A libtorch for CPUs alone has no such file.

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::sync::OnceLock;

static OPENED: OnceLock<Result<(), String>> = OnceLock::new();

/// Opens libtorch's CUDA library, once. It must come before the first call that asks libtorch about CUDA, and
/// `tch::manual_seed` is such a call: libtorch keeps its first answer.
pub(crate) fn open() {
    OPENED.get_or_init(|| open_library(c"libtorch_cuda.so").map(|_| ()));
}

/// How many CUDA devices can be used.
pub(crate) fn device_count() -> usize {
    open();
    match OPENED.get() {
        Some(Ok(())) => usize::try_from(tch::Cuda::device_count()).unwrap_or(0),
        _ => 0,
    }
}

/// One line that says whether this machine has CUDA, for `hello` and for refusals.
pub(crate) fn state() -> String {
    open();
    match OPENED.get() {
        Some(Ok(())) if device_count() == 0 => "libtorch_cuda.so is loaded, but finds no usable GPU".to_owned(),
        Some(Ok(())) => format!("{} device(s)", device_count()),
        Some(Err(reason)) if reason.starts_with("libtorch_cuda.so: cannot open") => {
            "this libtorch is built for CPUs alone (no libtorch_cuda.so)".to_owned()
        }
        Some(Err(reason)) => format!("libtorch_cuda.so does not load: {reason}"),
        None => "not opened".to_owned(),
    }
}

/// The driver's name for the model of device `index`; `None` where the driver gives none.
pub(crate) fn device_name(index: usize) -> Option<String> {
    type Init = unsafe extern "C" fn(c_uint) -> c_int;
    type Get = unsafe extern "C" fn(*mut c_int, c_int) -> c_int;
    type Name = unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int;
    let driver = open_library(c"libcuda.so.1").ok()?;
    let ordinal = c_int::try_from(index).ok()?;
    let mut name = [0 as c_char; 256];
    // SAFETY: the driver's documented C functions with their documented signatures; 0 is success, and then `name`
    // holds a C string of at most its length.
    unsafe {
        let init: Init = std::mem::transmute(symbol(driver, c"cuInit")?);
        let get: Get = std::mem::transmute(symbol(driver, c"cuDeviceGet")?);
        let get_name: Name = std::mem::transmute(symbol(driver, c"cuDeviceGetName")?);
        let mut device = 0;
        let told = init(0) == 0
            && get(&mut device, ordinal) == 0
            && get_name(name.as_mut_ptr(), name.len() as c_int - 1, device) == 0;
        told.then(|| CStr::from_ptr(name.as_ptr()).to_string_lossy().into_owned())
    }
}

fn open_library(name: &CStr) -> Result<*mut c_void, String> {
    // SAFETY: a C string; the library stays open for the life of the process. RTLD_GLOBAL, since libtorch's other
    // libraries look up its symbols.
    unsafe {
        let handle = libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL);
        if handle.is_null() {
            let reason = libc::dlerror();
            let reason = if reason.is_null() { CString::default() } else { CStr::from_ptr(reason).to_owned() };
            return Err(reason.to_string_lossy().into_owned());
        }
        Ok(handle)
    }
}

/// # Safety
/// `library` is an open library.
unsafe fn symbol(library: *mut c_void, name: &CStr) -> Option<*mut c_void> {
    // SAFETY: by the caller.
    let found = unsafe { libc::dlsym(library, name.as_ptr()) };
    (!found.is_null()).then_some(found)
}
