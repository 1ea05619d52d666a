//! Whether submissions can be confined.

use crate::checks::doctor::diagnosis::{Diagnosis, Level};
use crate::worker_process::sandbox::Support;

pub(super) fn examine(support: Support) -> Diagnosis {
    let what = support.to_string();
    match support.is_whole() {
        true => Diagnosis::new("sandbox", Level::Good, what),
        false => Diagnosis::new("sandbox", Level::Warning, what).remedy(
            "use Linux 6.12 or later with Landlock and seccomp, or run submissions as a user without access to other data",
        ),
    }
}
