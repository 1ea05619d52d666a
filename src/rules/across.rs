//! Notes for a ranking of one edition's measurements by the rules of another.

use crate::rules::schema::Rules;

/// The differences between the measurements of `source` and what `rules` require.
pub fn differences(source: &Rules, rules: &Rules) -> Vec<String> {
    if source.id == rules.id {
        return Vec::new();
    }
    let mut notes = Vec::new();
    let data = |r: &Rules| r.splits.iter().map(|s| format!("{} {}", s.name, s.dataset)).collect::<Vec<_>>().join(", ");
    if !rules.cuts.is_empty() && data(source) != data(rules) {
        notes.push(format!(
            "the cuts of {} are for other images ({}) than those of {} ({})",
            rules.id,
            data(rules),
            source.id,
            data(source)
        ));
    }
    if source.costs != rules.costs {
        notes.push(format!(
            "FLOPs of {} were counted by {}, {} counts by {}: the same network may have other figures",
            source.id, source.costs.counter, rules.id, rules.costs.counter
        ));
    }
    let device = |r: &Rules| r.runtime.device.clone().unwrap_or_else(|| "a GPU that is not stated".to_owned());
    if device(source) != device(rules) {
        notes.push(format!("runtimes of {} are from {}, not from {}", source.id, device(source), device(rules)));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editions_with_the_same_means_have_nothing_to_tell() {
        let (a, b) = (Rules::embedded("ntire2022").unwrap(), Rules::embedded("ntire2026").unwrap());
        assert!(differences(&a, &a).is_empty());
        let notes = differences(&a, &b);
        assert_eq!(notes.len(), 3, "{notes:?}");
        assert!(notes[1].contains("counted by hook, ntire2026 counts by fvcore"));
        let c = Rules::embedded("ntire2025").unwrap();
        assert!(differences(&c, &b).is_empty(), "{:?}", differences(&c, &b));
    }
}
