//! Writing SR images into the run.

use crate::error::{Error, Result};
use crate::quality::Image;
use crate::run::{ImageQuality, KeepSr, Run};

/// Writes the SR of `seen`, which is not recorded yet, if the plan wants it kept. It is written before the record: what is
/// recorded is there.
pub(super) fn keep(run: &Run, seen: &ImageQuality, sr: &Image) -> Result<()> {
    let plan = run.plan();
    let path = run.sr_path(&seen.submission, &seen.split, &seen.image);
    let mut replaced = None;
    match plan.keep_sr {
        KeepSr::None => return Ok(()),
        KeepSr::All => {}
        KeepSr::First(count) => {
            let mut split = plan.images.iter().filter(|i| i.split == seen.split).take(count as usize);
            if !split.any(|i| i.image == seen.image) {
                return Ok(());
            }
        }
        KeepSr::Worst => {
            let Some(own) = seen.quality.as_ref().map(|q| q.psnr_rgb) else { return Ok(()) };
            let before = run.results().submissions.get(&seen.submission).into_iter().flat_map(|r| &r.images);
            let before = before.filter(|((split, image), _)| *split == seen.split && *image != seen.image);
            let worst = before
                .filter_map(|((_, image), recorded)| Some((recorded.quality.as_ref()?.psnr_rgb, image)))
                .min_by(|a, b| a.0.total_cmp(&b.0));
            if worst.as_ref().is_some_and(|(psnr, _)| *psnr <= own) {
                return Ok(());
            }
            replaced = worst.map(|(_, image)| run.sr_path(&seen.submission, &seen.split, image));
        }
    }
    let folder = path.parent().unwrap_or(run.dir());
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    sr.write(&path)?;
    match replaced.map(|old| (std::fs::remove_file(&old), old)) {
        Some((Err(error), old)) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", old)(error)),
        _ => Ok(()),
    }
}
