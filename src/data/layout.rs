//! The folders of a data set, in every layout of the field.
//!
//! | layout | HR | LR |
//! |---|---|---|
//! | DIV2K | `DIV2K_valid_HR/0801.png` | `DIV2K_valid_LR_bicubic/X4/0801x4.png` |
//! | NTIRE | `DIV2K_LSDIR_valid_HR/000001.png` | `DIV2K_LSDIR_valid_LR/000001x4.png` |
//! | benchmark sets | `Set5/HR/baby.png` | `Set5/LRx4/babyx4.png`, or `Set5/LR_bicubic/X4/babyx4.png` |
//! | LR alone | | any of these without its HR, or a folder of PNG files |

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::{Error, Result};

/// The folders of one data set. At least one is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Layout {
    /// `Set5`, `DIV2K_valid`.
    pub name: String,
    /// LR images.
    pub lr: Option<PathBuf>,
    /// HR images; absent: the set serves for efficiency alone.
    pub hr: Option<PathBuf>,
}

/// Every data set in `path`: in the folder itself, side by side in it, or one folder below; sorted by name. `path` may
/// also be a data set's name below a folder: `data/DIV2K_valid` means `data/DIV2K_valid_HR` with its LR. Empty if there is
/// nothing of the kind.
pub fn find(path: &Path, scale: u32) -> Result<Vec<Layout>> {
    if !path.exists()
        && let (Some(parent), Some(prefix)) = (path.parent(), path.file_name())
        && let prefix = prefix.to_string_lossy()
        && let Some(layout) = with_prefix(parent, &format!("{prefix}_"), &prefix, scale)
    {
        return Ok(vec![layout]);
    }
    let children = folders(path)?;
    let mut found = inside(path, &children, scale);
    for child in &children {
        let folder = path.join(child);
        let ours = |place: &Option<PathBuf>| place.as_deref().is_some_and(|p| p.starts_with(&folder));
        if !found.iter().any(|layout| ours(&layout.lr) || ours(&layout.hr)) {
            // A folder that may not be read holds no data set that anyone asked for.
            found.extend(inside(&folder, &folders(&folder).unwrap_or_default(), scale));
        }
    }
    if found.is_empty() && !images(path)?.png.is_empty() {
        found.push(Layout { name: bare_name(path, scale), lr: Some(path.to_owned()), hr: None });
    }
    found.sort_by(|a, b| crate::data::natural::compare(&a.name, &b.name));
    Ok(found)
}

/// The files of a folder.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// PNG files by their extension, in natural order of their names.
    pub png: Vec<PathBuf>,
    /// Any other file that is not hidden.
    pub other: Vec<PathBuf>,
}

/// Lists a folder. Hidden files (`.DS_Store`, `._0801.png`) are passed over.
pub(super) fn images(folder: &Path) -> Result<Files> {
    let mut files = Files::default();
    for entry in fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let path = entry.map_err(Error::io("read", folder))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden || path.is_dir() {
            continue;
        }
        let png = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png"));
        if png { files.png.push(path) } else { files.other.push(path) }
    }
    let by_name = |a: &PathBuf, b: &PathBuf| crate::data::natural::compare(&a.to_string_lossy(), &b.to_string_lossy());
    files.png.sort_by(by_name);
    files.other.sort_by(by_name);
    Ok(files)
}

/// Names of a folder's subfolders, sorted, hidden ones passed over.
fn folders(path: &Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(path).map_err(Error::io("read", path))? {
        let entry = entry.map_err(Error::io("read", path))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && entry.path().is_dir() {
            names.insert(name);
        }
    }
    Ok(names)
}

/// Data sets whose HR or LR folder is a child of `path`.
fn inside(path: &Path, children: &BTreeSet<String>, scale: u32) -> Vec<Layout> {
    let own = with_prefix(path, "", &bare_name(path, scale), scale);
    let endings = ["_HR".into(), "_LR_bicubic".into(), format!("_LRx{scale}"), "_LR".into()];
    let prefixes: BTreeSet<&str> =
        children.iter().filter_map(|child| endings.iter().find_map(|end| child.strip_suffix(end.as_str()))).collect();
    let named = prefixes.iter().filter_map(|name| with_prefix(path, &format!("{name}_"), name, scale));
    own.into_iter().chain(named).collect()
}

/// The data set whose folders in `path` begin with `prefix`.
fn with_prefix(path: &Path, prefix: &str, name: &str, scale: u32) -> Option<Layout> {
    let hr = Some(path.join(format!("{prefix}HR"))).filter(|folder| folder.is_dir());
    let bases = ["LR_bicubic".into(), format!("LRx{scale}"), "LR".into()];
    let lr = bases.iter().find_map(|base| lr_folder(&path.join(format!("{prefix}{base}")), scale));
    (hr.is_some() || lr.is_some()).then(|| Layout { name: name.to_owned(), lr, hr })
}

/// The LR images of one scale: in `base/X4`, or in `base` itself unless it is divided by scales.
fn lr_folder(base: &Path, scale: u32) -> Option<PathBuf> {
    let by_scale = [format!("X{scale}"), format!("x{scale}")].map(|name| base.join(name));
    if let Some(folder) = by_scale.into_iter().find(|folder| folder.is_dir()) {
        return Some(folder);
    }
    let holds_images = images(base).is_ok_and(|files| !files.png.is_empty());
    let undivided = folders(base).is_ok_and(|folders| folders.is_empty());
    (base.is_dir() && (holds_images || undivided)).then(|| base.to_owned())
}

/// A folder's name without what says that it holds LR images: `Set5` of `Set5/LRx4`, `DIV2K_valid` of
/// `DIV2K_valid_LR_bicubic/X4`.
fn bare_name(path: &Path, scale: u32) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let kinds = [format!("X{scale}"), format!("x{scale}"), format!("LRx{scale}"), "LR_bicubic".into(), "LR".into()];
    let named = whole.ancestors().filter_map(|folder| Some(folder.file_name()?.to_string_lossy().into_owned()));
    let name = named.into_iter().find(|name| !kinds.contains(name)).unwrap_or_else(|| "data".into());
    let bare = kinds.iter().find_map(|kind| name.strip_suffix(kind.as_str())?.strip_suffix('_'));
    bare.filter(|bare| !bare.is_empty()).map_or_else(|| name.clone(), str::to_owned)
}
