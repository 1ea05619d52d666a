//! Differences between two conventions, by operation.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::graph::conventions::count::costs;
use crate::graph::conventions::counter::Counter;
use crate::graph::ops::opgraph::OpGraph;

/// A note is due above this relative difference.
pub(crate) const THRESHOLD: f64 = 0.01;

/// Two conventions that disagree about a graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Discrepancy {
    /// The convention asked for.
    pub counter: Counter,
    /// Its FLOPs.
    pub flops: u64,
    /// The other one.
    pub other: Counter,
    /// The other one's FLOPs.
    pub other_flops: u64,
    /// What makes up the difference, the largest part first.
    pub parts: Vec<Part>,
}

/// The calls of one operation in modules of one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The operation's full name.
    pub op: String,
    /// The class of the module directly around it.
    pub class: String,
    /// Calls.
    pub calls: u64,
    /// FLOPs by the convention asked for.
    pub flops: u64,
    /// FLOPs by the other one.
    pub other_flops: u64,
}

impl Discrepancy {
    /// The difference, relative to the larger figure.
    pub fn relative(&self) -> f64 {
        let most = self.flops.max(self.other_flops);
        if most == 0 { 0.0 } else { self.flops.abs_diff(self.other_flops) as f64 / most as f64 }
    }
}

/// The conventions that give more than [`THRESHOLD`] more or less than `counter`.
pub fn discrepancies(graph: &OpGraph, counter: Counter) -> Vec<Discrepancy> {
    Counter::ALL
        .into_iter()
        .filter(|&other| other != counter)
        .map(|other| difference(graph, counter, other))
        .filter(|d| d.relative() > THRESHOLD)
        .collect()
}

/// What two conventions give, and every operation that they count differently.
pub fn difference(graph: &OpGraph, counter: Counter, other: Counter) -> Discrepancy {
    let mut parts: BTreeMap<(String, &str), Part> = BTreeMap::new();
    let (mut flops, mut other_flops) = (0_u64, 0_u64);
    for ((op, a), b) in graph.ops.iter().zip(costs(graph, counter)).zip(costs(graph, other)) {
        let (a, b) = (a.flops(), b.flops());
        flops = flops.saturating_add(a);
        other_flops = other_flops.saturating_add(b);
        if a == b {
            continue;
        }
        let class = op.scope.last().map_or("", |s| s.class.as_str());
        let part = parts.entry((op.full_name(), class)).or_insert_with(|| Part {
            op: op.full_name(),
            class: class.to_owned(),
            calls: 0,
            flops: 0,
            other_flops: 0,
        });
        part.calls += 1;
        part.flops = part.flops.saturating_add(a);
        part.other_flops = part.other_flops.saturating_add(b);
    }
    let mut parts: Vec<Part> = parts.into_values().collect();
    parts.sort_by_key(|p| std::cmp::Reverse(p.flops.abs_diff(p.other_flops)));
    Discrepancy { counter, flops, other, other_flops, parts }
}

impl fmt::Display for Discrepancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// More than this the reader finds in the JSON.
        const SHOWN: usize = 4;
        write!(f, "{} counts {}, {} {}:", self.counter, giga(self.flops), self.other, giga(self.other_flops))?;
        for (i, part) in self.parts.iter().take(SHOWN).enumerate() {
            let comma = if i == 0 { "" } else { "," };
            let Part { op, class, calls, flops, other_flops } = part;
            let times = if *calls == 1 { String::new() } else { format!(" ({calls} calls)") };
            let within = if class.is_empty() { String::new() } else { format!(" in {class}") };
            write!(f, "{comma} {op}{within}{times} {} against {}", giga(*flops), giga(*other_flops))?;
        }
        match self.parts.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, ", and {more} smaller parts"),
        }
    }
}

/// 9.446 G, or with a smaller unit where that would show nothing.
fn giga(n: u64) -> String {
    match n {
        0 => "0".to_owned(),
        n if n >= 10_000_000 => format!("{:.3} G", n as f64 / 1e9),
        n if n >= 10_000 => format!("{:.3} M", n as f64 / 1e6),
        n => n.to_string(),
    }
}
