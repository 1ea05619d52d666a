//! Entries for a ranking: from run directories, published tables by their edition's id, CSV files, and the organisers' raw
//! results.

use std::collections::HashSet;
use std::path::Path;

use crate::entry::Entry;
use crate::entry::label;
use crate::error::{Error, Place, Result};
use crate::inputs::timings;
use crate::results::Fitness;
use crate::rules::Rules;
use crate::rules::across;
use crate::rules::edition::RULES;
use crate::run::Run;
use crate::stats::TimedSession;
use crate::tables::PerImage;
use crate::tables::table;
use crate::util::input::STDIN;

/// The file that makes a folder a run directory.
const MANIFEST: &str = "run.json";

/// The entries of all inputs, with what came with them.
#[derive(Debug, Default)]
pub struct Sources {
    /// The entries.
    pub entries: Vec<Entry>,
    /// The same without each entry's first image, where an input has per-image runtimes.
    pub without_first: Option<Vec<Entry>>,
    /// The timings of rounds: one session for each input that has them, under the names of its entries.
    pub sessions: Vec<TimedSession>,
    /// The runs among the inputs, in their order.
    pub runs: Vec<Run>,
    /// The verdict of each run on itself, with its directory.
    pub fitness: Vec<(String, Fitness)>,
    /// Remarks on the sources, for the reader of the ranking.
    pub notes: Vec<String>,
    /// The baseline of the only input, where that is another edition's published table.
    pub baseline: Option<String>,
}

/// Reads every input. Without inputs it reads the published table of the rules.
pub fn read(inputs: &[String], rules: &Rules) -> Result<Sources> {
    let mut all = Sources::default();
    if inputs.is_empty() {
        all.edition(rules, rules)?;
    }
    let mut read = Vec::new();
    for input in inputs {
        let mut one = Sources::default();
        one.input(input, rules)?;
        read.push((input.as_str(), one));
    }
    let single = read.len() == 1;
    for (input, one) in read {
        all.add(one, input, single)?;
    }
    Ok(all)
}

/// The rules that apply: the named ones, else those of the only input, else NTIRE 2022.
pub fn rules_for(named: Option<&str>, inputs: &[String]) -> Result<Rules> {
    match (named, inputs) {
        (Some(name), _) => Rules::find(name),
        (None, [only]) if Rules::ids().contains(only) => Rules::embedded(only),
        (None, [only]) if Path::new(only).join(RULES).is_file() => Rules::read(Path::new(only)),
        _ => Rules::embedded("ntire2022"),
    }
}

/// The path; an error that suggests an edition if it is a bare word that names no file.
pub fn existing(path: &Path) -> Result<&Path> {
    let input = path.to_string_lossy();
    if input != STDIN && !path.exists() && path.extension().is_none() && !input.contains('/') {
        let ids = Rules::ids();
        let hint = crate::util::toml_file::nearest(&input, ids.iter().map(String::as_str));
        return Err(Error::Usage(format!("no file, folder or edition `{input}`{hint}")));
    }
    Ok(path)
}

