//! Where a ranking's entries come from: run directories, published tables by their edition's id, CSVs, the organisers' raw
//! results.

use std::collections::HashSet;
use std::path::Path;

use esr_bench::entry::Entry;
use esr_bench::entry::label;
use esr_bench::error::Place;
use esr_bench::results::Fitness;
use esr_bench::rules::Rules;
use esr_bench::rules::across;
use esr_bench::rules::edition::RULES;
use esr_bench::run::Run;
use esr_bench::stats::Samples;
use esr_bench::tables::PerImage;
use esr_bench::tables::table;
use esr_bench::util::input::STDIN;
use esr_bench::{Error, Result};

use super::timings;

/// What a run directory is known by.
const MANIFEST: &str = "run.json";

/// All entries of a command line's inputs.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The entries.
    pub(crate) entries: Vec<Entry>,
    /// The same without each entry's first image, where an input has per-image runtimes.
    pub(crate) without_first: Option<Vec<Entry>>,
    /// The timings of rounds, where an input has them.
    pub(crate) samples: Vec<Samples>,
    /// The runs among the inputs, in their order.
    pub(crate) runs: Vec<Run>,
    /// The verdict of each run on itself, with its directory.
    pub(crate) fitness: Vec<(String, Fitness)>,
    /// What a reader must know of the sources.
    pub(crate) notes: Vec<String>,
    /// The baseline of the only input, where that is another edition's published table.
    pub(crate) baseline: Option<String>,
}

/// Reads every input; none means the rules' own published table.
pub(crate) fn read(inputs: &[String], rules: &Rules) -> Result<Sources> {
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

/// The edition whose rules apply: as named, else that of the only input, else the first that this harness was built for.
pub(crate) fn rules_for(named: Option<&str>, inputs: &[String]) -> Result<Rules> {
    match (named, inputs) {
        (Some(name), _) => Rules::find(name),
        (None, [only]) if Rules::ids().contains(only) => Rules::embedded(only),
        (None, [only]) if Path::new(only).join(RULES).is_file() => Rules::read(Path::new(only)),
        _ => Rules::embedded("ntire2022"),
    }
}

/// The path, unless it is a bare word that names nothing: then an edition was probably meant.
pub(crate) fn existing(path: &Path) -> Result<&Path> {
    let input = path.to_string_lossy();
    if input != STDIN && !path.exists() && path.extension().is_none() && !input.contains('/') {
        let ids = Rules::ids();
        let hint = esr_bench::util::toml_file::nearest(&input, ids.iter().map(String::as_str));
        return Err(Error::Usage(format!("no file, folder or edition `{input}`{hint}")));
    }
    Ok(path)
}

impl Sources {
    fn input(&mut self, input: &str, rules: &Rules) -> Result<()> {
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
            self.samples = results.entries.iter().map(|(name, raw)| timings::one_round(name, raw)).collect();
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
            self.samples = run.ranked_samples(rules);
            self.notes = run.departures(rules).iter().map(ToString::to_string).collect();
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
        let renamed: Vec<Entry> = one.entries.into_iter().map(|e| rename(e, &labels)).collect();
        if let Some(twice) = renamed.iter().map(label).find(|name| !labels.insert(name.clone())) {
            return Err(Error::Usage(format!("`{twice}` is in `{input}` and in an earlier input of the same name")));
        }
        self.entries = taken;
        self.entries.extend(renamed);
        self.without_first = without;
        self.samples.extend(one.samples);
        self.runs.extend(one.runs);
        self.fitness.extend(one.fitness);
        self.notes.extend(one.notes);
        self.baseline = one.baseline.filter(|_| single);
        Ok(())
    }
}
