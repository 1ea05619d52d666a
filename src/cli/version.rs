//! What `--version` prints: the program, the commit that it was built from, and the worker with its libtorch. `-V` prints the first
//! line alone.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use esr_bench::worker_process::{Launch, Limits, Worker, locate};

/// How long the worker may take to start. Loading libtorch with CUDA on a busy machine takes seconds.
const START: Duration = Duration::from_secs(60);

/// The commit, as `build.rs` found it: empty in a development build, `unknown` outside a Git checkout.
const COMMIT: Option<&str> = option_env!("ESR_BENCH_COMMIT");

/// The four lines. A worker that is missing is no error: the harness ranks without one.
pub(super) fn long() -> String {
    let limits = Limits { start: START, ..Limits::default() };
    let hello = locate(None).and_then(|program| {
        let worker = Worker::start(&Launch::new(program, limits), Arc::new(AtomicBool::new(false)))?;
        Ok((worker.hello().worker.clone(), worker.hello().backend.clone()))
    });
    lines(COMMIT, hello.map_err(|error| error.to_string()))
}

fn lines(commit: Option<&str>, worker: Result<(String, String), String>) -> String {
    let commit = match commit {
        None | Some("") => "not recorded in a development build",
        Some("unknown") => "unknown: built outside a Git checkout",
        Some(commit) => commit,
    };
    let (worker, backend) = worker.unwrap_or_else(|why| (format!("none: {why}"), "none".to_owned()));
    let libtorch = backend.strip_prefix("libtorch ").unwrap_or(&backend);
    format!("esr-bench {}\ncommit: {commit}\nworker: {worker}\nlibtorch: {libtorch}\n", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fact_has_its_line() {
        let hello = || Ok(("esr-worker 0.1.0".to_owned(), "libtorch 2.11.0".to_owned()));
        let text = lines(Some("0f15209abcde"), hello());
        let version = env!("CARGO_PKG_VERSION");
        let expected =
            format!("esr-bench {version}\ncommit: 0f15209abcde\nworker: esr-worker 0.1.0\nlibtorch: 2.11.0\n");
        assert_eq!(text, expected);
        let bare = lines(Some("unknown"), Err("no worker at /x".to_owned()));
        assert!(
            bare.contains("commit: unknown: built outside a Git checkout\nworker: none: no worker at /x\n"),
            "{bare}"
        );
        assert!(lines(None, hello()).contains("commit: not recorded in a development build\n"));
    }
}
