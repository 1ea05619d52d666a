//! The columns of measurement tables: those of esr-bench, of published tables, and of the organisers' raw counts.

use crate::entry::Metric;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Meaning {
    /// The team's name.
    Team,
    /// The submission's name.
    Submission,
    /// A metric.
    Metric(MetricColumn),
    /// The track of an exported leaderboard: rows of several tracks repeat entries.
    Track,
    /// Whether the row is the baseline.
    Baseline,
    /// A remark.
    Note,
    /// Anything else: kept as printed, to be compared with.
    Printed,
}

/// How a column gives a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricColumn {
    /// The metric.
    pub metric: Metric,
    /// What the cell is divided by to get the metric's unit.
    pub divisor: f64,
    /// Whether the column has more digits than a printed one, so that it wins over it.
    pub exact: bool,
}

/// What the column `name` holds, by its lower-case name.
pub fn meaning(name: &str) -> Meaning {
    let printed = |metric| Meaning::Metric(MetricColumn { metric, divisor: 1.0, exact: false });
    let exact = |metric, divisor| Meaning::Metric(MetricColumn { metric, divisor, exact: true });
    match name {
        "team" => Meaning::Team,
        "submission" | "model" | "entry" | "name" => Meaning::Submission,
        "track" => Meaning::Track,
        "baseline" => Meaning::Baseline,
        "note" | "reason" => Meaning::Note,
        "runtime_ave_ms" => printed(Metric::RuntimeMs),
        "conv" | "num_conv" => printed(Metric::Convs),
        "params" => exact(Metric::ParamsM, 1e6),
        "flops" => exact(Metric::FlopsG, 1e9),
        "acts" | "activations" => exact(Metric::ActsM, 1e6),
        "psnr_val_full" => exact(Metric::PsnrVal, 1.0),
        "psnr_test_full" => exact(Metric::PsnrTest, 1.0),
        "runtime_val_full" => exact(Metric::RuntimeValMs, 1.0),
        "runtime_test_full" => exact(Metric::RuntimeTestMs, 1.0),
        other => other.parse().map_or(Meaning::Printed, printed),
    }
}

/// A known column that `name` may be a slip for: only near names of metrics, so that a table's own columns stay quiet.
pub fn near_miss(name: &str) -> Option<&'static str> {
    // The distance takes time and memory by the names' lengths.
    if name.len() > 100 {
        return None;
    }
    let known = Metric::ALL.map(Metric::name).into_iter().chain(["team", "submission"]);
    let near = known.filter(|k| strsim::damerau_levenshtein(k, name) <= 1);
    (meaning(name) == Meaning::Printed).then(|| near.min()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_counts_are_scaled_to_the_metrics_units() {
        let Meaning::Metric(source) = meaning("flops") else { panic!("a metric") };
        assert_eq!((source.metric, source.divisor, source.exact), (Metric::FlopsG, 1e9, true));
    }

    #[test]
    fn only_slips_of_known_columns_are_pointed_out() {
        assert_eq!(near_miss("runtime_m"), Some("runtime_ms"));
        assert_eq!(near_miss("runtime_rank"), None);
        assert_eq!(near_miss("main_rank"), None);
    }
}
