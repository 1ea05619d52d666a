//! Checks data before anyone trusts a PSNR: every file paired, readable and of the right size, and LR made of HR by the
//! field's own bicubic. PSNR alone cannot tell a wrong LR set: another library's bicubic moves it by 0.002 dB.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use serde::Serialize;

use crate::data::layout;
use crate::data::layout::Layout;
use crate::data::pairs;
use crate::data::pairs::Pair;
use crate::error::{Error, Place, Result};
use crate::quality;
use crate::quality::Image;
use crate::quality::bicubic;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DataReport {
    /// The folder that was checked; all other paths are relative to it.
    pub root: PathBuf,
    /// SR size over LR size.
    pub scale: u32,
    /// Each data set that was found.
    pub sets: Vec<SetReport>,
}

/// One data set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SetReport {
    /// `Set5`, `DIV2K_valid`.
    pub name: String,
    /// The LR folder.
    pub lr: Option<PathBuf>,
    /// The HR folder; absent: the set serves for efficiency alone.
    pub hr: Option<PathBuf>,
    /// Paired images, or, without HR, LR images, in natural order.
    pub images: Vec<ImageReport>,
    /// Everything that is wrong.
    pub faults: Vec<Fault>,
    /// Files that are no PNG files by their name, and were passed over.
    pub ignored: Vec<PathBuf>,
}

/// One image. Sizes are height, width; absent where the file could not be read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImageReport {
    /// The image's name.
    pub image: String,
    /// The LR file's size.
    pub lr: Option<[usize; 2]>,
    /// The HR file's size.
    pub hr: Option<[usize; 2]>,
    /// LR against the integer bicubic of HR; absent where they could not be compared.
    pub regenerated: Option<Regenerated>,
}

/// How far an LR file is from the integer bicubic of its HR.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Regenerated {
    /// Values (height x width x 3).
    pub values: u64,
    /// How many of them differ.
    pub differing: u64,
    /// The largest difference.
    pub largest: u8,
}

/// Something wrong with one file or folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The file.
    pub file: PathBuf,
    /// What kind.
    pub kind: FaultKind,
    /// What was expected and what was found.
    pub message: String,
}

/// Kinds of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// A file without its partner.
    Unpaired,
    /// A second file for one image.
    Duplicate,
    /// Not a PNG file, damaged, of 16 bits, or transparent.
    Unreadable,
    /// LR and HR do not fit, or HR is too small to measure.
    Misshapen,
    /// LR is not the integer bicubic of HR.
    Differs,
    /// A folder without images.
    Empty,
}

impl FaultKind {
    /// One word.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Unpaired => "unpaired",
            FaultKind::Duplicate => "duplicate",
            FaultKind::Unreadable => "unreadable",
            FaultKind::Misshapen => "misshapen",
            FaultKind::Differs => "differs",
            FaultKind::Empty => "empty",
        }
    }
}

/// How to check.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// SR size over LR size. LR is regenerated at scale 4 alone: there the field's bicubic is exact in integers.
    pub scale: u32,
    /// LR need not be the bicubic of HR (another degradation): differing values are counted, and are no fault.
    pub any_lr: bool,
}

impl DataReport {
    /// Faults in all sets.
    pub fn faults(&self) -> usize {
        self.sets.iter().map(|set| set.faults.len()).sum()
    }
}

impl SetReport {
    /// The sum over all images that could be compared, and how many those were.
    pub fn regenerated(&self) -> (Regenerated, usize) {
        self.images.iter().filter_map(|image| image.regenerated).fold((Regenerated::default(), 0), |(sum, n), one| {
            let largest = sum.largest.max(one.largest);
            let (values, differing) = (sum.values + one.values, sum.differing + one.differing);
            (Regenerated { values, differing, largest }, n + 1)
        })
    }
}

