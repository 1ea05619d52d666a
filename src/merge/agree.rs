//! Whether runs can be joined: everything but the submissions must be the same, and the types of their machines as well,
//! unless that is allowed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::merge::survey::Survey;
use crate::protocol::Hello;

/// Checks that every run agrees with the first, and that they are all shards of one plan or none is. What was let pass comes
/// back as text.
///
/// # Errors
/// The first difference, with the file, the key and both values.
pub(super) fn check(surveys: &[Survey], allow_machine_change: bool) -> Result<Vec<String>> {
    shards(surveys)?;
    submissions(surveys)?;
    let Some((first, others)) = surveys.split_first() else { return Ok(Vec::new()) };
    let mut differences = Vec::new();
    for other in others {
        plans(first, other)?;
        workers(first, other)?;
        let found = machines(first, other);
        if let Some(difference) = found.first().filter(|_| !allow_machine_change) {
            return Err(Error::Usage(format!(
                "{} was measured on another type of machine than {} ({difference}): measure its submissions on such a machine, or add \
                 `--allow-machine-change`, and every table of the merged run will say so",
                other.dir.display(),
                first.dir.display()
            )));
        }
        differences.extend(found.into_iter().map(|difference| format!("{}: {difference}", other.dir.display())));
    }
    Ok(differences)
}

/// Either all shards of one plan, each once, or none.
fn shards(surveys: &[Survey]) -> Result<()> {
    let Some(first) = surveys.first() else { return Ok(()) };
    let Some(shard) = &first.plan.shard else {
        let other = surveys.iter().find_map(|s| Some((s, s.plan.shard.as_ref()?.id())));
        return match other {
            Some((survey, id)) => {
                Err(survey.wrong("plan.shard", format!("none, as in {}", first.dir.display()), id.to_string()))
            }
            None => Ok(()),
        };
    };
    let mut seen: BTreeMap<u32, &Survey> = BTreeMap::new();
    for survey in surveys {
        let expected = || format!("a shard of {}, as in {}", shard.of, first.dir.display());
        let Some(own) = &survey.plan.shard else { return Err(survey.wrong("plan.shard", expected(), "none")) };
        if own.of != shard.of {
            return Err(survey.wrong("plan.shard", expected(), own.id().to_string()));
        }
        if own.submissions != shard.submissions {
            let expected = format!("the same submissions as in {}", first.dir.display());
            return Err(survey.wrong("plan.shard.submissions", expected, "others, or another order"));
        }
        if let Some(twice) = seen.insert(own.number, survey) {
            let expected = "each shard once";
            let found = format!("{}, which is that of {} too", own.id(), twice.dir.display());
            return Err(survey.wrong("plan.shard.number", expected, found));
        }
    }
    let absent: Vec<String> =
        (1..=shard.of).filter(|number| !seen.contains_key(number)).map(|number| number.to_string()).collect();
    if !absent.is_empty() {
        let (of, absent) = (shard.of, absent.join(", "));
        return Err(Error::Usage(format!(
            "{of} shards make a run: name the run directories of number {absent} as well"
        )));
    }
    Ok(())
}

/// Each submission is in one run, but for the baseline.
fn submissions(surveys: &[Survey]) -> Result<()> {
    let mut seen: BTreeMap<&str, &Survey> = BTreeMap::new();
    for survey in surveys {
        let names = survey.plan.submissions.iter().map(|p| p.submission.name.as_str());
        for name in names.filter(|name| *name != survey.baseline) {
            if let Some(other) = seen.insert(name, survey) {
                let found = format!("`{name}`, which {} has as well", other.dir.display());
                return Err(survey.wrong("plan.submissions", "submissions that no other run has", found));
            }
        }
    }
    Ok(())
}

fn plans(first: &Survey, other: &Survey) -> Result<()> {
    let comparable = |survey: &Survey| -> Result<Value> {
        let plan = &survey.plan;
        let baseline = plan.submission(&survey.baseline).cloned();
        let mut plan = plan.clone();
        plan.submissions = Vec::new();
        plan.shard = None;
        let json = |e: serde_json::Error| survey.wrong("plan", "a plan that JSON can hold", e.to_string());
        let mut value = serde_json::json!({
            "esr_bench": survey.manifest.esr_bench,
            "plan": serde_json::to_value(plan).map_err(json)?,
            "baseline": serde_json::to_value(baseline).map_err(json)?,
        });
        without_folders(&mut value);
        Ok(value)
    };
    refuse(first, other, difference(&comparable(first)?, &comparable(other)?, String::new()))
}

