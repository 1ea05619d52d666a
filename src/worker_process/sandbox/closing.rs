//! The worker's own part of the sandbox: from now on it starts no process.

use std::sync::Mutex;

use seccompiler::{BpfProgram, apply_filter_all_threads, sock_filter};

/// The variable that carries the second filter: BPF instructions in hexadecimal, as the kernel has them in memory. A worker
/// installs them for all its threads before it reads anything of a submission.
pub(super) const VARIABLE: &str = "ESR_BENCH_SECCOMP";

/// Installs the filter that the harness handed over, once. Without one there is nothing to do.
///
/// # Errors
/// The filter is damaged, or the kernel refuses it.
pub fn close() -> Result<(), String> {
    static CLOSED: Mutex<bool> = Mutex::new(false);
    let mut closed = CLOSED.lock().map_err(|error| error.to_string())?;
    let Ok(text) = std::env::var(VARIABLE) else { return Ok(()) };
    if *closed {
        return Ok(());
    }
    let program = parse(&text).ok_or_else(|| format!("{VARIABLE} holds no filter"))?;
    apply_filter_all_threads(&program).map_err(|error| format!("the filter of system calls is refused: {error}"))?;
    *closed = true;
    Ok(())
}

/// The instructions that `text` spells.
pub(super) fn parse(text: &str) -> Option<BpfProgram> {
    let bytes: Option<Vec<u8>> =
        text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    let step = |chunk: &[u8]| match *chunk {
        [c0, c1, jt, jf, k0, k1, k2, k3] => {
            let (code, k) = (u16::from_ne_bytes([c0, c1]), u32::from_ne_bytes([k0, k1, k2, k3]));
            Some(sock_filter { code, jt, jf, k })
        }
        _ => None,
    };
    bytes?.chunks(8).map(step).collect()
}