/// Checks every data set in `path` (see [`layout`](crate::data::layout::find)). `progress` is told how many images of how many are done,
/// from any thread.
pub fn check(path: &Path, options: Options, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<DataReport> {
    let layouts = layout::find(path, options.scale)?;
    if layouts.is_empty() {
        return Err(Error::input(path, Place::Whole, crate::data::LAYOUTS, "none of these"));
    }
    let root = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    let mut drafts =
        layouts.into_iter().map(|layout| draft(root, layout, options.scale)).collect::<Result<Vec<_>>>()?;

    let total = drafts.iter().map(|(_, pairs)| pairs.len()).sum();
    let done = AtomicUsize::new(0);
    for (set, pairs) in &mut drafts {
        // One image at a time in each thread: decoded, an HR image of a challenge takes 9 MB.
        let checked: Vec<(ImageReport, Vec<Fault>)> = pairs
            .par_iter()
            .map(|pair| {
                let result = check_pair(root, pair, options);
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
                result
            })
            .collect();
        for (image, faults) in checked {
            set.images.push(image);
            set.faults.extend(faults);
        }
    }
    let sets = drafts.into_iter().map(|(set, _)| set).collect();
    Ok(DataReport { root: root.to_owned(), scale: options.scale, sets })
}

/// A set's folders, pairs, and what names alone tell.
fn draft(root: &Path, layout: Layout, scale: u32) -> Result<(SetReport, Vec<Pair>)> {
    let list = |folder: &Option<PathBuf>| folder.as_deref().map(layout::images).transpose();
    let (lr, hr) = (list(&layout.lr)?, list(&layout.hr)?);
    let mut faults = Vec::new();
    let mut fault =
        |path: &Path, kind, message: String| faults.push(Fault { file: relative(root, path), kind, message });

    for (folder, files) in [(&layout.lr, &lr), (&layout.hr, &hr)] {
        if let (Some(folder), Some(files)) = (folder, files)
            && files.png.is_empty()
        {
            fault(folder, FaultKind::Empty, "expected PNG files, found none".into());
        }
    }
    let hr_files = hr.as_ref().map(|files| files.png.as_slice());
    let pairing = match &lr {
        Some(lr) => pairs::pair(&lr.png, hr_files, scale),
        None => {
            let folder = layout.hr.as_deref().unwrap_or(root);
            fault(folder, FaultKind::Unpaired, format!("expected a folder of LR images at scale {scale}, found none"));
            pairs::Pairing::default()
        }
    };
    for path in &pairing.lr_alone {
        fault(path, FaultKind::Unpaired, "expected an HR image of this name, found none".into());
    }
    for path in &pairing.hr_alone {
        fault(path, FaultKind::Unpaired, "expected an LR image of this name, found none".into());
    }
    for (path, first) in &pairing.doubles {
        let first = relative(root, first);
        fault(
            path,
            FaultKind::Duplicate,
            format!("expected one file for each image, found {} as well", first.display()),
        );
    }
    let set = SetReport {
        name: layout.name,
        lr: layout.lr.as_deref().map(|folder| relative(root, folder)),
        hr: layout.hr.as_deref().map(|folder| relative(root, folder)),
        images: Vec::new(),
        faults,
        ignored: [lr, hr]
            .into_iter()
            .flatten()
            .flat_map(|files| files.other)
            .map(|path| relative(root, &path))
            .collect(),
    };
    Ok((set, pairing.pairs))
}

fn check_pair(root: &Path, pair: &Pair, options: Options) -> (ImageReport, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut fault = |path: &Path, kind, message| faults.push(Fault { file: relative(root, path), kind, message });
    let mut read =
        |path: &Path| Image::read(path).map_err(|error| fault(path, FaultKind::Unreadable, without_path(&error))).ok();
    let lr = read(&pair.lr);
    let hr = pair.hr.as_deref().and_then(read);
    let sides = |image: &Image| [image.height, image.width];
    let mut report = ImageReport {
        image: pair.image.clone(),
        lr: lr.as_ref().map(sides),
        hr: hr.as_ref().map(sides),
        regenerated: None,
    };
    let (Some(lr), Some(hr), Some(hr_path)) = (lr, hr, &pair.hr) else { return (report, faults) };

    let scale = options.scale as usize;
    let [height, width] = sides(&hr);
    let expected = [height / scale, width / scale];
    if sides(&lr) != expected {
        let message = format!(
            "expected {} x {} (height x width) for HR of {height} x {width}, found {} x {}",
            expected[0], expected[1], lr.height, lr.width
        );
        fault(&pair.lr, FaultKind::Misshapen, message);
        return (report, faults);
    }
    let smallest = quality::ssim::WINDOW + 2 * scale;
    if height / scale * scale < smallest || width / scale * scale < smallest {
        let message = format!("expected at least {smallest} x {smallest} pixels for SSIM, found {height} x {width}");
        fault(hr_path, FaultKind::Misshapen, message);
    }
    if scale == bicubic::SCALE {
        let regenerated = differences(&bicubic::down4(&hr), &lr);
        if regenerated.differing > 0 && !options.any_lr {
            let message = format!(
                "expected the integer bicubic of {}, found {} of {} values different, by {} at most",
                relative(root, hr_path).display(),
                regenerated.differing,
                regenerated.values,
                regenerated.largest
            );
            fault(&pair.lr, FaultKind::Differs, message);
        }
        report.regenerated = Some(regenerated);
    }
    (report, faults)
}

fn differences(a: &Image, b: &Image) -> Regenerated {
    let zero = Regenerated { values: a.rgb.len() as u64, ..Regenerated::default() };
    a.rgb.iter().zip(&b.rgb).map(|(a, b)| a.abs_diff(*b)).filter(|&d| d > 0).fold(zero, |sum, difference| Regenerated {
        differing: sum.differing + 1,
        largest: sum.largest.max(difference),
        ..sum
    })
}

fn relative(root: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(root).unwrap_or(path).to_owned()
}

/// The message without the file's name, which has its own column.
fn without_path(error: &Error) -> String {
    match error {
        Error::Input { expected, found, .. } => format!("expected {expected}, found {found}"),
        Error::Io { source, .. } => source.to_string(),
        other => other.to_string(),
    }
}
