//! The files of a run directory, and the version of their format.

/// The version of a run directory. A newer one is refused, and never written to.
pub const FORMAT: u32 = 1;

/// The manifest's name in a run directory.
pub(crate) const MANIFEST: &str = "run.json";

/// The log's name in a run directory.
pub(crate) const EVENTS: &str = "events.jsonl";

/// The folder of graphs in a run directory.
pub(crate) const GRAPHS: &str = "graphs";
