//! What the rules say of turning a run into entries: how operations are counted, and which splits a figure is of.

use crate::entry::Metric;
use crate::graph::Counter;
use crate::rules::Rules;
use crate::rules::schema::Average;

/// How figures are derived from a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// How FLOPs and activations are counted.
    pub counter: Counter,
    /// The splits whose runtimes make the ranked one.
    pub runtime: Vec<&'static str>,
    /// The split whose images the peak memory is of.
    pub memory: &'static str,
}

impl Basis {
    /// What every edition so far does: runtime over val and test, memory of val.
    pub fn new(counter: Counter) -> Basis {
        Basis { counter, runtime: vec!["val", "test"], memory: "val" }
    }
}

impl From<Counter> for Basis {
    fn from(counter: Counter) -> Basis {
        Basis::new(counter)
    }
}

impl From<&Rules> for Basis {
    fn from(rules: &Rules) -> Basis {
        let of = |metric: Metric| rules.averages.get(&metric).copied();
        let runtime = match of(Metric::RuntimeMs) {
            Some(Average::Val) => vec!["val"],
            Some(Average::Test) => vec!["test"],
            Some(Average::MeanOfBoth) | None => vec!["val", "test"],
        };
        let memory = if of(Metric::MemM) == Some(Average::Test) { "test" } else { "val" };
        Basis { counter: rules.costs.counter, runtime, memory }
    }
}

/// Of the splits that a run has, those that a figure is of: the named ones; where it has none of them, all.
pub(super) fn chosen<'a>(splits: &[&'a str], named: &[&str]) -> Vec<&'a str> {
    let of_rules: Vec<&str> = splits.iter().copied().filter(|split| named.contains(split)).collect();
    if of_rules.is_empty() { splits.to_vec() } else { of_rules }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_of_the_named_splits_where_there_is_any() {
        assert_eq!(chosen(&["val", "test", "other"], &["val", "test"]), ["val", "test"]);
        assert_eq!(chosen(&["other", "test"], &["val", "test"]), ["test"]);
        assert_eq!(chosen(&["Set5", "Set14"], &["val", "test"]), ["Set5", "Set14"]);
    }

    #[test]
    fn the_rules_name_the_splits() {
        let mut rules = Rules::embedded("ntire2024").unwrap();
        assert_eq!(Basis::from(&rules), Basis { counter: Counter::Fvcore, ..Basis::new(Counter::Hook) });
        rules.averages.insert(Metric::RuntimeMs, Average::Test);
        rules.averages.insert(Metric::MemM, Average::Test);
        assert_eq!((Basis::from(&rules).runtime, Basis::from(&rules).memory), (vec!["test"], "test"));
    }
}
