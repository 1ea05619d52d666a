//! Remarks: cuts that depend on rounding, ranks of equal values that depend on the order of sorting, and equal entries.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::{Auditor, plural, stem};
use crate::entry::Metric;
use crate::entry::label;
use crate::entry::rounding::round_to;
use crate::rank::cut;
use crate::rank::cut::CutResult;
use crate::rank::{Leaderboard, Row};
use crate::rules::schema::Cut;

impl Auditor<'_> {
    /// Decisions of the cuts that another rounding would reverse.
    pub(super) fn cuts(&mut self, board: &Leaderboard) {
        for cut in &self.rules.cuts {
            let (mut spared, mut open) = (Vec::new(), Vec::new());
            for row in &board.rows {
                let (Some(value), Some(interval)) = (row.entry.get(cut.metric), self.interval(&row.entry, cut.metric))
                else {
                    continue;
                };
                if cut::verdict(cut, value) == CutResult::PassByRounding {
                    spared.push(format!("{} ({value:.4})", label(&row.entry)));
                } else if interval.low < cut.at_least && interval.high > interval.low {
                    open.push(label(&row.entry));
                }
            }
            let (metric, limit) = (cut.metric, cut.at_least);
            if !spared.is_empty() {
                self.audit.remarks.push(format!(
                    "{metric}: {} below the cut at {limit:.2} unless rounded: {}",
                    plural(spared.len(), "entry is", "entries are"),
                    spared.join(", ")
                ));
            }
            if !open.is_empty() {
                self.audit.remarks.push(format!(
                    "{metric}: {} exactly the cut at {limit:.2}, so that the unrounded value may be below: {}",
                    plural(open.len(), "entry prints", "entries print"),
                    open.join(", ")
                ));
            }
            if let Some(announced) = cut.announced.filter(|a| *a != limit) {
                let below = board.rows.iter().filter(|r| {
                    let announced = Cut { at_least: announced, ..cut.clone() };
                    r.entry.get(metric).is_some_and(|v| !cut::verdict(&announced, v).passes())
                });
                let names: Vec<String> = below.map(|r| label(&r.entry)).collect();
                if !names.is_empty() {
                    self.audit.remarks.push(format!(
                        "{metric}: {announced:.2} was announced, {limit:.2} is applied; {} ranked below the announced value: {}",
                        plural(names.len(), "entry is", "entries are"),
                        names.join(", ")
                    ));
                }
            }
        }
    }

    /// The order of distinct printed ranks of equal printed values.
    pub(super) fn ties(&mut self, board: &Leaderboard) {
        let order = &self.rules.metric_ranks.order;
        let (mut follow, mut against, mut pairs) = (0u32, 0u32, Vec::new());
        for (i, &metric) in order.iter().enumerate().skip(1) {
            let column = format!("{}_rank", stem(metric));
            let printed_rank = |row: &Row, column: &str| row.entry.printed.get(column)?.parse::<u32>().ok();
            let mut groups: BTreeMap<u64, Vec<&Row>> = BTreeMap::new();
            for row in &board.rows {
                if let (Some(value), true) = (row.entry.get(metric), printed_rank(row, &column).is_some()) {
                    let value = round_to(value, metric.decimals());
                    groups.entry(value.to_bits()).or_default().push(row);
                }
            }
            let before = format!("{}_rank", stem(order[i - 1]));
            for group in groups.values_mut().filter(|g| g.len() > 1) {
                group.sort_by_key(|r| printed_rank(r, &column));
                for pair in group.windows(2) {
                    let (first, second) = (pair[0], pair[1]);
                    if printed_rank(first, &column) == printed_rank(second, &column) {
                        continue;
                    }
                    let follows = printed_rank(first, &before) < printed_rank(second, &before);
                    follow += u32::from(follows);
                    against += u32::from(!follows);
                    pairs.push(format!("{metric} {} before {}", label(&first.entry), label(&second.entry)));
                }
            }
        }
        if follow > 0 && against == 0 {
            self.audit.remarks.push(format!(
                "{} of equal printed values have distinct ranks, all in the previous sort's order, so that they were not broken \
                 by unrounded values (those would agree so by chance once in {}): {}",
                plural(follow as usize, "pair", "pairs"),
                2u64.saturating_pow(follow),
                pairs.join("; ")
            ));
        } else if against > 0 {
            self.audit.remarks.push(format!(
                "equal printed values have distinct ranks; {against} of {} do not keep the previous sort's order: {}",
                follow + against,
                pairs.join("; ")
            ));
        }
    }

    /// Entries that are equal in every cost: perhaps one network under two names.
    pub(super) fn twins(&mut self) {
        const COSTS: [Metric; 5] = [Metric::ParamsM, Metric::FlopsG, Metric::ActsM, Metric::MemM, Metric::Convs];
        let mut groups: BTreeMap<Vec<u64>, BTreeSet<usize>> = BTreeMap::new();
        for (i, entry) in self.table.entries.iter().enumerate() {
            let costs: Option<Vec<u64>> = COSTS.iter().map(|&m| entry.get(m).map(f64::to_bits)).collect();
            if let Some(costs) = costs {
                groups.entry(costs).or_default().insert(i);
            }
        }
        for group in groups.values().filter(|g| g.len() > 1) {
            let shown = |&i: &usize| {
                let entry = &self.table.entries[i];
                let runtime = entry.get(Metric::RuntimeMs).map_or_else(String::new, |v| format!(" ({v:.2} ms)"));
                label(entry) + &runtime
            };
            let names: Vec<String> = group.iter().map(shown).collect();
            self.audit.remarks.push(format!("equal in every cost, possibly the same network: {}", names.join(", ")));
        }
    }
}
