//! The Rust side of `shim/`: safe wrappers of what tch lacks, one file per topic.
//! This room may use [`crate::failure`].

pub(crate) mod device;
pub(crate) mod meta;
pub(crate) mod recorder;
pub(crate) mod settings;

use std::ffi::{CStr, CString, c_char, c_int};

use crate::failure;
use crate::failure::Result;

unsafe extern "C" {
    fn esr_last_error() -> *const c_char;
    fn esr_text_free(text: *mut c_char);
}

/// The text of the shim's last failure on this thread.
pub(crate) fn last_error() -> String {
    // SAFETY: the shim keeps the text in a thread-local until its next failure on this thread.
    unsafe { CStr::from_ptr(esr_last_error()) }.to_string_lossy().into_owned()
}

/// The result of a shim function that returns an `int`.
pub(crate) fn checked(status: c_int) -> Result<()> {
    if status < 0 { Err(failure::from_libtorch(&last_error())) } else { Ok(()) }
}

/// Takes ownership of a text that the shim made.
///
/// # Safety
/// `text` is null or came from a shim function that hands over ownership.
pub(crate) unsafe fn owned_text(text: *mut c_char) -> Result<String> {
    if text.is_null() {
        return Err(failure::from_libtorch(&last_error()));
    }
    // SAFETY: not null, and the shim's texts end in a NUL byte; freed once, here.
    unsafe {
        let owned = CStr::from_ptr(text).to_string_lossy().into_owned();
        esr_text_free(text);
        Ok(owned)
    }
}

/// A C string. It ends at the first NUL byte, which no name that libtorch knows has.
pub(crate) fn c_string(s: &str) -> CString {
    let upto = s.find('\0').unwrap_or(s.len());
    CString::new(&s[..upto]).unwrap_or_default()
}
