//! What one submission needs of the file system.

use std::path::PathBuf;

/// What one worker may reach besides the system's libraries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Files and folders that it may read.
    pub read: Vec<PathBuf>,
    /// Files that it may read and write.
    pub write: Vec<PathBuf>,
    /// The folder for its temporary files: it may do everything there but start programs.
    pub scratch: Option<PathBuf>,
}
