//! Failures as the protocol carries them: a kind and a message of one line. This file uses no other of the worker.

use std::any::Any;

use esr_bench::protocol::{Failed, FailureKind};
use tch::TchError;

/// Shorthand for the worker's results.
pub(crate) type Result<T> = std::result::Result<T, Failed>;

/// A request that is wrong, or comes at the wrong time.
pub(crate) fn request(message: impl Into<String>) -> Failed {
    Failed { kind: FailureKind::Request, message: message.into() }
}

/// A file that cannot be read or does not fit.
pub(crate) fn load(message: impl Into<String>) -> Failed {
    Failed { kind: FailureKind::Load, message: message.into() }
}

/// Something that this worker does not support.
pub(crate) fn unsupported(message: impl Into<String>) -> Failed {
    Failed { kind: FailureKind::Unsupported, message: message.into() }
}

/// A file that the harness's library cannot read.
pub(crate) fn unreadable(error: esr_bench::Error) -> Failed {
    load(error.to_string())
}

/// A failure while something ran.
pub(crate) fn run(message: impl Into<String>) -> Failed {
    Failed { kind: FailureKind::Run, message: message.into() }
}

/// An output of the network that is not as it should be.
pub(crate) fn output(message: impl Into<String>) -> Failed {
    Failed { kind: FailureKind::Output, message: message.into() }
}

/// libtorch's message on one line, without its stack of C++ frames.
pub(crate) fn from_libtorch(text: &str) -> Failed {
    let text = text.split("\nException raised from").next().unwrap_or(text);
    let message = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let kind = if is_out_of_memory(&message) { FailureKind::OutOfMemory } else { FailureKind::Run };
    Failed { kind, message: internal_check(&message).unwrap_or(message) }
}

/// A failed internal check of libtorch names a line of its source and asks for a bug report to PyTorch. That misleads the
/// user, whose file or network caused it: what is left is the reason, if libtorch gives one.
fn internal_check(message: &str) -> Option<String> {
    let (before, rest) = message.split_once("INTERNAL ASSERT FAILED")?;
    let reason = rest.split_once("please report a bug to PyTorch.").map_or("", |(_, reason)| reason).trim();
    let condition = before.trim().trim_end_matches([':', ' ']);
    let reason = if reason.is_empty() { condition } else { reason };
    Some(format!("libtorch cannot do this: {}", if reason.is_empty() { "it gives no reason" } else { reason }))
}

/// As [`from_libtorch`], for `map_err`.
pub(crate) fn tch(error: TchError) -> Failed {
    match error {
        TchError::Torch(text) => from_libtorch(&text),
        other => from_libtorch(&other.to_string()),
    }
}

/// A panic of a tch function that returns no result, whose text contains libtorch's message, or of the worker's code.
pub(crate) fn from_panic(payload: &(dyn Any + Send)) -> Failed {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message");
    // `called `Result::unwrap()` on an `Err` value: Torch("...")`: libtorch's text as Rust's Debug prints it.
    match text.split_once("Torch(\"").map(|(_, rest)| rest.trim_end_matches("\")")) {
        Some(escaped) => from_libtorch(&escaped.replace("\\n", "\n").replace("\\\"", "\"").replace("\\'", "'")),
        None => from_libtorch(text),
    }
}

// The messages of CUDA's allocator, of cuDNN and cuBLAS, and of the CPU's allocator.
fn is_out_of_memory(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    [
        "out of memory",
        "not enough memory",
        "can't allocate memory",
        "cudnn_status_alloc_failed",
        "cublas_status_alloc_failed",
        "std::bad_alloc",
    ]
    .iter()
    .any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_tch_gives_libtorchs_words_on_one_line() {
        let payload: Box<dyn Any + Send> = Box::new(
            r#"called `Result::unwrap()` on an `Err` value: Torch("size \"7\" must match\nat dim 1\nException raised from f (most recent call first):\nframe #0")"#
                .to_owned(),
        );
        let failed = from_panic(payload.as_ref());
        assert_eq!(failed, run(r#"size "7" must match at dim 1"#));
    }

    #[test]
    fn a_failed_internal_check_is_reduced_to_its_reason() {
        let text = "index < size INTERNAL ASSERT FAILED at \"/pytorch/c10/x.cpp\":12, please report a bug to PyTorch. \
                    unknown type tag 7\nException raised from f";
        assert_eq!(from_libtorch(text), run("libtorch cannot do this: unknown type tag 7"));
        let text = "index < size INTERNAL ASSERT FAILED at \"x.cpp\":12, please report a bug to PyTorch. ";
        assert_eq!(from_libtorch(text), run("libtorch cannot do this: index < size"));
    }

    #[test]
    fn each_allocators_words_are_out_of_memory() {
        for text in [
            "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 10 GiB",
            "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to \
             allocate 99 bytes. Error code 12 (Cannot allocate memory)",
            "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        ] {
            assert_eq!(from_libtorch(text).kind, FailureKind::OutOfMemory, "{text}");
        }
        assert_eq!(from_libtorch("mat1 and mat2 shapes cannot be multiplied").kind, FailureKind::Run);
    }
}
