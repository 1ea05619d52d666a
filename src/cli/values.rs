//! The values that a shell completes: editions, tracks, model cards, submissions and labels, as they are when a key is pressed.

use std::ffi::OsStr;
use std::path::Path;

use clap::Command;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter};
use esr_bench::inputs::sources;
use esr_bench::rules::Rules;
use esr_bench::run::Run;
use esr_bench::submission::MANIFEST;
use esr_bench::submission::card::Card;
use esr_bench::util::chars;

/// What an argument takes. Where it also takes a path, paths are candidates as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    /// The id of an edition.
    Edition,
    /// The id of an edition, or a path.
    EditionOrPath,
    /// A model card, or a path.
    CardOrPath,
    /// A model card.
    Card,
    /// A track of the rules that the command line names.
    Track,
    /// A folder of a submission.
    Submission,
    /// A submission of the run or table that the command line names.
    Entry,
    /// A submission of the run that `--run` names, or a path.
    Label,
}

/// The arguments, as (command, argument's id, what it takes).
const ARGUMENTS: [(&str, &str, Values); 29] = [
    ("audit", "table", Values::EditionOrPath),
    ("audit", "rules", Values::EditionOrPath),
    ("compare", "names", Values::Label),
    ("compare", "control", Values::Label),
    ("fuse", "model", Values::CardOrPath),
    ("import", "edition", Values::Edition),
    ("inspect", "what", Values::CardOrPath),
    ("inspect", "against", Values::CardOrPath),
    ("lint", "edition", Values::Edition),
    ("lint", "paths", Values::Submission),
    ("measure", "edition", Values::Edition),
    ("measure", "model", Values::CardOrPath),
    ("measure", "rules", Values::EditionOrPath),
    ("measure", "submissions", Values::Submission),
    ("measure", "baseline", Values::Entry),
    ("models", "describe", Values::Card),
    ("place", "input", Values::CardOrPath),
    ("place", "rules", Values::EditionOrPath),
    ("place", "entry", Values::Entry),
    ("rank", "inputs", Values::EditionOrPath),
    ("rank", "rules", Values::EditionOrPath),
    ("rank", "track", Values::Track),
    ("rank", "baseline", Values::Entry),
    ("report", "runs", Values::EditionOrPath),
    ("report", "rules", Values::EditionOrPath),
    ("report", "baseline", Values::Entry),
    ("rules check", "rules", Values::EditionOrPath),
    ("rules show", "rules", Values::EditionOrPath),
    ("serve", "rules", Values::EditionOrPath),
];

/// The folder of submissions in a checkout.
const SUBMISSIONS: &str = "submissions";

/// The command line with a completer at each of [`ARGUMENTS`].
pub(super) fn attach(command: Command) -> Command {
    ARGUMENTS.iter().fold(command, |command, (path, id, values)| at(command, path, id, *values))
}

fn at(command: Command, path: &str, id: &'static str, values: Values) -> Command {
    let (first, rest) = path.split_once(' ').unwrap_or((path, ""));
    command.mut_subcommand(first, |sub| {
        if rest.is_empty() {
            let words: Vec<String> = std::env::args().skip_while(|word| word != "--").skip(1).collect();
            sub.mut_arg(id, |arg| {
                arg.add(ArgValueCompleter::new(move |typed: &OsStr| candidates(values, &words, typed)))
            })
        } else {
            at(sub, rest, id, values)
        }
    })
}

