//! Conditions that the schema of the rules cannot express: references between keys, and figures that contradict each other.

use std::collections::HashSet;

use crate::entry::Metric;
use crate::rules::schema::{Average, By, Rules};

/// The key, what it should hold, and what it holds.
pub(super) type Problem = (String, String, String);

/// The first problem of the rules, if there is one.
pub(super) fn check(rules: &Rules) -> Result<(), Problem> {
    let fail = |key: &str, expected: String, found: String| Err((key.to_owned(), expected, found));
    if rules.tracks.is_empty() {
        return fail("tracks", "at least one track".into(), "none".into());
    }
    let mut names = HashSet::new();
    for name in rules.tracks.iter().flat_map(|t| std::iter::once(&t.name).chain(&t.aliases)) {
        if !names.insert(name.as_str()) {
            return fail("tracks", "distinct names and aliases".into(), format!("`{name}` twice"));
        }
    }
    if rules.track(&rules.default_track).is_err() {
        return fail("default_track", "a track's name".into(), format!("`{}`", rules.default_track));
    }
    check_averages(rules)?;
    let [channels, height, width] = rules.costs.input;
    if channels != 3 || height == 0 || width == 0 {
        let found = format!("[{channels}, {height}, {width}]");
        return fail("costs.input", "[3, height, width]: networks take RGB images".into(), found);
    }
    if rules.runtime.runs == Some(0) {
        return fail("runtime.runs", "at least one run".into(), "0".into());
    }
    for cut in &rules.cuts {
        if !cut.at_least.is_finite() || cut.decimals.is_some_and(|d| d > 12) {
            return fail("cuts", "a finite value and at most 12 decimals".into(), format!("{}", cut.at_least));
        }
    }
    for constraint in &rules.constraints {
        if rules.baseline.is_none() {
            return fail("constraints", "a `[baseline]` to compare with".into(), "none".into());
        }
        if let Some(unknown) = constraint.tracks.iter().find(|t| rules.track(t).is_err()) {
            return fail("constraints", "names of tracks".into(), format!("`{unknown}`"));
        }
    }
    if let Some(baseline) = &rules.baseline
        && let Some((metric, value)) = baseline.metrics.iter().find(|(_, v)| !(v.is_finite() && **v > 0.0))
    {
        return fail("baseline.metrics", "positive figures".into(), format!("{metric} = {value}"));
    }
    rules.tracks.iter().try_for_each(|track| check_track(rules, &track.name))
}

/// Averages that something is computed by. Any other would be a rule without effect.
fn check_averages(rules: &Rules) -> Result<(), Problem> {
    for (metric, average) in &rules.averages {
        let expected = match (metric, average) {
            (Metric::RuntimeMs, _) | (Metric::MemM, Average::Val | Average::Test) => continue,
            (Metric::MemM, Average::MeanOfBoth) => {
                "`val` or `test`: peak memory is the largest over one split".to_owned()
            }
            _ => {
                "only runtime_ms and mem_m: other metrics have no average, or have their split in their name".to_owned()
            }
        };
        return Err((format!("averages.{metric}"), expected, format!("`{metric}`, which would have no effect")));
    }
    Ok(())
}

fn check_track(rules: &Rules, name: &str) -> Result<(), Problem> {
    let Ok(track) = rules.track(name) else { return Ok(()) };
    let fail =
        |expected: &str, found: String| Err(("tracks".to_owned(), format!("in track `{name}`: {expected}"), found));
    let metrics = track.by.metrics();
    if metrics.is_empty() {
        return fail("at least one metric", "none".into());
    }
    if metrics.iter().collect::<HashSet<_>>().len() < metrics.len() {
        return fail("each metric once", "one of them twice".into());
    }
    if let By::Score(score) = &track.by {
        if !(score.k.is_finite() && score.k > 0.0) {
            return fail("a positive `k`", score.k.to_string());
        }
        if let Some((metric, weight)) = score.weights.iter().find(|(_, w)| !(w.is_finite() && **w > 0.0)) {
            return fail("positive weights", format!("{metric} = {weight}"));
        }
        if let Some((metric, _)) = score.weights.iter().find(|(m, _)| m.higher_is_better()) {
            return fail("metrics of which less is better", metric.to_string());
        }
        if rules.baseline.is_none() {
            return fail("a `[baseline]` that scores are relative to", "none".into());
        }
    }
    for breaker in &track.tie_breakers {
        if breaker.parse::<Metric>().is_ok() {
            continue;
        }
        match rules.track(breaker) {
            Err(_) => return fail("tie breakers that are metrics or tracks", format!("`{breaker}`")),
            Ok(other) if other.name == name => return fail("tie breakers other than itself", format!("`{breaker}`")),
            Ok(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_without_effect_is_refused() {
        let good = Rules::embedded("ntire2024").unwrap();
        assert_eq!(check(&good), Ok(()));
        let with = |change: fn(&mut Rules)| {
            let mut rules = good.clone();
            change(&mut rules);
            check(&rules).unwrap_err().0
        };
        assert_eq!(with(|r| r.averages.extend([(Metric::PsnrVal, Average::Val)])), "averages.psnr_val");
        assert_eq!(with(|r| r.averages.extend([(Metric::MemM, Average::MeanOfBoth)])), "averages.mem_m");
        assert_eq!(with(|r| r.costs.input = [1, 256, 256]), "costs.input");
        assert_eq!(with(|r| r.runtime.runs = Some(0)), "runtime.runs");
    }
}
