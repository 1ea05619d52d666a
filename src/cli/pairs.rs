//! `--model CARD --weights FILE`, repeated: weights belong to the model before them on the command line.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use esr_bench::Result;
use esr_bench::protocol::Weights;
use esr_bench::submission::card::Card;
use esr_bench::submission::identify::Identifier;
use esr_bench::submission::{MANIFEST, Submission};

/// Models in order, each with the weights that were named after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pairs(Vec<(String, Option<String>)>);

impl Pairs {
    /// The submissions; a model without weights, or with `random`, gets random ones from `seed`.
    pub(crate) fn submissions(&self, seed: u64) -> Result<Vec<Submission>> {
        self.0
            .iter()
            .map(|(model, weights)| {
                let weights = match weights.as_deref() {
                    None | Some("random") => Weights::Random { seed },
                    Some(file) => Weights::File { path: PathBuf::from(file) },
                };
                Ok(Submission::from_card(&Card::find(model)?, weights))
            })
            .collect()
    }

    /// Pairs (position on the command line, value)s.
    fn pair(models: Vec<(usize, String)>, weights: Vec<(usize, String)>) -> Result<Pairs, String> {
        let mut pairs: Vec<(usize, String, Option<String>)> =
            models.into_iter().map(|(at, model)| (at, model, None)).collect();
        for (at, file) in weights {
            let before = pairs.iter_mut().rfind(|(model_at, ..)| *model_at < at);
            match before {
                None => {
                    return Err(format!(
                        "`--weights {file}` has no `--model` before it: expected `--model CARD --weights {file}`"
                    ));
                }
                Some((_, model, Some(first))) => {
                    return Err(format!("`--model {model}` is followed by two `--weights`: {first} and {file}"));
                }
                Some((_, _, slot)) => *slot = Some(file),
            }
        }
        Ok(Pairs(pairs.into_iter().map(|(_, model, weights)| (model, weights)).collect()))
    }
}

impl Args for Pairs {
    fn augment_args(command: Command) -> Command {
        let option = |name: &'static str, value: &'static str| {
            Arg::new(name).long(name).value_name(value).action(ArgAction::Append)
        };
        command
            .arg(option("model", "CARD").help(
                "Model card: a name (see `esr-bench models`) or a .toml file; may be repeated, each with its own --weights",
            ))
            .arg(option("weights", "FILE").help(
                "Weights of the preceding --model; `random` gives seeded random weights for efficiency figures alone [default: random]",
            ))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Pairs::augment_args(command)
    }
}

impl FromArgMatches for Pairs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Pairs, clap::Error> {
        let all = |name: &str| -> Vec<(usize, String)> {
            let indices = matches.indices_of(name).into_iter().flatten();
            indices.zip(matches.get_many::<String>(name).into_iter().flatten().cloned()).collect()
        };
        Pairs::pair(all("model"), all("weights"))
            .map_err(|why| clap::Error::raw(clap::error::ErrorKind::ArgumentConflict, why + "\n"))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Pairs::from_arg_matches(matches)?;
        Ok(())
    }
}

/// A folder of data, perhaps with a split's name: `DIR`, `val=DIR`.
pub(crate) fn data(text: &str) -> Result<(Option<String>, PathBuf), String> {
    match text.split_once('=') {
        // A folder may have `=` in its name.
        Some((split, folder)) if !split.contains('/') && !Path::new(text).exists() => {
            if split.is_empty() || folder.is_empty() {
                return Err("expected DIR or SPLIT=DIR".into());
            }
            Ok((Some(split.to_owned()), folder.into()))
        }
        _ => Ok((None, text.into())),
    }
}

/// A submission folder (or its manifest), or a bare weights file, which a worker identifies.
pub(crate) fn submission(path: &Path, files: &mut Identifier, data_range: Option<f64>) -> Result<Submission> {
    if path.is_file() && path.file_name().is_none_or(|name| name != MANIFEST) {
        return files.submission(path, data_range);
    }
    let folder = match path.parent() {
        // The manifest itself was named, in the present folder.
        Some(parent) if path.is_file() && parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) if path.is_file() => parent,
        _ => path,
    };
    Submission::read_to_run(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        pairs: Pairs,
    }

    fn parse(line: &str) -> Result<Vec<(String, Option<String>)>, String> {
        use clap::Parser;
        let line = std::iter::once("x").chain(line.split_whitespace());
        Line::try_parse_from(line).map(|l| l.pairs.0).map_err(|e| e.to_string())
    }

    #[test]
    fn weights_belong_to_the_model_before_them() {
        let pairs = parse("--model a --weights a.pth --model b --model c --weights=c.pth").unwrap();
        let text: Vec<String> =
            pairs.iter().map(|(m, w)| format!("{m}:{}", w.as_deref().unwrap_or("random"))).collect();
        assert_eq!(text, ["a:a.pth", "b:random", "c:c.pth"]);
    }

    #[test]
    fn weights_without_a_model_and_two_for_one_are_errors() {
        assert!(parse("--weights a.pth --model a").unwrap_err().contains("has no `--model` before it"));
        let two = parse("--model a --weights 1 --weights 2").unwrap_err();
        assert!(two.contains("`--model a` is followed by two `--weights`: 1 and 2"), "{two}");
    }

    #[test]
    fn a_split_is_named_before_its_folder() {
        assert_eq!(data("val=/x/y").unwrap(), (Some("val".into()), "/x/y".into()));
        assert_eq!(data("/x/a=b/y").unwrap(), (None, "/x/a=b/y".into()));
        assert!(data("val=").is_err());
    }
}
