//! One row an image and submission: what `esr-bench show --images` prints.

use serde::{Deserialize, Serialize};

use crate::run::Run;
use crate::stats::summary;

/// One image of one submission. The names and their order are the CSV's header, which scripts rely on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageRow {
    /// The submission's name.
    pub submission: String,
    /// `val`, `test`, or the data set's name.
    pub split: String,
    /// The image's name.
    pub image: String,
    /// LR rows.
    pub lr_height: usize,
    /// LR columns.
    pub lr_width: usize,
    /// PSNR over all three channels, dB; empty where quality was not measured.
    pub psnr_rgb: Option<f64>,
    /// PSNR of the luma, dB.
    pub psnr_y: Option<f64>,
    /// SSIM of the luma.
    pub ssim_y: Option<f64>,
    /// Milliseconds, over repeats and rounds as the run's protocol says; empty where none was timed.
    pub runtime_ms: Option<f64>,
}

impl Run {
    /// Every image of every submission, in the plan's order, measured or not.
    pub fn images(&self) -> Vec<ImageRow> {
        let plan = self.plan();
        let samples = self.samples();
        let mut rows = Vec::new();
        for (name, results) in &self.results().submissions {
            let rounds = samples.iter().find(|s| s.label == *name).map_or(&[][..], |s| &s.rounds);
            for image in &plan.images {
                let quality = results.images.get(&image.key()).and_then(|q| q.quality.as_ref());
                let of_rounds: Vec<f64> = rounds
                    .iter()
                    .flat_map(|r| &r.images)
                    .filter(|i| i.split == image.split && i.image == image.image && !i.ms.is_empty())
                    .map(|i| summary::image_runtime(i, plan.protocol))
                    .collect();
                rows.push(ImageRow {
                    submission: name.clone(),
                    split: image.split.clone(),
                    image: image.image.clone(),
                    lr_height: image.height,
                    lr_width: image.width,
                    psnr_rgb: quality.map(|q| q.psnr_rgb),
                    psnr_y: quality.map(|q| q.psnr_y),
                    ssim_y: quality.map(|q| q.ssim_y),
                    runtime_ms: (!of_rounds.is_empty()).then(|| summary::over_rounds(&of_rounds, plan.protocol)),
                });
            }
        }
        rows
    }
}
