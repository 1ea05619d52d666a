//! The LR pixels of a planned image, and whether the files are still those of the plan.

use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::error::{Error, Place, Result};
use crate::protocol::FileHash;
use crate::quality::Image;
use crate::run::{Plan, PlannedImage, Source};
use crate::util::input;
use crate::util::input::Kind;

/// The side of the synthetic input: the size at which the field counts FLOPs.
pub(super) const SYNTHETIC: usize = 256;

/// Reads or makes the LR image.
pub(super) fn pixels(image: &PlannedImage) -> Result<Image> {
    let lr = match &image.source {
        Source::File { lr, .. } => Image::read(&lr.path)?,
        Source::Synthetic { seed } => noise(image.height, image.width, *seed)?,
    };
    if let Source::File { lr: file, .. } = &image.source
        && (lr.height, lr.width) != (image.height, image.width)
    {
        let size = |h: usize, w: usize| format!("{h} x {w} pixels (height x width)");
        return Err(Error::input(&file.path, Place::Whole, size(image.height, image.width), size(lr.height, lr.width)));
    }
    Ok(lr)
}

fn noise(height: usize, width: usize, seed: u64) -> Result<Image> {
    let mut rgb = vec![0; height * width * 3];
    Pcg64::seed_from_u64(seed).fill(&mut rgb[..]);
    Image::new(height, width, rgb)
}

/// A file's identity.
pub(super) fn identify(path: &Path) -> Result<FileHash> {
    let absolute = std::path::absolute(path).map_err(Error::io("read", path))?;
    Ok(FileHash { sha256: input::sha256_of(&absolute, Kind::Weights)?, path: absolute })
}

/// Whether every file is what it was when the run began: the rest of a run on other data or weights would be another run.
pub(super) fn check_files(plan: &Plan) -> Result<()> {
    let images = plan.images.iter().flat_map(|image| match &image.source {
        Source::File { lr, hr } => std::iter::once(lr).chain(hr).collect(),
        Source::Synthetic { .. } => Vec::new(),
    });
    for file in plan.submissions.iter().flat_map(|p| &p.files).chain(images) {
        let found = input::sha256_of(&file.path, Kind::Weights)?;
        if found != file.sha256 {
            return Err(Error::input(
                &file.path,
                Place::Whole,
                format!("the file that the run began with (SHA-256 {})", file.sha256),
                format!("another one ({found})"),
            ));
        }
    }
    Ok(())
}
