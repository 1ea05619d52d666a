//! What the values of a submission's manifest may be: everything that is computed from them later fits its type and memory.

use std::path::Path;

use crate::error::{Error, Place, Result};
use crate::protocol::Tile;
use crate::submission::manifest::Manifest;
use crate::util::{chars, toml_file};

/// The largest factor between LR and SR.
const MAX_SCALE: u32 = 16;

/// The longest side of an LR image or of a tile.
const MAX_SIDE: u32 = 1 << 14;

/// The most pixels of an LR image that a program is bound to: its SR by 4 has as many as the largest image that is read.
const MAX_LR_PIXELS: u64 = 1 << 24;

/// The longest team name, in characters.
const MAX_TEAM: usize = 100;

impl Manifest {
    /// Parses and checks the manifest that was found in `path`.
    pub fn parse(path: &Path, text: &str) -> Result<Manifest> {
        let manifest: Manifest = toml_file::parse(path, text)?;
        check(path, &manifest)?;
        Ok(manifest)
    }
}

/// Checks a manifest that was read from `file`.
fn check(file: &Path, manifest: &Manifest) -> Result<()> {
    let wrong = |key: &str, expected: String, found: String| {
        Err(Error::input(file, Place::Key(key.to_owned()), expected, found))
    };
    let team = &manifest.team;
    if team.trim().is_empty() || team.chars().count() > MAX_TEAM || team.contains(chars::is_deceptive) {
        let expected = format!("a name of 1 to {MAX_TEAM} characters, without control characters");
        let start: String = team.chars().take(MAX_TEAM).collect();
        let more = if start.len() < team.len() { "..." } else { "" };
        return wrong("team", expected, format!("{start:?}{more}"));
    }
    if !(1..=MAX_SCALE).contains(&manifest.scale) {
        return wrong("scale", format!("a factor from 1 to {MAX_SCALE}"), manifest.scale.to_string());
    }
    if let Some(range) = manifest.data_range.filter(|r| !r.is_finite() || *r <= 0.0) {
        return wrong("data_range", "a finite number above 0".to_owned(), range.to_string());
    }
    if let Some(Tile { size, overlap }) = manifest.tile
        && !((1..=MAX_SIDE).contains(&size) && overlap < size)
    {
        let expected = format!("a `size` from 1 to {MAX_SIDE}, and a smaller `overlap`");
        return wrong("tile", expected, format!("size {size}, overlap {overlap}"));
    }
    let program = manifest.program.iter();
    let files = program.clone().flat_map(|p| &p.files).filter_map(|f| Some(("program.files", f.size?)));
    let probes = program.flat_map(|p| &p.checked).map(|probe| ("program.checked", probe.size));
    for (key, [height, width]) in files.chain(probes) {
        let fits = [height, width].iter().all(|side| (1..=MAX_SIDE).contains(side));
        if !fits || u64::from(height) * u64::from(width) > MAX_LR_PIXELS {
            let expected = format!("a `size` of sides from 1 to {MAX_SIDE}, with at most {MAX_LR_PIXELS} pixels");
            return wrong(key, expected, format!("[{height}, {width}]"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::toml_file;

    const PROGRAM: &str = "[program]\nfiles = [{ path = \"p.pt2\", size = [64, 48] }]\n";

    fn checked(team: &str, keys: &str, program: &str) -> Result<()> {
        let text = format!("team = {team}\n{keys}\n{program}");
        let file = Path::new("submission.toml");
        check(file, &toml_file::parse(file, &text)?)
    }

    fn message(team: &str, keys: &str, program: &str) -> String {
        checked(team, keys, program).unwrap_err().to_string()
    }

    #[test]
    fn values_of_the_field_pass() {
        checked("\"Tëam 4 (東京)\"", "scale = 4\ndata_range = 255.0\ntile = { size = 256, overlap = 32 }", PROGRAM)
            .unwrap();
    }

    #[test]
    fn values_that_cannot_be_measured_are_refused_by_key() {
        let plain = |keys: &str| message("\"A\"", keys, PROGRAM);
        insta::assert_snapshot!(plain("scale = 0"), @"submission.toml: `scale`: expected a factor from 1 to 16, found 0");
        insta::assert_snapshot!(plain("data_range = nan"), @"submission.toml: `data_range`: expected a finite number above 0, found NaN");
        insta::assert_snapshot!(plain("data_range = -1.0"), @"submission.toml: `data_range`: expected a finite number above 0, found -1");
        insta::assert_snapshot!(plain("tile = { size = 8, overlap = 8 }"), @"submission.toml: `tile`: expected a `size` from 1 to 16384, and a smaller `overlap`, found size 8, overlap 8");
        for size in ["[4294967295, 4294967295]", "[0, 0]", "[16384, 16384]"] {
            let m = message("\"A\"", "", &PROGRAM.replace("[64, 48]", size));
            assert!(m.starts_with("submission.toml: `program.files`: expected a `size` of sides from 1"), "{m}");
            assert!(m.ends_with(&format!("found {size}")), "{m}");
        }
    }

    #[test]
    fn a_team_has_a_name_that_can_be_printed() {
        for team in ["\"\"", "\"  \"", "\"a\\u001b[31mb\"", "\"a\\u202Eb\"", "\"a\\nb\""] {
            let m = message(team, "", PROGRAM);
            assert!(m.starts_with("submission.toml: `team`: expected a name of 1 to 100 characters"), "{m}");
            assert!(!m.contains(['\u{1b}', '\u{202e}', '\n']), "{m:?}");
        }
        let long = message(&format!("\"{}\"", "x".repeat(10_000)), "", PROGRAM);
        assert!(long.len() < 300, "{long}");
    }
}
