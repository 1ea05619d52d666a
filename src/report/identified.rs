//! Identified weights files, for people.

use std::fmt::Write;
use std::path::Path;

use crate::error::{Error, Result};
use crate::protocol::{Candidate, Identified};
use crate::submission::identify::{cards, config, known_range};
use crate::text::grouped;

/// The result for one file, or why it could not be read.
pub fn table(file: &Path, found: &Result<Identified>) -> Result<String> {
    let mut out = format!("{}\n", file.display());
    let mut line = |label: &str, text: &str| {
        let _ = writeln!(out, "  {label:<13} {text}");
    };
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            line("unreadable", &error.to_string());
            return Ok(out);
        }
    };
    match found.candidates.as_slice() {
        [] => {
            line("architecture", "unknown: no registered network fits strictly");
            found.near_misses.iter().for_each(|near| line("nearest", near));
        }
        [only] => candidate(only, &mut line)?,
        several => {
            line("architecture", &format!("ambiguous: {} networks fit strictly", several.len()));
            several.iter().try_for_each(|one| candidate(one, &mut line))?;
        }
    }
    line("elements", &grouped(found.elements));
    found.notes.iter().for_each(|note| line("note", note));
    Ok(out)
}

fn candidate(found: &Candidate, line: &mut impl FnMut(&str, &str)) -> Result<()> {
    let form = if found.form == "deploy" { String::new() } else { format!(", {} form", found.form) };
    line("architecture", &format!("{}{form}", found.arch));
    line("config", &config(found));
    if !found.assumed.is_empty() {
        line("assumed", &found.assumed.join(", "));
    }
    match &found.published {
        Some(name) => line("card", &format!("{name}: its published file, byte for byte")),
        None if found.cards.is_empty() => line("card", "no card describes this network"),
        None => line("card", &format!("{}: the same network, other weights", found.cards.join(", "))),
    }
    line(
        "data range",
        &match known_range(found)? {
            Some(range) => format!("{range} (the card's; keys and shapes do not determine it)"),
            None if cards(found)?.is_empty() => "not known: keys and shapes do not determine it".to_owned(),
            None => "not known: the cards differ".to_owned(),
        },
    );
    Ok(())
}

/// Each file with what the worker found, or with the error, as a JSON array.
pub fn json(all: &[(&Path, Result<Identified>)]) -> Result<String> {
    let one = |(file, found): &(&Path, Result<Identified>)| {
        let mut object = match found {
            Ok(found) => serde_json::to_value(found)?,
            Err(error) => serde_json::json!({ "error": error.to_string() }),
        };
        object["file"] = file.to_string_lossy().into();
        Ok(object)
    };
    let text =
        all.iter().map(one).collect::<serde_json::Result<Vec<_>>>().and_then(|v| serde_json::to_string_pretty(&v));
    let text = text.map_err(|e| Error::io("write", "JSON")(std::io::Error::other(e)))?;
    Ok(text + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(value: serde_json::Value) -> Result<Identified> {
        Ok(serde_json::from_value(value).unwrap())
    }

    fn shown(found: &Result<Identified>) -> String {
        table(Path::new("zoo/team04.pth"), found).unwrap()
    }

    #[test]
    fn a_published_file_is_named_with_what_was_assumed() {
        let found = found(json!({
            "candidates": [{
                "arch": "rlfn", "config": { "blocks": 4, "channels": 46, "naming": "challenge" }, "assumed": ["slope 0.05"],
                "form": "deploy", "cards": ["rlfn"], "published": "rlfn",
            }],
            "elements": 317_218,
            "notes": ["every key began with `module.`: taken away"],
        }));
        insta::assert_snapshot!(shown(&found), @r"
        zoo/team04.pth
          architecture  rlfn
          config        blocks 4, channels 46, naming challenge
          assumed       slope 0.05
          card          rlfn: its published file, byte for byte
          data range    255 (the card's; keys and shapes do not determine it)
          elements      317 218
          note          every key began with `module.`: taken away
        ");
    }

    #[test]
    fn unknown_ambiguous_and_unreadable_files_say_so() {
        let unknown = found(json!({
            "candidates": [], "near_misses": ["rlfn: 37 of its 38 tensors fit; 1 extra: `B2.gate` [2]"], "elements": 9_000,
        }));
        insta::assert_snapshot!(shown(&unknown), @r"
        zoo/team04.pth
          architecture  unknown: no registered network fits strictly
          nearest       rlfn: 37 of its 38 tensors fit; 1 extra: `B2.gate` [2]
          elements      9 000
        ");
        let one = |arch: &str, cards: &[&str]| json!({ "arch": arch, "config": { "blocks": 4 }, "form": "training", "cards": cards });
        let several =
            found(json!({ "candidates": [one("span", &[]), one("spanf", &["rlfn", "span"])], "elements": 1 }));
        insta::assert_snapshot!(shown(&several), @r"
        zoo/team04.pth
          architecture  ambiguous: 2 networks fit strictly
          architecture  span, training form
          config        blocks 4
          card          no card describes this network
          data range    not known: keys and shapes do not determine it
          architecture  spanf, training form
          config        blocks 4
          card          rlfn, span: the same network, other weights
          data range    not known: the cards differ
          elements      1
        ");
        let error = Err(Error::Refused("zoo/team04.pth: expected a state dict, found a web page".into()));
        insta::assert_snapshot!(shown(&error), @r"
        zoo/team04.pth
          unreadable    zoo/team04.pth: expected a state dict, found a web page
        ");
        insta::assert_snapshot!(json(&[(Path::new("a.pth"), error)]).unwrap(), @r#"
        [
          {
            "error": "zoo/team04.pth: expected a state dict, found a web page",
            "file": "a.pth"
          }
        ]
        "#);
    }
}
