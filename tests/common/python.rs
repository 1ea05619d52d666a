//! The Python interpreter that tests use.

use std::path::PathBuf;
use std::process::Command;

use super::skip;

/// The interpreter that `ESR_BENCH_PYTHON` names, or `python3`, if it can run `code`. If not, the test named `test_name` says
/// that it was skipped.
///
/// # Panics
/// Under `CI=true`, if it cannot.
pub(crate) fn python(code: &str, test_name: &str) -> Option<PathBuf> {
    let program = std::env::var_os("ESR_BENCH_PYTHON").filter(|p| !p.is_empty()).unwrap_or_else(|| "python3".into());
    let works = Command::new(&program).args(["-c", code]).output().is_ok_and(|o| o.status.success());
    if !works {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{test_name}: no Python that can `{code}` under CI=true");
        skip::skipped(test_name, &format!("no Python that can `{code}`; ESR_BENCH_PYTHON names one"));
    }
    works.then(|| program.into())
}
