//! Reading TOML: an error names the file, the line, and, for an unknown key, the nearest known key.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::{Error, Place, Result};
use crate::util::input;
use crate::util::input::Kind;

/// Reads and parses a TOML file.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    parse(path, &input::read_text(path, Kind::Toml)?)
}

/// Parses TOML that was found in `path`.
pub fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        let (expected, found) = describe(error.message());
        Error::input(path, line.map_or(Place::Whole, Place::Line), expected, found)
    })
}

/// `, did you mean ...?` if one of `known` is near `word`, else nothing.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    // The distance takes time and memory by the words' lengths: nobody mistypes a word of a megabyte.
    if word.len() > 100 {
        return String::new();
    }
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(word, k), k))
        .filter(|(distance, k)| *distance <= 1 + k.len().min(word.len()) / 3)
        .min()
        .map_or_else(String::new, |(_, k)| format!(", did you mean `{k}`?"))
}

/// Splits serde's message into what was expected and what was found.
fn describe(message: &str) -> (String, String) {
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let (key, rest) = rest.split_once('`').unwrap_or((rest, ""));
        let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        let hint = nearest(key, known.iter().copied());
        return (format!("one of the keys {}", known.join(", ")), format!("the unknown key `{key}`{hint}"));
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        return (format!("the key {rest}"), "no such key".to_owned());
    }
    for marker in [", expected ", " expected "] {
        if let Some((found, expected)) = message.split_once(marker) {
            return (expected.trim().to_owned(), found.replace("invalid type: ", "").replace("invalid value: ", ""));
        }
    }
    ("valid TOML".to_owned(), message.trim().replace('\n', ": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Sample {
        scale: u32,
        #[serde(default)]
        data_range: f64,
    }

    fn message(text: &str) -> String {
        parse::<Sample>(Path::new("x/submission.toml"), text).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_key_names_line_and_suggestion() {
        let m = message("scale = 4\ndata_rang = 1.0\n");
        assert!(m.starts_with("x/submission.toml:2: expected one of the keys"), "{m}");
        assert!(m.ends_with("found the unknown key `data_rang`, did you mean `data_range`?"), "{m}");
    }

    #[test]
    fn a_wrong_type_says_both_types() {
        assert_eq!(message("scale = \"four\"\n"), "x/submission.toml:1: expected u32, found string \"four\"");
    }

    #[test]
    fn a_missing_key_is_named() {
        let m = message("data_range = 1.0\n");
        assert!(m.contains("expected the key `scale`, found no such key"), "{m}");
    }
}
