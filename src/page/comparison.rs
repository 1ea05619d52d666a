//! One image as a page shows it side by side.

use serde::Serialize;

use crate::page::crop::Crop;

/// One image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Its split.
    pub split: String,
    /// Its name.
    pub image: String,
    /// SR size over LR size.
    pub scale: usize,
    /// Which part of HR is shown.
    pub crop: Crop,
    /// LR, bicubic, HR.
    pub references: Vec<Panel>,
    /// Each entry's SR.
    pub panels: Vec<Panel>,
    /// What is not shown, and why.
    pub notes: Vec<String>,
}

/// One picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Panel {
    /// `LR`, `bicubic`, `HR`, or the entry's name.
    pub name: String,
    /// The entry's place in [`crate::page::Page::entries`].
    pub entry: Option<usize>,
    /// The PNG.
    #[serde(flatten)]
    pub shot: Shot,
    /// PSNR-RGB and SSIM-Y of the whole image.
    pub figures: String,
}

/// A PNG.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shot {
    /// A `data:` address.
    pub src: String,
}