/// The candidates that begin with what is `typed`; `words` is the whole line. What cannot be read gives none: this is no
/// place for an error.
fn candidates(values: Values, words: &[String], typed: &OsStr) -> Vec<CompletionCandidate> {
    let named = match values {
        Values::Edition | Values::EditionOrPath => editions(),
        Values::Card | Values::CardOrPath => cards(),
        Values::Track => tracks(words),
        Values::Submission => submissions(Path::new(SUBMISSIONS)),
        Values::Entry => entries(words),
        Values::Label => labels(words),
    };
    let typed_text = typed.to_string_lossy();
    let mut found: Vec<CompletionCandidate> = named
        .into_iter()
        .filter(|(name, _)| name.starts_with(&*typed_text) && !name.contains(chars::is_deceptive))
        .map(|(name, help)| CompletionCandidate::new(name).help((!help.is_empty()).then(|| help.into())))
        .collect();
    if !matches!(values, Values::Edition | Values::Card | Values::Track | Values::Entry) {
        found.extend(PathCompleter::any().complete(typed));
    }
    found
}

/// A name and what it stands for.
type Named = (String, String);

fn editions() -> Vec<Named> {
    let title = |id: &str| Rules::embedded(id).map(|rules| rules.title).unwrap_or_default();
    Rules::ids().into_iter().map(|id| (id.clone(), title(&id))).collect()
}

fn cards() -> Vec<Named> {
    Card::all().unwrap_or_default().into_iter().map(|card| (card.name, card.title)).collect()
}

fn tracks(words: &[String]) -> Vec<Named> {
    let Some(rules) = rules(words) else { return Vec::new() };
    let every = ("all".to_owned(), "every track".to_owned());
    rules.tracks.into_iter().map(|track| (track.name, rules.title.clone())).chain([every]).collect()
}

/// The rules that the command would use: those of `--rules`, of the only input, or the default.
fn rules(words: &[String]) -> Option<Rules> {
    sources::rules_for(given(words, "--rules").last().map(String::as_str), &inputs(words)).ok()
}

/// The words of the line that are editions, files or folders. The word that is being typed may be among them, as a
/// whole path it is an input already.
fn inputs(words: &[String]) -> Vec<String> {
    let ids = Rules::ids();
    let rules = given(words, "--rules");
    let is_input = |word: &&String| !rules.contains(*word) && (ids.contains(word) || Path::new(word.as_str()).exists());
    words.iter().skip(2).filter(is_input).cloned().collect()
}

/// The entries of what `rank`, `place` and `report` read; for `measure`, whose folders are measured first, the names of these.
fn entries(words: &[String]) -> Vec<Named> {
    if words.get(1).is_some_and(|command| command == "measure") {
        let folders = inputs(words).into_iter().filter(|word| Path::new(word).join(MANIFEST).is_file());
        let names = folders.filter_map(|f| Path::new(&f).file_name().map(|n| n.to_string_lossy().into_owned()));
        return names.chain(given(words, "--model")).map(|name| (name, String::new())).collect();
    }
    let Some(rules) = rules(words) else { return Vec::new() };
    let Ok(sources) = sources::read(&inputs(words), &rules) else { return Vec::new() };
    let named = |entry: esr_bench::entry::Entry| match entry.submission.is_empty() {
        true => (entry.team, String::new()),
        false => (entry.submission, entry.team),
    };
    sources.entries.into_iter().map(named).collect()
}

/// The labels of the run of `--run`.
fn labels(words: &[String]) -> Vec<Named> {
    let runs = given(words, "--run");
    let run = runs.last().and_then(|dir| Run::open(Path::new(dir)).ok());
    let labels = run.map(|run| run.plan().labels()).unwrap_or_default();
    labels.into_iter().map(|(label, _)| (label, String::new())).collect()
}

/// The folders of submissions in a checkout, where the program is called at its root.
fn submissions(folder: &Path) -> Vec<Named> {
    let folders = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<String> =
        folders.filter(|f| f.join(MANIFEST).is_file()).map(|f| f.to_string_lossy().into_owned()).collect();
    found.sort();
    found.into_iter().map(|folder| (folder, "submission".to_owned())).collect()
}

