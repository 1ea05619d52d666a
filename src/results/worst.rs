//! The images on which an entry fails most.

use serde::{Deserialize, Serialize};

use crate::run::Run;

/// One image of one submission. The names and their order are the CSV's header, which scripts rely on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorstImage {
    /// The submission's name.
    pub submission: String,
    /// `val`, `test`, or the data set's name.
    pub split: String,
    /// The image's name.
    pub image: String,
    /// PSNR over all three channels, dB.
    pub psnr_rgb: f64,
    /// SSIM of the luma.
    pub ssim_y: f64,
    /// How far the submission that is best on this image is ahead, dB: what is lost here, and not because the image is hard.
    pub to_best: f64,
    /// The submission that is best on this image.
    pub best: String,
}

impl Run {
    /// The `count` images with the lowest PSNR of each submission, the lowest first, in the plan's order of submissions.
    pub fn worst(&self, count: usize) -> Vec<WorstImage> {
        let submissions = &self.results().submissions;
        let mut out = Vec::new();
        for (name, results) in submissions {
            let mut images: Vec<WorstImage> = Vec::new();
            for (key, recorded) in &results.images {
                let Some(quality) = &recorded.quality else { continue };
                let others = submissions
                    .iter()
                    .filter_map(|(other, results)| Some((other, results.images.get(key)?.quality.as_ref()?.psnr_rgb)));
                // The first of equal ones.
                let best = others.reduce(|best, next| if next.1 > best.1 { next } else { best });
                let Some((best, most)) = best else { continue };
                images.push(WorstImage {
                    submission: name.clone(),
                    split: key.0.clone(),
                    image: key.1.clone(),
                    psnr_rgb: quality.psnr_rgb,
                    ssim_y: quality.ssim_y,
                    // Two images without any error: nothing is lost.
                    to_best: if most == quality.psnr_rgb { 0.0 } else { most - quality.psnr_rgb },
                    best: best.clone(),
                });
            }
            images.sort_by(|a, b| a.psnr_rgb.total_cmp(&b.psnr_rgb));
            images.truncate(count);
            out.append(&mut images);
        }
        out
    }
}
