//! Images side by side: LR, bicubic, each entry's SR, HR, all of one crop.

use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::page::comparison::{Comparison, Panel, Shot};
use crate::page::crop::{Crop, address, hardest};
use crate::page::model::Page;
use crate::quality::bicubic;
use crate::quality::{self, Image, Quality};
use crate::run::{PlannedImage, Run, Source};
use crate::util::sha256;

/// What is shown of the images whose SR a run kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pictures {
    /// The images, as `SPLIT/NAME` or `NAME`; none: those on which the entries differ most.
    pub images: Vec<String>,
    /// How many are chosen where none is named.
    pub count: usize,
    /// The side of the crop in HR pixels.
    pub side: usize,
    /// The most bytes that all of them may add to the page.
    pub budget: usize,
}

impl Default for Pictures {
    fn default() -> Self {
        Pictures { images: Vec::new(), count: 3, side: 256, budget: 8 << 20 }
    }
}

impl Page {
    /// Adds images side by side from what the run kept. Entries of the run are those from `first` on.
    ///
    /// # Errors
    /// A named image is not in the run, or none of its SR was kept; LR or HR cannot be read.
    pub fn add_pictures(&mut self, run: &Run, first: usize, pictures: &Pictures) -> Result<()> {
        let mut left = pictures.budget;
        for at in chosen(run, pictures)? {
            let image = &run.plan().images[at];
            let comparison = self.comparison(run, first, image, pictures.side, &mut left)?;
            self.comparisons.extend(comparison);
        }
        Ok(())
    }

    fn comparison(
        &self,
        run: &Run,
        first: usize,
        planned: &PlannedImage,
        side: usize,
        left: &mut usize,
    ) -> Result<Option<Comparison>> {
        let plan = run.plan();
        let scale = plan.submissions.first().map_or(4, |p| p.submission.scale);
        let times = scale as usize;
        let mut notes = Vec::new();
        let mut kept = Vec::new();
        for (place, submission) in plan.submissions.iter().enumerate() {
            let name = &submission.submission.name;
            match kept_sr(run, name, planned) {
                Ok(Some((sr, quality))) => kept.push((first + place, sr, quality)),
                Ok(None) => {}
                Err(error) => notes.push(format!("{name} is left out: {error}")),
            }
        }
        if kept.is_empty() && notes.is_empty() {
            return Ok(None);
        }
        let lr = match &planned.source {
            Source::File { lr, .. } => Image::read(&lr.path)?,
            Source::Synthetic { .. } => return Ok(None),
        };
        let hr = planned.hr().map(|path| Image::read(path)).transpose()?;
        let bicubic = (times == bicubic::SCALE).then(|| bicubic::up4(&lr));
        let cropped_hr = hr.as_ref().map(|hr| {
            let view = hr.cropped(times);
            let rgb = (0..view.height).flat_map(|y| view.row(y).iter().copied()).collect();
            Image { height: view.height, width: view.width, rgb }
        });
        let srs: Vec<&Image> = kept.iter().map(|(_, sr, _)| sr).collect();
        let reference = cropped_hr.as_ref().or(bicubic.as_ref()).or(srs.first().copied());
        let Some(reference) = reference else { return Ok(None) };
        let crop = hardest(reference, &srs, side, times);
        let small = Crop {
            top: crop.top / times,
            left: crop.left / times,
            height: crop.height / times,
            width: crop.width / times,
        };
        let mut references = vec![panel("LR", None, address(&lr, small)?, size(&lr))];
        if let Some(bicubic) = &bicubic {
            let quality = hr.as_ref().map(|hr| quality::compare(hr, bicubic, scale)).transpose()?;
            references.push(panel("bicubic", None, address(bicubic, crop)?, figures(quality.as_ref())));
        }
        if let Some(hr) = &cropped_hr {
            references.push(panel("HR", None, address(hr, crop)?, size(hr)));
        }
        let mut panels = Vec::new();
        let mut omitted = 0_usize;
        let used: usize = references.iter().map(|p| p.shot.src.len()).sum();
        *left = left.saturating_sub(used);
        for (entry, sr, quality) in &kept {
            let src = address(sr, crop)?;
            if src.len() > *left {
                omitted += 1;
                continue;
            }
            *left -= src.len();
            let name = self.entries.get(*entry).map_or("", |e| e.brief.as_str());
            panels.push(panel(name, Some(*entry), src, figures(quality.as_ref())));
        }
        if omitted > 0 {
            notes.push(format!(
                "{omitted} entries are left out, so that the page stays small; the run keeps their images in sr/"
            ));
        }
        Ok(Some(Comparison {
            split: planned.split.clone(),
            image: planned.image.clone(),
            scale: times,
            crop,
            references,
            panels,
            notes,
        }))
    }
}