/// The values of an option on the line: `--rules A` and `--rules=A`. Bash makes `=` a word of its own.
fn given(words: &[String], option: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = words.iter().filter(|word| *word != "=");
    while let Some(word) = rest.next() {
        match word.strip_prefix(option) {
            Some("") => found.extend(rest.next().filter(|value| !value.is_empty()).cloned()),
            Some(value) => found.extend(value.strip_prefix('=').map(str::to_owned)),
            None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(values: Values, line: &str, typed: &str) -> Vec<String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let candidates = candidates(values, &words, OsStr::new(typed));
        candidates.iter().map(|c| c.get_value().to_string_lossy().into_owned()).collect()
    }

    /// Every option that names rules, a model, a track, a baseline or an edition has a completer, and every completer
    /// an argument.
    #[test]
    fn every_argument_of_a_kind_has_its_completer() {
        fn walk(command: &Command, path: &str, missing: &mut Vec<String>) {
            for sub in command.get_subcommands() {
                let path = format!("{path} {}", sub.get_name());
                for arg in sub.get_arguments() {
                    let kind = ["rules", "model", "track", "baseline", "edition"].contains(&arg.get_id().as_str());
                    if kind && arg.get_action().takes_values() && arg.get::<ArgValueCompleter>().is_none() {
                        missing.push(format!("{path} {}", arg.get_id()));
                    }
                }
                walk(sub, &path, missing);
            }
        }
        let mut missing = Vec::new();
        walk(&attach(super::super::command()), "", &mut missing);
        assert!(missing.is_empty(), "add to ARGUMENTS: {missing:?}");
    }

    #[test]
    fn editions_cards_and_tracks_are_those_of_this_program() {
        assert_eq!(found(Values::Edition, "esr-bench import --edition ntire2025", "ntire2025"), ["ntire2025"]);
        assert_eq!(found(Values::Card, "esr-bench models --describe rlfn_", "rlfn_"), ["rlfn_author", "rlfn_s"]);
        assert_eq!(found(Values::Edition, "esr-bench import --edition x", "x"), [""; 0]);
    }

    #[test]
    fn the_tracks_are_those_of_the_rules_on_the_line() {
        let of = |line: &str| found(Values::Track, line, "");
        let expected = |id: &str| {
            let tracks = Rules::embedded(id).unwrap().tracks.into_iter().map(|t| t.name);
            tracks.chain(["all".to_owned()]).collect::<Vec<_>>()
        };
        assert_ne!(expected("ntire2022"), expected("ntire2026"));
        assert_eq!(of("esr-bench rank --track"), expected("ntire2022"));
        assert_eq!(of("esr-bench rank --rules ntire2026 --track"), expected("ntire2026"));
        assert_eq!(of("esr-bench rank --rules=ntire2026 --track"), expected("ntire2026"));
        assert_eq!(of("esr-bench rank --rules = ntire2026 --track"), expected("ntire2026"));
        assert_eq!(of("esr-bench rank ntire2026 --track"), expected("ntire2026"));
        assert_eq!(of("esr-bench rank --rules nonsense --track"), [""; 0]);
    }

    #[test]
    fn entries_are_those_of_the_table_and_names_that_act_on_a_terminal_are_left_out() {
        let all = found(Values::Entry, "esr-bench rank ntire2022 --baseline", "IMDN");
        assert_eq!(all, ["IMDN_baseline"]);
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("table.csv");
        std::fs::write(&table, "team,runtime_ms\nGood,1\n\u{1b}[2JBad,2\n").unwrap();
        let line = format!("esr-bench rank {} --baseline", table.display());
        assert_eq!(found(Values::Entry, &line, ""), ["Good"]);
    }

    #[test]
    fn submissions_are_the_folders_with_a_manifest() {
        let folder = tempfile::tempdir().unwrap();
        for (name, file) in [("team1", MANIFEST), ("notes", "README.md")] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join(file), "").unwrap();
        }
        let found = submissions(folder.path());
        assert_eq!(found.len(), 1);
        assert!(found[0].0.ends_with("/team1"), "{found:?}");
    }
}
