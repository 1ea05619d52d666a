//! Data sets: pairs of HR and LR images in every layout of the field, and their checks.
//! It may use [`crate::quality`], [`crate::text`] and [`crate::util`].

pub mod check;
mod layout;
mod natural;
mod pairs;
mod report;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use self::layout::{Layout, find};
pub use self::pairs::Pair;
use self::pairs::Pairing;
use crate::error::{Error, Place, Result};

/// What a folder of data may look like, for messages.
const LAYOUTS: &str = "a data set: HR/ with LRx4/ or LR_bicubic/X4/, NAME_HR/ with NAME_LR/ or NAME_LR_bicubic/X4/, \
    one of these without HR, or a folder of PNG files";

/// A data set, every image paired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dataset {
    /// `Set5`, `DIV2K_valid`.
    pub name: String,
    /// What it is in the run: `val`, `test`, or any other word.
    pub split: String,
    /// SR size over LR size.
    pub scale: u32,
    /// Where LR lies.
    pub lr: PathBuf,
    /// Where HR lies; absent: no quality can be measured, only efficiency.
    pub hr: Option<PathBuf>,
    /// In natural order of the images' names, at least one.
    pub pairs: Vec<Pair>,
}

impl Dataset {
    /// Finds and pairs the files of one data set; no image is opened. A folder that holds several is told apart by
    /// `split`: `val` means the one with `val`, `valid` or `validation` in its name, and a set's whole name names it.
    ///
    /// A file without its partner is an error: a mean over other images than the next person's helps nobody.
    /// `esr-bench data check` names them all.
    pub fn open(path: &Path, split: &str, scale: u32) -> Result<Dataset> {
        let layout = choose(path, find(path, scale)?, split)?;
        let Some(lr) = layout.lr else {
            let hr = layout.hr.unwrap_or_else(|| path.to_owned());
            return Err(Error::input(path, Place::Whole, format!("LR images at scale {scale}"), {
                format!("{} alone", hr.display())
            }));
        };
        let lr_files = layout::images(&lr)?.png;
        let hr_files = layout.hr.as_deref().map(layout::images).transpose()?.map(|files| files.png);
        let Pairing { pairs, lr_alone, hr_alone, doubles } = pairs::pair(&lr_files, hr_files.as_deref(), scale);
        complete(&lr, "an HR image for each LR image", "none for", &lr_alone)?;
        complete(layout.hr.as_deref().unwrap_or(&lr), "an LR image for each HR image", "none for", &hr_alone)?;
        let second: Vec<PathBuf> = doubles.into_iter().map(|(path, _)| path).collect();
        complete(&lr, "one file for each image", "a second one,", &second)?;
        if pairs.is_empty() {
            return Err(Error::input(&lr, Place::Whole, "PNG files", "none"));
        }
        Ok(Dataset { name: layout.name, split: split.to_owned(), scale, lr, hr: layout.hr, pairs })
    }
}

/// The one data set that was meant.
fn choose(path: &Path, mut found: Vec<Layout>, split: &str) -> Result<Layout> {
    if found.len() > 1 {
        let words = |name: &str| -> Vec<String> {
            name.split(|c: char| !c.is_alphanumeric()).map(|word| canonical(word).to_owned()).collect()
        };
        let meant = canonical(split);
        let whole = |layout: &Layout| layout.name.eq_ignore_ascii_case(split);
        let only_whole = found.iter().any(whole);
        let names: Vec<String> = found.iter().map(|layout| layout.name.clone()).collect();
        found.retain(|layout| if only_whole { whole(layout) } else { words(&layout.name).contains(&meant) });
        if found.len() != 1 {
            return Err(Error::input(
                path,
                Place::Whole,
                if split.is_empty() { "one data set".to_owned() } else { format!("one data set for `{split}`") },
                format!("{}; name one, as in {}", names.join(", "), path.join(&names[0]).display()),
            ));
        }
    }
    found.pop().ok_or_else(|| Error::input(path, Place::Whole, LAYOUTS, "none of these"))
}

/// The usual words for one split are one word.
fn canonical(word: &str) -> String {
    match word.to_lowercase().as_str() {
        "valid" | "validation" => "val".to_owned(),
        other => other.to_owned(),
    }
}