fn panel(name: &str, entry: Option<usize>, src: String, figures: String) -> Panel {
    Panel { name: name.to_owned(), entry, shot: Shot { src }, figures }
}

fn size(image: &Image) -> String {
    format!("{} x {} pixels", image.height, image.width)
}

fn figures(quality: Option<&Quality>) -> String {
    quality.map_or_else(String::new, |q| format!("{:.2} dB, SSIM {:.4}", q.psnr_rgb, q.ssim_y))
}

/// The SR that a run kept of an image, and its recorded quality; `None` if it kept none.
///
/// # Errors
/// The file is not the recorded output.
fn kept_sr(run: &Run, submission: &str, image: &PlannedImage) -> Result<Option<(Image, Option<Quality>)>> {
    let path = kept_path(run, submission, image);
    let Some(recorded) = run.results().submissions.get(submission).and_then(|r| r.images.get(&image.key())) else {
        return Ok(None);
    };
    if !path.is_file() {
        return Ok(None);
    }
    let sr = Image::read(&path)?;
    let found = sha256(&sr.rgb);
    if found != recorded.sr_sha256 {
        let expected = format!("the recorded output (SHA-256 {})", recorded.sr_sha256);
        let name = path.file_name().map_or_else(|| path.clone(), PathBuf::from);
        return Err(Error::input(name, crate::error::Place::Whole, expected, found));
    }
    Ok(Some((sr, recorded.quality)))
}

fn kept_path(run: &Run, submission: &str, image: &PlannedImage) -> PathBuf {
    run.sr_path(submission, &image.split, &image.image)
}

/// The places of the images to show in the plan.
fn chosen(run: &Run, pictures: &Pictures) -> Result<Vec<usize>> {
    let plan = run.plan();
    if !pictures.images.is_empty() {
        let find = |name: &String| {
            let found = plan.images.iter().position(|i| i.image == *name || i.label() == *name);
            found.ok_or_else(|| {
                let known: Vec<String> = plan.images.iter().map(PlannedImage::label).collect();
                let hint = crate::util::toml_file::nearest(name, known.iter().map(String::as_str));
                Error::Usage(format!("{}: no image `{name}`{hint}", run.dir().display()))
            })
        };
        return pictures.images.iter().map(find).collect();
    }
    let mut places: Vec<(usize, f64, usize)> = Vec::new();
    for (at, image) in plan.images.iter().enumerate() {
        let kept: Vec<&str> = plan
            .submissions
            .iter()
            .map(|p| p.submission.name.as_str())
            .filter(|name| kept_path(run, name, image).is_file())
            .collect();
        let psnr = kept.iter().filter_map(|name| {
            let recorded = run.results().submissions.get(*name)?.images.get(&image.key())?;
            recorded.quality.as_ref().map(|q| q.psnr_rgb)
        });
        let (low, high) = psnr.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        if !kept.is_empty() {
            places.push((kept.len(), if high > low { high - low } else { 0.0 }, at));
        }
    }
    // Most entries first, then where they differ most.
    places.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
    Ok(places.into_iter().take(pictures.count).map(|(_, _, at)| at).collect())
}
