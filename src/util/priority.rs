//! Standing back behind other processes.

use crate::error::{Error, Result};

/// Raises this process's nice value by `by`. Threads that are made later have it as well.
pub fn lower(by: i32) -> Result<()> {
    let refused = |error: rustix::io::Errno| Error::io("set", "the process's priority")(error.into());
    rustix::process::nice(by).map(|_| ()).map_err(refused)
}
