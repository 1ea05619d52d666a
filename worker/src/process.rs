//! The worker as a process: its parent, its stdout, its freed memory, its end.

use std::fs::File;
use std::io;
use std::os::fd::FromRawFd;

/// Asks the kernel to kill this process when the thread that started it ends, so that a killed harness leaves no worker
/// behind in the middle of a long forward.
pub(crate) fn end_with_parent() {
    // SAFETY: plain integers; a refusal leaves the end of input, which ends the worker between requests.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
}

/// Tells malloc to keep the memory that a network frees. Call it before libtorch allocates.
///
/// A network frees and allocates feature maps of many megabytes at every layer. By default malloc gives each of them back
/// to the kernel, and the next one costs a page fault, and a page to clear, for each 4 KiB. That is no work of the network.
pub(crate) fn keep_freed_memory() {
    // No allocation gets a mapping of its own, which `free` would give back, and the heap never shrinks.
    for (parameter, value) in [(libc::M_MMAP_MAX, 0), (libc::M_TRIM_THRESHOLD, libc::c_int::MAX)] {
        // SAFETY: parameters that mallopt(3) documents; they only change where later allocations come from. A refusal
        // leaves malloc's default.
        unsafe { libc::mallopt(parameter, value) };
    }
}

/// Gives the freed memory that malloc kept back to the kernel.
pub(crate) fn return_freed_memory() {
    // SAFETY: gives back free pages, touches nothing that is in use.
    unsafe { libc::malloc_trim(0) };
}

/// Reserves stdout for the protocol: the result writes to it, and file descriptor 1 becomes stderr for all other code, so
/// that nothing that a library prints can stand between two replies.
pub(crate) fn claim_stdout() -> io::Result<File> {
    // SAFETY: descriptors 1 and 2 are this process's own; the copy is owned by the `File` and by nobody else. It is
    // not handed down to children.
    unsafe {
        let replies = libc::fcntl(libc::STDOUT_FILENO, libc::F_DUPFD_CLOEXEC, 3);
        if replies < 0 || libc::dup2(libc::STDERR_FILENO, libc::STDOUT_FILENO) < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(File::from_raw_fd(replies))
    }
}

/// CPU time that all threads of this process have used, in milliseconds.
pub(crate) fn cpu_ms() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a place for the result; the clock exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 * 1e-6
}

/// Ends without running the libraries' destructors: to unload CUDA takes time and can crash, and every reply was sent.
pub(crate) fn exit_at_once() -> ! {
    // SAFETY: nothing is buffered: each reply was written whole.
    unsafe { libc::_exit(0) }
}