fn complete(folder: &Path, expected: &str, found: &str, files: &[PathBuf]) -> Result<()> {
    let Some(first) = files.first() else { return Ok(()) };
    let name = first.file_name().unwrap_or_default().to_string_lossy();
    let more = match files.len() {
        1 => String::new(),
        n => format!(" and {} more (`esr-bench data check` names them all)", n - 1),
    };
    Err(Error::input(folder, Place::Whole, expected, format!("{found} {name}{more}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with empty files: opening a data set reads names alone.
    fn tree(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        dir
    }

    /// `NAME: image = LR + HR, ...`, or the error, paths relative.
    fn opened(dir: &tempfile::TempDir, path: &str, split: &str) -> String {
        let root = dir.path().join(path);
        let text = match Dataset::open(&root, split, 4) {
            Ok(set) => {
                let hr = |pair: &Pair| pair.hr.as_ref().map_or("-".into(), |hr| hr.display().to_string());
                let pairs = set.pairs.iter().map(|p| format!("{} = {} + {}", p.image, p.lr.display(), hr(p)));
                format!("{}: {}", set.name, pairs.collect::<Vec<_>>().join(", "))
            }
            Err(error) => error.to_string(),
        };
        text.replace(&format!("{}/", dir.path().display()), "")
    }

    #[test]
    fn div2k() {
        let dir = tree(&[
            "DIV2K_valid_HR/0801.png",
            "DIV2K_valid_LR_bicubic/X2/0801x2.png",
            "DIV2K_valid_LR_bicubic/X4/0801x4.png",
            "DIV2K_valid_LR_unknown/X4/0801x4.png",
        ]);
        let expected = "DIV2K_valid: 0801 = DIV2K_valid_LR_bicubic/X4/0801x4.png + DIV2K_valid_HR/0801.png";
        assert_eq!(opened(&dir, "", "val"), expected);
        assert_eq!(opened(&dir, "DIV2K_valid", "val"), expected);
        let lr_alone = "DIV2K_valid: 0801 = DIV2K_valid_LR_bicubic/X4/0801x4.png + -";
        assert_eq!(opened(&dir, "DIV2K_valid_LR_bicubic/X4", "val"), lr_alone);
    }

    #[test]
    fn ntire_with_several_splits_side_by_side() {
        let dir = tree(&[
            "DIV2K_LSDIR_valid_HR/000010.png",
            "DIV2K_LSDIR_valid_HR/000009.png",
            "DIV2K_LSDIR_valid_LR/000010x4.png",
            "DIV2K_LSDIR_valid_LR/000009x4.png",
            "DIV2K_LSDIR_test_HR/000001.png",
            "DIV2K_LSDIR_test_LR/000001x4.png",
        ]);
        assert_eq!(
            opened(&dir, "", "val"),
            "DIV2K_LSDIR_valid: 000009 = DIV2K_LSDIR_valid_LR/000009x4.png + DIV2K_LSDIR_valid_HR/000009.png, \
             000010 = DIV2K_LSDIR_valid_LR/000010x4.png + DIV2K_LSDIR_valid_HR/000010.png"
        );
        assert!(opened(&dir, "", "test").starts_with("DIV2K_LSDIR_test: 000001 = "));
        assert!(
            opened(&dir, "", "").contains("expected one data set, found DIV2K_LSDIR_test, DIV2K_LSDIR_valid; name one")
        );
        assert!(opened(&dir, "", "DIV2K_LSDIR_test").starts_with("DIV2K_LSDIR_test: 000001 = "));
        let message = opened(&dir, "", "data");
        assert!(
            message.contains("expected one data set for `data`, found DIV2K_LSDIR_test, DIV2K_LSDIR_valid"),
            "{message}"
        );
    }

    #[test]
    fn benchmark_sets_side_by_side() {
        let dir = tree(&[
            "Set5/HR/baby.png",
            "Set5/LRx4/babyx4.png",
            "Set14/HR/zebra.png",
            "Set14/LR_bicubic/X4/zebrax4.png",
            "DIV2K_test_LRx4/0901.png",
            "DIV2K_test_LRx4/.hidden.png",
        ]);
        assert_eq!(opened(&dir, "Set5", "val"), "Set5: baby = Set5/LRx4/babyx4.png + Set5/HR/baby.png");
        assert_eq!(opened(&dir, "Set14", ""), "Set14: zebra = Set14/LR_bicubic/X4/zebrax4.png + Set14/HR/zebra.png");
        assert_eq!(opened(&dir, "", "Set5"), opened(&dir, "Set5", "val"));
        assert_eq!(opened(&dir, "", "test"), "DIV2K_test: 0901 = DIV2K_test_LRx4/0901.png + -");
        assert_eq!(opened(&dir, "DIV2K_test_LRx4", "test"), opened(&dir, "", "test"));
        let names: Vec<String> = find(dir.path(), 4).unwrap().into_iter().map(|layout| layout.name).collect();
        assert_eq!(names, ["DIV2K_test", "Set5", "Set14"]);
    }

    #[test]
    fn what_lacks_its_partner_is_an_error_that_names_it() {
        let dir = tree(&["S/HR/a.png", "S/LRx4/ax4.png", "S/HR/b.png", "S/HR/c.png"]);
        assert_eq!(
            opened(&dir, "S", "val"),
            "S/HR: expected an LR image for each HR image, found none for b.png and 1 more (`esr-bench data check` names \
             them all)"
        );
        let dir = tree(&["S/HR/a.png", "S/LRx4/ax4.png", "S/LRx4/bx4.png"]);
        assert_eq!(opened(&dir, "S", "val"), "S/LRx4: expected an HR image for each LR image, found none for bx4.png");
        let dir = tree(&["S/HR/a.png"]);
        assert_eq!(opened(&dir, "S", "val"), "S: expected LR images at scale 4, found S/HR alone");
        let dir = tree(&["S/notes.txt"]);
        assert!(opened(&dir, "S", "val").ends_with("found none of these"));
        assert!(opened(&dir, "absent/set", "val").starts_with("cannot read absent/set"));
    }
}
