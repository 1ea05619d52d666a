//! Timings of rounds: from a run directory, a file of samples, or the organisers' results with per-image runtimes.

use std::path::Path;

use crate::error::{Error, Place, Result};
use crate::graph::Counter;
use crate::run::Run;
use crate::stats::{ImageTimes, Protocol, Round, Samples, Session};
use crate::tables::PerImage;
use crate::tables::per_image::Raw;
use crate::util::input;
use crate::util::input::Kind;

/// Reads every submission's samples.
pub fn read(path: &Path) -> Result<Vec<Samples>> {
    Ok(read_session(path)?.0.samples)
}

/// Reads a session, with the protocol that its run was measured by; absent for files.
///
/// # Errors
/// What is not a run directory and cannot be read as a file of timings.
pub fn read_session(path: &Path) -> Result<(Session, Option<Protocol>)> {
    let name = path.display().to_string();
    if path.is_dir() {
        let run = Run::open(path)?;
        return Ok((Session { name, samples: run.ranked_samples(Counter::Hook) }, Some(run.plan().protocol)));
    }
    Ok((Session { name, samples: parse(path, &input::read(path, Kind::Results)?)? }, None))
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Vec<Samples>> {
    let wrong = |e: serde_json::Error| {
        let expected = "samples: a list of {label, rounds: [{number, images: [{split, image, ms}]}]}, or one of them";
        Error::input(path, Place::Line(e.line()), expected, e.to_string())
    };
    match bytes.iter().find(|b| !b.is_ascii_whitespace()) {
        Some(b'[') => serde_json::from_slice(bytes).map_err(wrong),
        _ => {
            let value: serde_json::Value = serde_json::from_slice(bytes).map_err(wrong)?;
            if value.get("rounds").is_some() {
                return Ok(vec![serde_json::from_value(value).map_err(wrong)?]);
            }
            Ok(PerImage::parse(path, bytes)?.entries.iter().map(|(name, raw)| one_round(name, raw)).collect())
        }
    }
}

/// The samples of the organisers' results: one round each, one pass an image. Rounds of one number are paired.
pub fn one_round(name: &str, raw: &Raw) -> Samples {
    let images = |split: &str, times: &[f64]| -> Vec<ImageTimes> {
        let image = |(i, &ms): (usize, &f64)| ImageTimes {
            split: split.to_owned(),
            image: format!("{:04}", i + 1),
            ms: vec![ms],
        };
        times.iter().enumerate().map(image).collect()
    };
    let mut all = images("val", &raw.valid_runtime);
    all.extend(images("test", &raw.test_runtime));
    Samples { label: name.to_owned(), rounds: vec![Round { number: 0, images: all }] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_recognised() {
        let read = |text: &str| parse(Path::new("t.json"), text.as_bytes());
        let one =
            r#"{"label": "a", "rounds": [{"number": 0, "images": [{"split": "val", "image": "1", "ms": [2.0]}]}]}"#;
        assert_eq!(read(one).unwrap()[0].label, "a");
        assert_eq!(read(&format!("[{one}, {one}]")).unwrap().len(), 2);
        let results = read(r#"{"00_SPAN": {"valid_runtime": [1.0, 2.0], "test_runtime": [3.0]}}"#).unwrap();
        assert_eq!((results[0].label.as_str(), results[0].rounds[0].images.len()), ("00_SPAN", 3));
        let message = read(r#"[{"label": "a"}]"#).unwrap_err().to_string();
        assert!(message.starts_with("t.json:1: expected samples: a list of {label"), "{message}");
    }
}
