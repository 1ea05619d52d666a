//! Everything that one graph tells, in one object: what `esr-bench inspect` shows.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::graph::analysis::growth::{Growth, growth};
use crate::graph::analysis::memory::{MemoryBound, memory};
use crate::graph::analysis::receptive::{Receptive, receptive};
use crate::graph::conventions::count::{Tally, costs, tally};
use crate::graph::conventions::counter::Counter;
use crate::graph::ops::call::sum;
use crate::graph::ops::opgraph::{OpGraph, Recorded};
use crate::graph::views::notes::{Discrepancy, discrepancies};
use crate::graph::views::rows::{Grouping, Row, rows};

/// A graph, inspected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// What was recorded.
    pub network: String,
    /// The input's shape (N, C, H, W).
    pub input: [i64; 4],
    /// How it was recorded.
    pub recorded: Recorded,
    /// The sums, by the convention asked for.
    #[serde(flatten)]
    pub tally: Tally,
    /// FLOPs by every convention.
    pub conventions: Vec<Convention>,
    /// A lower bound of the memory that a forward needs.
    pub memory: MemoryBound,
    /// What one pixel of the result sees.
    pub receptive_field: Receptive,
    /// How the sums grow with the input, where other sizes could be recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<Laws>,
    /// Conventions that differ by more than 1 %, and why.
    pub discrepancies: Vec<Discrepancy>,
    /// What a publication prints, and which count that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Published>,
    /// What the rows stand for.
    pub by: Grouping,
    /// The rows.
    pub rows: Vec<Row>,
}

/// One convention's total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Convention {
    /// Its name.
    pub counter: Counter,
    /// Its FLOPs.
    pub flops: u64,
}

/// A published figure, explained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Published {
    /// FLOPs as printed, in units of 10^9.
    pub flops_g: f64,
    /// The counts that print the same; none explains it where this is empty.
    pub is: Vec<String>,
}

/// How figures grow with the input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Laws {
    /// The sizes (height, width) that were recorded.
    pub sizes: [[i64; 2]; 3],
    /// FLOPs.
    pub flops: Growth,
    /// Activations.
    pub activations: Growth,
    /// The memory bound, without the weights.
    pub memory: Growth,
    /// FLOPs (elements written where there are none) of each row, in the rows' order; absent where a row computes and
    /// writes nothing, or is missing at one of the sizes.
    pub rows: Vec<Option<Growth>>,
}

/// Inspects a graph.
pub fn inspect(graph: &OpGraph, counter: Counter, by: Grouping) -> Inspection {
    let costs_here = costs(graph, counter);
    let conventions = Counter::ALL
        .map(|c| Convention {
            counter: c,
            flops: sum(costs(graph, c).iter().map(crate::graph::conventions::count::OpCost::flops)),
        })
        .to_vec();
    Inspection {
        network: graph.network.clone(),
        input: graph.input,
        recorded: graph.recorded,
        tally: tally(graph, counter, &costs_here),
        conventions,
        memory: memory(graph),
        receptive_field: receptive(graph),
        growth: None,
        discrepancies: discrepancies(graph, counter),
        published: None,
        by,
        rows: rows(graph, &costs_here, by),
    }
}

/// The figures of one size that grow.
struct At {
    pixels: u64,
    flops: u64,
    activations: u64,
    memory: u64,
    rows: HashMap<String, u64>,
}

impl At {
    fn of(graph: &OpGraph, counter: Counter, by: Grouping) -> At {
        let costs = costs(graph, counter);
        let tally = tally(graph, counter, &costs);
        let bound = memory(graph);
        let rows = rows(graph, &costs, by).into_iter();
        At {
            pixels: (graph.input[2].max(1) as u64).saturating_mul(graph.input[3].max(1) as u64),
            flops: tally.flops,
            activations: tally.activations,
            memory: bound.peak_bytes.saturating_sub(bound.weights_bytes),
            rows: rows.map(|r| (r.name, if r.flops > 0 { r.flops } else { r.elements })).collect(),
        }
    }
}

impl Inspection {
    /// Says which count a published figure is; published figures stand for 256 x 256 pixels, others are left alone.
    pub fn explain(&mut self, flops_g: f64) {
        if self.input != [1, 3, 256, 256] {
            return;
        }
        let printed = |flops: u64| format!("{:.2}", flops as f64 / 1e9) == format!("{flops_g:.2}");
        let mut is: Vec<String> =
            self.conventions.iter().filter(|c| printed(c.flops)).map(|c| c.counter.to_string()).collect();
        // Some tools count the addition of a bias: looked at only where no convention explains the figure.
        if is.is_empty() && printed(self.tally.macs.saturating_add(self.tally.conv_biases)) {
            is.push("macs and one operation for each convolution's bias".to_owned());
        }
        self.published = Some(Published { flops_g, is });
    }

    /// Adds how figures grow, from the same network at three sizes, smallest first.
    pub fn grow(&mut self, graphs: &[OpGraph; 3]) {
        let all = graphs.each_ref().map(|g| At::of(g, self.tally.counter, self.by));
        let fit = |value: fn(&At) -> u64| growth(all.each_ref().map(|at| (at.pixels, value(at))));
        let row = |row: &Row| {
            // A row that only looks at data otherwise has nothing to grow.
            if row.flops == 0 && row.elements == 0 {
                return None;
            }
            let points: Option<Vec<_>> = all.iter().map(|at| Some((at.pixels, *at.rows.get(&row.name)?))).collect();
            <[(u64, u64); 3]>::try_from(points?).ok().map(growth)
        };
        self.growth = Some(Laws {
            sizes: graphs.each_ref().map(|g| [g.input[2], g.input[3]]),
            flops: fit(|at| at.flops),
            activations: fit(|at| at.activations),
            memory: fit(|at| at.memory),
            rows: self.rows.iter().map(row).collect(),
        });
    }
}
