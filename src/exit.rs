//! Exit codes: what a script may rely on. They are listed in `esr-bench --help` and in the README.

/// Everything that was asked for was done.
pub const DONE: u8 = 0;
/// An unexpected failure of the machine: a disk that is full, a file that cannot be written.
pub const FAILED: u8 = 1;
/// The command line could not be understood (clap uses this code as well).
pub const USAGE: u8 = 2;
/// A file or a value that the user gave is wrong; the message names it.
pub const BAD_INPUT: u8 = 3;
/// The run is complete, but at least one submission failed; each has a row with its reason.
pub const SOME_FAILED: u8 = 4;
/// A graph holds operations that the convention does not know.
pub const UNKNOWN_OPS: u8 = 5;
/// The worker is missing, too old, or cannot start.
pub const NO_WORKER: u8 = 6;
/// A check (`lint`, `audit`, `data check`, `identify`, `rules check`, `doctor`, `verify`, `rank --require-fit`) found something wrong.
pub const CHECK_FAILED: u8 = 7;
/// Interrupted by the user; what was measured is kept, and `--resume` measures the rest.
pub const INTERRUPTED: u8 = 130;
