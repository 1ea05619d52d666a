//! The receptive field: which LR pixels one SR pixel can see.
//!
//! Followed backwards from one pixel of the result, exactly: each operation of the table says which places of its
//! arguments a place of its result needs. Windows are followed without the image's borders. Operations that sum over
//! places (global pooling), or whose places depend on the data, are listed apart: what lies behind them is out of sight
//! of the windows, and any pixel may matter.

mod axes;
mod step;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::graph::ops::call::Call;
use crate::graph::ops::opgraph::{OpGraph, Role};
use crate::graph::ops::table;
use step::Walk;

/// What one pixel of the result sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receptive {
    /// Height and width, in LR pixels, of what it sees through windows (convolutions, poolings, interpolation); the
    /// largest over the phases of the result's pixels. Absent if no window leads from the result to the input.
    pub window: Option<[i64; 2]>,
    /// Operations that look further than any window: at a whole side, or where the data decides; with their calls.
    pub beyond: BTreeMap<String, u64>,
}

/// So many neighbouring pixels of the result are tried, along both axes at once: the phases of strides, pixel shuffles
/// and interpolations repeat within (scale 4, ESA's stride of 6).
const PHASES: i64 = 24;

/// The receptive field of a graph.
pub fn receptive(graph: &OpGraph) -> Receptive {
    let none = Receptive { window: None, beyond: BTreeMap::new() };
    let Some(input) = graph.tensors.iter().position(|t| t.role == Role::Input) else { return none };
    let Some(output) = graph.tensors.iter().position(|t| t.role == Role::Output) else { return none };
    let axes = axes::of_all(graph, input);
    let [Some(h), Some(w)] = axes::extents(&axes[output], &graph.tensors[output].shape) else {
        return Receptive { window: None, beyond: BTreeMap::from([("(places are lost)".to_owned(), 1)]) };
    };
    let mut window: Option<[i64; 2]> = None;
    let mut beyond = BTreeMap::new();
    for phase in 0..PHASES.min(h).min(w) {
        let place = |n: i64| (n - PHASES.min(n)) / 2 + phase;
        let mut walk = Walk::new(graph, &axes);
        walk.need(output, [Some((place(h), place(h))), Some((place(w), place(w)))]);
        for index in (0..graph.ops.len()).rev() {
            let call = Call { graph, index };
            let locality = table::find(&call.op().name).map_or(table::Locality::Whole, |e| e.locality);
            walk.step(&call, locality);
        }
        if let Some([Some(rows), Some(columns)]) = walk.needed(input) {
            let size = [rows.1 - rows.0 + 1, columns.1 - columns.0 + 1];
            let most = window.get_or_insert(size);
            *most = [most[0].max(size[0]), most[1].max(size[1])];
        }
        beyond = walk.beyond;
    }
    Receptive { window, beyond }
}