impl Sources {
    /// Takes one input in.
    pub(super) fn input(&mut self, input: &str, rules: &Rules) -> Result<()> {
        let path = Path::new(input);
        if input == STDIN {
            let table = table::read_table(path)?;
            self.entries = table.entries;
            self.notes = table.warnings;
            return Ok(());
        }
        if !path.exists() && Rules::ids().iter().any(|id| id == input) {
            return self.edition(&Rules::embedded(input)?, rules);
        }
        if path.is_dir() {
            return self.folder(path, rules);
        }
        existing(path)?;
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json")) {
            let results = PerImage::read(path)?;
            self.entries = results.entries();
            let samples = results.entries.iter().map(|(name, raw)| timings::one_round(name, raw)).collect();
            let mut timed = TimedSession::of_samples(input, samples);
            for ((name, _), entry) in results.entries.iter().zip(&self.entries) {
                timed.rename(name, &label(entry));
            }
            self.sessions.push(timed);
            self.without_first = Some(results.entries_without_first(1));
            return Ok(());
        }
        let table = table::read_table(path)?;
        self.entries = table.entries;
        self.notes = table.warnings;
        Ok(())
    }

    fn folder(&mut self, path: &Path, rules: &Rules) -> Result<()> {
        if path.join(RULES).is_file() {
            return self.edition(&Rules::read(path)?, rules);
        }
        if path.join(MANIFEST).is_file() {
            let run = Run::open(path)?;
            self.entries = run.entries(rules)?;
            self.sessions.push(run.timed(rules));
            self.notes = run.departures(rules).iter().map(ToString::to_string).collect();
            self.notes.extend(run.merge_notes());
            self.fitness.push((path.display().to_string(), run.fitness(rules)?));
            if let Some(line) = run.edited() {
                let path = path.display();
                self.notes.push(format!(
                    "{path}: events were edited, cut out or moved (line {line}): `esr-bench verify {path}` says more"
                ));
            }
            self.runs.push(run);
            return Ok(());
        }
        let expected = format!("a run directory (with {MANIFEST}) or an edition's folder (with {RULES})");
        Err(Error::input(path, Place::Whole, expected, "neither"))
    }

    fn edition(&mut self, source: &Rules, rules: &Rules) -> Result<()> {
        self.entries = source.published()?;
        self.notes = across::differences(source, rules);
        if !source.published.complete {
            self.notes.push(format!("the published table of {} is not complete: {}", source.id, source.published.note));
        }
        if source.id != rules.id {
            self.baseline = source.baseline.as_ref().map(|b| b.entry.clone());
        }
        Ok(())
    }

    fn add(&mut self, one: Sources, input: &str, single: bool) -> Result<()> {
        let stem = Path::new(input).file_stem().map_or_else(|| input.into(), |s| s.to_string_lossy());
        let taken = std::mem::take(&mut self.entries);
        let mut labels: HashSet<String> = taken.iter().map(label).collect();
        // Entries of the same name from another input stay apart.
        let rename = |mut entry: Entry, labels: &HashSet<String>| {
            if labels.contains(&label(&entry)) {
                let name = if entry.submission.is_empty() { &entry.team } else { &entry.submission };
                entry.submission = format!("{name} [{stem}]");
            }
            entry
        };
        let without = match (self.without_first.take(), one.without_first) {
            (None, None) => None,
            (before, now) => {
                let before = before.unwrap_or_else(|| taken.clone());
                let now = now.unwrap_or_else(|| one.entries.clone());
                let renamed: Vec<Entry> = now.into_iter().map(|e| rename(e, &labels)).collect();
                Some(before.into_iter().chain(renamed).collect())
            }
        };
        let mut sessions = one.sessions;
        let renamed: Vec<Entry> = one
            .entries
            .into_iter()
            .map(|entry| {
                let before = label(&entry);
                let entry = rename(entry, &labels);
                sessions.iter_mut().for_each(|s| s.rename(&before, &label(&entry)));
                entry
            })
            .collect();
        if let Some(twice) = renamed.iter().map(label).find(|name| !labels.insert(name.clone())) {
            return Err(Error::Usage(format!("`{twice}` is in `{input}` and in an earlier input of the same name")));
        }
        self.entries = taken;
        self.entries.extend(renamed);
        self.without_first = without;
        self.sessions.extend(sessions);
        self.runs.extend(one.runs);
        self.fitness.extend(one.fitness);
        self.notes.extend(one.notes);
        self.baseline = one.baseline.filter(|_| single);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(folder: &Path, name: &str, rows: &str) -> String {
        let path = folder.join(name);
        std::fs::write(&path, format!("team,runtime_ms\n{rows}")).unwrap();
        path.to_string_lossy().into_owned()
    }

    #[test]
    fn entries_of_one_name_from_two_inputs_stay_apart() {
        let folder = tempfile::tempdir().unwrap();
        let rules = Rules::embedded("ntire2022").unwrap();
        let first = table(folder.path(), "first.csv", "A,1\nB,2\n");
        let second = table(folder.path(), "second.csv", "A,3\n");
        let merged = read(&[first.clone(), second], &rules).unwrap();
        assert_eq!(merged.entries.iter().map(label).collect::<Vec<_>>(), ["A", "B", "A/A [second]"]);
        let twice = read(&[first.clone(), first.clone(), first], &rules).unwrap_err().to_string();
        assert!(twice.contains("is in `") && twice.contains("and in an earlier input of the same name"), "{twice}");
    }

    #[test]
    fn without_inputs_the_published_table_is_read() {
        let rules = Rules::embedded("ntire2022").unwrap();
        let sources = read(&[], &rules).unwrap();
        assert_eq!(sources.entries.len(), rules.published().unwrap().len());
        assert!(sources.sessions.is_empty() && sources.without_first.is_none());
    }

    #[test]
    fn the_rules_are_named_or_those_of_the_only_input() {
        let inputs = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(rules_for(Some("ntire2024"), &inputs(&["ntire2023"])).unwrap().id, "ntire2024");
        assert_eq!(rules_for(None, &inputs(&["ntire2023"])).unwrap().id, "ntire2023");
        assert_eq!(rules_for(None, &inputs(&["a.csv", "b.csv"])).unwrap().id, "ntire2022");
    }

    #[test]
    fn a_bare_word_that_names_nothing_suggests_an_edition() {
        let message = existing(Path::new("ntire2032")).unwrap_err().to_string();
        assert!(message.starts_with("no file, folder or edition `ntire2032`, did you mean `ntire20"), "{message}");
        assert!(existing(Path::new("results/absent")).is_ok(), "a path is left to its reader's own error");
    }
}