fn workers(first: &Survey, other: &Survey) -> Result<()> {
    let named = |hello: Option<&Hello>| hello.map(|h| format!("{} on {}", h.worker, h.backend));
    let pairs = [
        ("worker", named(Some(&first.manifest.worker)), named(Some(&other.manifest.worker))),
        ("python", named(first.manifest.python.as_ref()), named(other.manifest.python.as_ref())),
    ];
    for (key, one, two) in pairs {
        // A shard without Python code has no PyTorch worker.
        if let (Some(one), Some(two)) = (one, two)
            && one != two
        {
            return Err(other.wrong(key, format!("{one}, as in {}", first.dir.display()), two));
        }
    }
    let (one, two) = (first.graphs.get(&first.baseline), other.graphs.get(&other.baseline));
    if one != two {
        let expected = format!("the same operations of the baseline as in {}", first.dir.display());
        return Err(other.wrong("plan.baseline", expected, "other operations were recorded"));
    }
    Ok(())
}

/// What of the machines, or of what follows from them, differs.
fn machines(first: &Survey, other: &Survey) -> Vec<String> {
    let mut found = Vec::new();
    for machine in &other.machines {
        let nearest = first.machines.iter().map(|known| known.type_differences(machine)).min_by_key(Vec::len);
        let changed = nearest.unwrap_or_default().into_iter();
        found.extend(changed.map(|text| text.replace(" before, ", " there, ").replace(" now", " here")));
    }
    let value = |survey: &Survey| Value::Object(survey.settings.clone());
    if let Some((key, one, two)) = difference(&value(first), &value(other), "settings of the baseline".to_owned()) {
        found.push(format!("{key}: {one} there, {two} here"));
    }
    let differs = first.sr.iter().find(|(image, hash)| other.sr.get(*image).is_some_and(|own| own != *hash));
    if let Some((image, _)) = differs {
        found.push(format!("the baseline's SR of {image} has other bytes"));
    }
    found
}

fn refuse(first: &Survey, other: &Survey, difference: Option<(String, String, String)>) -> Result<()> {
    match difference {
        None => Ok(()),
        Some((key, one, two)) => Err(other.wrong(&key, format!("{one}, as in {}", first.dir.display()), two)),
    }
}

/// Files by their names alone: each run imports submissions into a folder of its own, and hashes say what is in them.
fn without_folders(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with('/') => {
            let name = text.rsplit('/').next().unwrap_or_default().to_owned();
            *text = name;
        }
        Value::Array(items) => items.iter_mut().for_each(without_folders),
        Value::Object(fields) => fields.values_mut().for_each(without_folders),
        _ => {}
    }
}

/// The first difference: its key and both values.
fn difference(one: &Value, two: &Value, key: String) -> Option<(String, String, String)> {
    let inner = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match (one, two) {
        (Value::Object(a), Value::Object(b)) => {
            a.keys().chain(b.keys().filter(|name| !a.contains_key(*name))).find_map(|name| {
                difference(a.get(name).unwrap_or(&Value::Null), b.get(name).unwrap_or(&Value::Null), inner(name))
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            (0..).zip(a.iter().zip(b)).find_map(|(at, (a, b)): (usize, _)| difference(a, b, format!("{key}[{at}]")))
        }
        (Value::Array(a), Value::Array(b)) => Some((key, format!("{} items", a.len()), format!("{} items", b.len()))),
        _ => (one != two).then(|| {
            let shown = |value: &Value| if value.is_null() { "none".to_owned() } else { value.to_string() };
            (key, shown(one), shown(two))
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_difference_is_named_with_its_key() {
        let of = |a: Value, b: Value| difference(&a, &b, String::new()).map(|(key, a, b)| format!("{key}: {a}, {b}"));
        assert_eq!(of(json!({"a": [1, {"b": 2}]}), json!({"a": [1, {"b": 2}]})), None);
        assert_eq!(of(json!({"a": [1, {"b": 2}]}), json!({"a": [1, {"b": 3}]})).unwrap(), "a[1].b: 2, 3");
        assert_eq!(of(json!({"a": {}}), json!({"a": {"c": "x"}})).unwrap(), "a.c: none, \"x\"");
        assert_eq!(of(json!([1]), json!([1, 2])).unwrap(), ": 1 items, 2 items");
    }

    #[test]
    fn files_are_compared_by_name_and_hash() {
        let mut value = json!({"files": [{"path": "/a/b/w.pth", "sha256": "0"}], "device": "cpu"});
        without_folders(&mut value);
        assert_eq!(value, json!({"files": [{"path": "w.pth", "sha256": "0"}], "device": "cpu"}));
    }
}
