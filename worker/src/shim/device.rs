//! Device events and allocator statistics, by libtorch's device-generic interfaces.

use std::ffi::{c_char, c_int, c_void};

use super::{c_string, checked, last_error};
use crate::failure;
use crate::failure::Result;

unsafe extern "C" {
    fn esr_event_new(device: *const c_char) -> *mut c_void;
    fn esr_event_record(event: *mut c_void) -> c_int;
    fn esr_event_elapsed_ms(start: *mut c_void, end: *mut c_void, ms: *mut f64) -> c_int;
    fn esr_event_free(event: *mut c_void);
    fn esr_device_synchronize(device: *const c_char) -> c_int;
    fn esr_memory_own_pages(on: c_int) -> c_int;
    fn esr_memory_reset_peak(device: *const c_char) -> c_int;
    fn esr_memory_peak_bytes(device: *const c_char, bytes: *mut u64) -> c_int;
}

/// A point in a device's current stream whose time is measured.
pub(crate) struct Event(*mut c_void);

impl Event {
    /// An event of `device` (`cuda:0`) that is not in a stream yet.
    pub(crate) fn new(device: &str) -> Result<Event> {
        // SAFETY: the name is a C string that outlives the call.
        let event = unsafe { esr_event_new(c_string(device).as_ptr()) };
        if event.is_null() { Err(failure::from_libtorch(&last_error())) } else { Ok(Event(event)) }
    }

    /// Puts it into the stream after all work that was launched so far.
    pub(crate) fn record(&self) -> Result<()> {
        // SAFETY: a live event.
        checked(unsafe { esr_event_record(self.0) })
    }

    /// Milliseconds of device time from this event to `end`; waits until both have passed.
    pub(crate) fn ms_until(&self, end: &Event) -> Result<f64> {
        let mut ms = f64::NAN;
        // SAFETY: two live events, and a place for the result.
        checked(unsafe { esr_event_elapsed_ms(self.0, end.0, &mut ms) })?;
        Ok(ms)
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: made by `esr_event_new`, freed once.
        unsafe { esr_event_free(self.0) }
    }
}

/// Waits until a device has finished all its work.
pub(crate) fn synchronize(device: &str) -> Result<()> {
    // SAFETY: the name is a C string that outlives the call.
    checked(unsafe { esr_device_synchronize(c_string(device).as_ptr()) })
}

/// Empties the allocator's cache and sets the peak to what is allocated now.
pub(crate) fn reset_peak(device: &str) -> Result<()> {
    // SAFETY: the name is a C string that outlives the call.
    checked(unsafe { esr_memory_reset_peak(c_string(device).as_ptr()) })
}

/// While it exists, each large tensor on the CPU has pages of its own and gives them back when it is freed, so that the
/// process's resident memory is what is in use.
pub(crate) struct OwnPages(());

impl OwnPages {
    /// Turns it on.
    pub(crate) fn start() -> Result<OwnPages> {
        // SAFETY: a plain integer.
        checked(unsafe { esr_memory_own_pages(1) })?;
        Ok(OwnPages(()))
    }
}

impl Drop for OwnPages {
    fn drop(&mut self) {
        // SAFETY: a plain integer. To turn it off cannot fail.
        unsafe { esr_memory_own_pages(0) };
    }
}

/// The most bytes that were allocated at one time since the last reset: `torch.cuda.max_memory_allocated`.
pub(crate) fn peak_bytes(device: &str) -> Result<u64> {
    let mut bytes = 0;
    // SAFETY: the name is a C string that outlives the call, and there is a place for the result.
    checked(unsafe { esr_memory_peak_bytes(c_string(device).as_ptr(), &mut bytes) })?;
    Ok(bytes)
}
