//! The Pareto front of two metrics.

use crate::entry::Metric;
use crate::rank::Row;

/// Marks the rows that no other row beats: no row is at least as good by both metrics and better by one. A row without one of
/// the metrics is not on the front.
pub(super) fn mark(rows: &mut [Row], (a, b): (Metric, Metric)) {
    // Costs: lower is better in both.
    let cost = |row: &Row, m: Metric| row.entry.get(m).map(|v| if m.higher_is_better() { -v } else { v });
    let mut points: Vec<(f64, f64, usize)> =
        rows.iter().enumerate().filter_map(|(i, row)| Some((cost(row, a)?, cost(row, b)?, i))).collect();
    points.sort_by(|p, q| p.0.total_cmp(&q.0).then(p.1.total_cmp(&q.1)));
    for row in rows.iter_mut() {
        row.pareto = false;
    }
    let mut best: Option<(f64, f64)> = None;
    for (x, y, index) in points {
        // Sorted by the first cost: only a lower second cost, or an equal point, is not beaten.
        if best.is_none_or(|(bx, by)| y < by || (x == bx && y == by)) {
            best = Some((x, y));
            rows[index].pareto = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Entry;

    fn row(runtime: f64, psnr: Option<f64>) -> Row {
        let mut entry = Entry::default();
        entry.metrics.insert(Metric::RuntimeMs, runtime);
        entry.metrics.extend(psnr.map(|p| (Metric::PsnrVal, p)));
        Row {
            rank: 1,
            score: None,
            metric_ranks: Default::default(),
            metric_scores: Default::default(),
            entry,
            pareto: true,
            uncertainty: None,
        }
    }

    #[test]
    fn only_rows_that_nobody_beats_are_on_the_front() {
        let mut rows = vec![
            row(20.0, Some(29.0)),
            row(10.0, Some(28.9)),
            row(10.0, Some(28.9)),
            row(15.0, Some(28.9)),
            row(10.0, Some(28.8)),
            row(30.0, Some(29.0)),
            row(1.0, None),
        ];
        mark(&mut rows, (Metric::RuntimeMs, Metric::PsnrVal));
        let front: Vec<bool> = rows.iter().map(|r| r.pareto).collect();
        assert_eq!(front, [true, true, true, false, false, false, false]);
    }
}
