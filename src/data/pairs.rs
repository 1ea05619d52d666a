//! Pairs of LR and HR files.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// One image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// Its name: the HR file's without the extension (`0801`), or the LR file's without `x4`.
    pub image: String,
    /// The LR file.
    pub lr: PathBuf,
    /// The HR file; absent in a set for efficiency alone.
    pub hr: Option<PathBuf>,
}

/// Two folders, paired.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    /// In natural order of the images' names.
    pub pairs: Vec<Pair>,
    /// LR files without an HR file.
    pub lr_alone: Vec<PathBuf>,
    /// HR files without an LR file.
    pub hr_alone: Vec<PathBuf>,
    /// Files that claim a name which another file (the second) has already.
    pub doubles: Vec<(PathBuf, PathBuf)>,
}

/// Pairs `0801.png` with `0801x4.png`, or, where there is none, with `0801.png`. Without HR (`None`) every LR file is a
/// pair of its own.
pub(super) fn pair(lr: &[PathBuf], hr: Option<&[PathBuf]>, scale: u32) -> Pairing {
    let mut pairing = Pairing::default();
    let Some(hr) = hr else {
        let mut names = IndexMap::new();
        for path in lr {
            let stem = stem(path);
            insert(&mut names, without_scale(&stem, scale).to_owned(), path, &mut pairing.doubles);
        }
        pairing.pairs = names.into_iter().map(|(image, lr)| Pair { image, lr, hr: None }).collect();
        pairing.sort();
        return pairing;
    };

    let mut hr_files = IndexMap::new();
    for path in hr {
        insert(&mut hr_files, stem(path), path, &mut pairing.doubles);
    }
    let mut lr_files: IndexMap<String, PathBuf> = IndexMap::new();
    for path in lr {
        let stem = stem(path);
        let bare = without_scale(&stem, scale);
        let image = [bare, &stem].into_iter().find(|name| hr_files.contains_key(*name));
        match image {
            Some(image) => insert(&mut lr_files, image.to_owned(), path, &mut pairing.doubles),
            None => pairing.lr_alone.push(path.clone()),
        }
    }
    for (image, hr) in hr_files {
        match lr_files.swap_remove(&image) {
            Some(lr) => pairing.pairs.push(Pair { image, lr, hr: Some(hr) }),
            None => pairing.hr_alone.push(hr),
        }
    }
    pairing.sort();
    pairing
}

impl Pairing {
    fn sort(&mut self) {
        self.pairs.sort_by(|a, b| crate::data::natural::compare(&a.image, &b.image));
    }
}

fn insert(files: &mut IndexMap<String, PathBuf>, name: String, path: &Path, doubles: &mut Vec<(PathBuf, PathBuf)>) {
    match files.get(&name) {
        Some(first) => doubles.push((path.to_owned(), first.clone())),
        None => {
            files.insert(name, path.to_owned());
        }
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// `0801` of `0801x4`.
fn without_scale(stem: &str, scale: u32) -> &str {
    let endings = [format!("x{scale}"), format!("X{scale}")];
    endings.iter().find_map(|end| stem.strip_suffix(end.as_str())).filter(|bare| !bare.is_empty()).unwrap_or(stem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn paths(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    fn shown(pairing: &Pairing) -> Vec<String> {
        let name = |path: &PathBuf| path.display().to_string();
        pairing
            .pairs
            .iter()
            .map(|p| format!("{} = {} + {}", p.image, name(&p.lr), p.hr.as_ref().map_or("-".into(), name)))
            .chain(pairing.lr_alone.iter().map(|p| format!("lr alone {}", name(p))))
            .chain(pairing.hr_alone.iter().map(|p| format!("hr alone {}", name(p))))
            .chain(pairing.doubles.iter().map(|(p, q)| format!("{} doubles {}", name(p), name(q))))
            .collect()
    }

    #[test]
    fn a_suffix_is_expected_but_not_demanded() {
        let pairing = pair(&paths(&["2x4.png", "10x4.png", "9.png"]), Some(&paths(&["10.png", "2.png", "9.png"])), 4);
        assert_eq!(shown(&pairing), ["2 = 2x4.png + 2.png", "9 = 9.png + 9.png", "10 = 10x4.png + 10.png"]);
    }

    #[test]
    fn another_scale_s_suffix_is_part_of_the_name() {
        let pairing = pair(&paths(&["ax2.png"]), Some(&paths(&["a.png"])), 4);
        assert_eq!(shown(&pairing), ["lr alone ax2.png", "hr alone a.png"]);
    }

    #[test]
    fn an_image_whose_own_name_ends_in_x4_is_no_riddle() {
        let pairing = pair(&paths(&["boxx4.png"]), Some(&paths(&["boxx4.png"])), 4);
        assert_eq!(shown(&pairing), ["boxx4 = boxx4.png + boxx4.png"]);
    }

    #[test]
    fn two_files_for_one_image_are_told() {
        let pairing = pair(&paths(&["a.png", "ax4.png"]), None, 4);
        assert_eq!(shown(&pairing), ["a = a.png + -", "ax4.png doubles a.png"]);
        let pairing = pair(&paths(&["a.png", "ax4.png"]), Some(&paths(&["a.png"])), 4);
        assert_eq!(shown(&pairing), ["a = a.png + a.png", "ax4.png doubles a.png"]);
    }

    proptest! {
        #[test]
        fn every_file_is_accounted_for_once(
            lr in proptest::collection::btree_set("[ab](x4)?", 0..6),
            hr in proptest::option::of(proptest::collection::btree_set("[abc](x4)?", 0..6)),
        ) {
            let files = |names: &std::collections::BTreeSet<String>, folder: &str| -> Vec<PathBuf> {
                names.iter().map(|name| PathBuf::from(format!("{folder}/{name}.png"))).collect()
            };
            let (lr, hr) = (files(&lr, "lr"), hr.map(|hr| files(&hr, "hr")));
            let pairing = pair(&lr, hr.as_deref(), 4);
            let mut all: Vec<PathBuf> = lr.into_iter().chain(hr.into_iter().flatten()).collect();
            let mut told: Vec<PathBuf> = pairing.pairs.iter().flat_map(|p| [Some(p.lr.clone()), p.hr.clone()]).flatten().collect();
            told.extend(pairing.lr_alone);
            told.extend(pairing.hr_alone);
            told.extend(pairing.doubles.into_iter().map(|(path, _)| path));
            all.sort();
            told.sort();
            prop_assert_eq!(all, told);
        }
    }
}
