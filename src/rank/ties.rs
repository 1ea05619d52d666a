//! Ranks by one figure, and what happens to equals.

use std::cmp::Ordering;

use crate::entry::Entry;
use crate::entry::Metric;
use crate::entry::rounding::round_to;
use crate::rules::schema::{MetricRanks, Ties, Values};

/// An order of entries that depends on nothing but their content: the ranking of a table must not depend on its rows' order.
pub(super) fn canonical(a: &Entry, b: &Entry) -> Ordering {
    let values = |e: &Entry| Metric::ALL.map(|m| e.get(m));
    let by_metrics = || {
        let pairs = values(a).into_iter().zip(values(b));
        pairs.map(|(x, y)| total(x, y)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
    };
    a.team.cmp(&b.team).then_with(|| a.submission.cmp(&b.submission)).then_with(by_metrics)
}

fn total(a: Option<f64>, b: Option<f64>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// The value that is compared, so that less is better; infinite if it was not measured.
pub(super) fn cost(entry: &Entry, metric: Metric, values: Values) -> f64 {
    let Some(value) = entry.get(metric) else { return f64::INFINITY };
    let value = match values {
        Values::Full => value,
        Values::Printed => round_to(value, metric.decimals()),
    };
    if metric.higher_is_better() { -value } else { value }
}

/// Each entry's rank by each of `metrics`, in entries' order; an entry has no rank by what was not measured.
///
/// Entries must come in canonical order. With [`Ties::Stable`], each sort starts from the order that the one before left.
pub(super) fn metric_ranks(entries: &[&Entry], metrics: &[Metric], rule: &MetricRanks) -> Vec<Vec<Option<u32>>> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    let mut all = Vec::with_capacity(metrics.len());
    for &metric in metrics {
        let costs: Vec<f64> = entries.iter().map(|e| cost(e, metric, rule.values)).collect();
        order.sort_by(|&a, &b| costs[a].total_cmp(&costs[b]));
        let ranks = assign(&order, rule.ties, |a, b| costs[a] == costs[b]);
        let measured = |i: usize| entries[i].get(metric).is_some();
        all.push(ranks.into_iter().enumerate().map(|(i, rank)| measured(i).then_some(rank)).collect());
    }
    all
}

/// Ranks from an order, by index: equals share a rank (1, 1, 3), or not.
pub(super) fn assign(order: &[usize], ties: Ties, equal: impl Fn(usize, usize) -> bool) -> Vec<u32> {
    let mut ranks = vec![0; order.len()];
    for (position, &index) in order.iter().enumerate() {
        let shares = ties == Ties::Competition && position > 0 && equal(order[position - 1], index);
        ranks[index] = if shares { ranks[order[position - 1]] } else { position as u32 + 1 };
    }
    ranks
}

/// Groups of entries that a metric's compared values do not tell apart, as indices; sorted by the value.
pub(super) fn equal_groups(entries: &[&Entry], metric: Metric, values: Values) -> Vec<Vec<usize>> {
    let mut by_cost: Vec<(f64, usize)> = entries
        .iter()
        .enumerate()
        .filter(|(_, e)| e.get(metric).is_some())
        .map(|(i, e)| (cost(e, metric, values), i))
        .collect();
    by_cost.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    by_cost.chunk_by(|a, b| a.0 == b.0).filter(|g| g.len() > 1).map(|g| g.iter().map(|p| p.1).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(team: &str, runtime: f64, params: f64) -> Entry {
        let metrics = [(Metric::RuntimeMs, runtime), (Metric::ParamsM, params)].into();
        Entry { team: team.into(), metrics, ..Entry::default() }
    }

    #[test]
    fn stable_ties_follow_the_sort_before() {
        let entries = [entry("A", 3.0, 0.2761), entry("B", 2.0, 0.2764), entry("C", 1.0, 0.3)];
        let refs: Vec<&Entry> = entries.iter().collect();
        let metrics = [Metric::RuntimeMs, Metric::ParamsM];
        let mut rule = MetricRanks { ties: Ties::Stable, values: Values::Printed, order: metrics.to_vec() };
        // Both print 0.276: B was faster. Unrounded, A has fewer.
        assert_eq!(metric_ranks(&refs, &metrics, &rule)[1], [Some(2), Some(1), Some(3)]);
        rule.values = Values::Full;
        assert_eq!(metric_ranks(&refs, &metrics, &rule)[1], [Some(1), Some(2), Some(3)]);
        rule = MetricRanks { ties: Ties::Competition, values: Values::Printed, ..rule };
        assert_eq!(metric_ranks(&refs, &metrics, &rule)[1], [Some(1), Some(1), Some(3)]);
        assert_eq!(equal_groups(&refs, Metric::ParamsM, Values::Printed), [vec![0, 1]]);
    }

    #[test]
    fn what_was_not_measured_has_no_rank() {
        let mut entries = [entry("A", 3.0, 0.2), entry("B", 2.0, 0.3)];
        entries[0].metrics.remove(&Metric::RuntimeMs);
        let refs: Vec<&Entry> = entries.iter().collect();
        let ranks = metric_ranks(&refs, &[Metric::RuntimeMs], &MetricRanks::default());
        assert_eq!(ranks[0], [None, Some(1)]);
    }
}
