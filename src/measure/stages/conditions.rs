//! What state the machine is in before and during a block (one round of one label): provenance for its figures.

use crate::machine;
use crate::machine::activity::{self, ProcessUse, Snapshot};
use crate::run::Conditions;

/// Names of running processes that are recorded for one block.
const NAMES: usize = 10;

/// A block that has begun.
pub(super) struct Block {
    before: Conditions,
    start: Option<Snapshot>,
}

impl Block {
    /// Looks at the machine before a block: its load, clocks, who else runs, and for a run on a GPU the driver's view of it.
    pub(super) fn begin(device: &str) -> Block {
        let probed = machine::probe_load();
        let before = Conditions {
            load_1min: probed.load_1min,
            governors: probed.governors,
            clock_mhz: activity::clock_mhz(),
            running: activity::running(&[std::process::id()], NAMES),
            gpus: if device.starts_with("cuda") { machine::probe().nvidia.gpus } else { Vec::new() },
            ..Conditions::default()
        };
        Block { before, start: Snapshot::take() }
    }

    /// What the block was measured under; `worker` is what its worker used.
    pub(super) fn end(self, worker: Option<ProcessUse>) -> Conditions {
        let now = Snapshot::take();
        let activity = self.start.zip(now).map(|(start, now)| start.until(&now, worker)).unwrap_or_default();
        Conditions { activity, ..self.before }
    }
}
