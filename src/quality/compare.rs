//! HR against SR: which pixels count, and every figure of them.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::quality::image::Image;
use crate::quality::view::PixelView;
use crate::quality::{luma, psnr, ssim};

/// What a leaderboard and a paper's table need of one image.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Quality {
    /// PSNR over all three channels, in dB; infinite (in JSON: `"inf"`) where nothing differs. The challenges' figure.
    #[serde(with = "decibels")]
    #[schemars(schema_with = "decibels::schema")]
    pub psnr_rgb: f64,
    /// PSNR of the unrounded luma, in dB.
    #[serde(with = "decibels")]
    #[schemars(schema_with = "decibels::schema")]
    pub psnr_y: f64,
    /// Mean SSIM of the unrounded luma.
    pub ssim_y: f64,
    /// The exact sum of squared errors behind `psnr_rgb` ...
    pub sse_rgb: u64,
    /// ... and the number of values that it was taken over.
    pub n_rgb: u64,
}

/// The same comparison by other conventions of the literature.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Variants {
    /// PSNR of the luma rounded to `uint8`, as MATLAB's `rgb2ycbcr` gives it, in dB.
    #[serde(with = "decibels")]
    pub psnr_y_round: f64,
    /// Mean SSIM of the luma rounded to `uint8`.
    pub ssim_y_round: f64,
    /// Mean over the three channels of their mean SSIM.
    pub ssim_rgb: f64,
}

/// Compares an SR image with its HR image by the field's conventions: HR is cropped at the top left to multiples of
/// `scale`, SR must have exactly that size, and `scale` pixels are shaved from every side of both.
///
/// [`Error::Shape`] if the sizes do not fit, or if less than SSIM's window of 11 x 11 remains.
pub fn compare(hr: &Image, sr: &Image, scale: u32) -> Result<Quality> {
    let (hr, sr) = compared(hr, sr, scale)?;
    let n_rgb = hr.height as u64 * hr.width as u64 * 3;
    let sse_rgb = psnr::sse_rgb(hr, sr);
    Ok(Quality {
        psnr_rgb: psnr::psnr(sse_rgb as f64, n_rgb),
        psnr_y: psnr::psnr(psnr::sse_of(hr, sr, luma::luma), n_rgb / 3),
        ssim_y: ssim_of(hr, sr, luma::luma)?,
        sse_rgb,
        n_rgb,
    })
}

/// The same pixels as [`compare`], by the conventions of [`Variants`]: four more SSIM maps, so asked for apart.
pub fn variants(hr: &Image, sr: &Image, scale: u32) -> Result<Variants> {
    let (hr, sr) = compared(hr, sr, scale)?;
    let n = hr.height as u64 * hr.width as u64;
    let channel = |c: usize| ssim_of(hr, sr, move |rgb| f64::from(rgb[c]));
    Ok(Variants {
        psnr_y_round: psnr::psnr(psnr::sse_of(hr, sr, luma::luma_rounded), n),
        ssim_y_round: ssim_of(hr, sr, luma::luma_rounded)?,
        ssim_rgb: (channel(0)? + channel(1)? + channel(2)?) / 3.0,
    })
}

fn compared<'a>(hr: &'a Image, sr: &'a Image, scale: u32) -> Result<(PixelView<'a>, PixelView<'a>)> {
    for (what, image) in [("HR", hr), ("SR", sr)] {
        if image.rgb.len() != image.height * image.width * 3 {
            return Err(Error::Shape {
                what: format!("the {what} image of {} x {}", image.height, image.width),
                expected: format!("{} bytes", image.height * image.width * 3),
                found: format!("{} bytes", image.rgb.len()),
            });
        }
    }
    let scale = scale as usize;
    let cropped = hr.cropped(scale);
    if (sr.height, sr.width) != (cropped.height, cropped.width) {
        return Err(Error::Shape {
            what: "the SR image".into(),
            expected: format!("{} x {} (height x width)", cropped.height, cropped.width),
            found: format!("{} x {}", sr.height, sr.width),
        });
    }
    let enough = |view: &PixelView<'_>| view.height >= ssim::WINDOW && view.width >= ssim::WINDOW;
    match (cropped.shaved(scale).filter(enough), sr.cropped(1).shaved(scale)) {
        (Some(hr), Some(sr)) => Ok((hr, sr)),
        _ => Err(too_small(cropped, scale)),
    }
}

fn too_small(view: PixelView<'_>, scale: usize) -> Error {
    let least = ssim::WINDOW + 2 * scale;
    Error::Shape {
        what: "the HR image".into(),
        expected: format!("at least {least} x {least} pixels, so that SSIM's window fits inside the shaved border"),
        found: format!("{} x {}", view.height, view.width),
    }
}

fn ssim_of(hr: PixelView<'_>, sr: PixelView<'_>, of: impl Fn([u8; 3]) -> f64 + Sync) -> Result<f64> {
    let fill = |view: PixelView<'_>, y: usize, row: &mut [f64]| luma::row(view.row(y), row, &of);
    ssim::mean_ssim(hr.height, hr.width, |y, row| fill(hr, y, row), |y, row| fill(sr, y, row))
        .ok_or_else(|| too_small(hr, 0))
}

/// JSON has no infinity: two equal images have `"inf"` dB.
mod decibels {
    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(f64),
        Word(String),
    }

    pub(super) fn schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [{ "type": "number" }, { "const": "inf" }] })
    }

    pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if *value == f64::INFINITY { serializer.serialize_str("inf") } else { serializer.serialize_f64(*value) }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        match Either::deserialize(deserializer)? {
            Either::Number(value) => Ok(value),
            Either::Word(word) if word == "inf" => Ok(f64::INFINITY),
            Either::Word(word) => {
                Err(serde::de::Error::custom(format!("expected a number or \"inf\", found {word:?}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn noise(height: usize, width: usize, seed: u32) -> Image {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12345);
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        Image { height, width, rgb: (0..height * width * 3).map(|_| next()).collect() }
    }

    #[test]
    fn equal_images_have_infinite_psnr_and_survive_json() {
        let image = noise(24, 28, 1);
        let quality = compare(&image, &image, 4).unwrap();
        assert_eq!((quality.psnr_rgb, quality.sse_rgb), (f64::INFINITY, 0));
        assert!((quality.ssim_y - 1.0).abs() < 1e-12);
        let text = serde_json::to_string(&quality).unwrap();
        assert!(text.contains(r#""psnr_rgb":"inf""#), "{text}");
        assert_eq!(serde_json::from_str::<Quality>(&text).unwrap(), quality);
    }

    #[test]
    fn hr_is_cropped_but_sr_must_fit() {
        let hr = noise(27, 30, 1);
        assert!(compare(&hr, &noise(24, 28, 2), 4).is_ok());
        let message = compare(&hr, &noise(27, 30, 2), 4).unwrap_err().to_string();
        assert_eq!(message, "the SR image: expected 24 x 28 (height x width), found 27 x 30");
    }

    #[test]
    fn pixels_of_the_border_do_not_count() {
        let hr = noise(24, 32, 5);
        let mut sr = hr.clone();
        for y in 0..24 {
            for x in 0..32 {
                if !(4..20).contains(&y) || !(4..28).contains(&x) {
                    sr.rgb[(y * 32 + x) * 3] ^= 0xff;
                }
            }
        }
        assert_eq!(compare(&hr, &sr, 4).unwrap().sse_rgb, 0);
        sr.rgb[(4 * 32 + 4) * 3 + 1] ^= 3;
        let quality = compare(&hr, &sr, 4).unwrap();
        assert_eq!((quality.sse_rgb > 0, quality.n_rgb), (true, 16 * 24 * 3));
    }

    #[test]
    fn an_image_too_small_for_the_window_is_refused() {
        let message = compare(&noise(16, 64, 1), &noise(16, 64, 2), 4).unwrap_err().to_string();
        assert!(message.starts_with("the HR image: expected at least 19 x 19 pixels"), "{message}");
        assert!(compare(&noise(4, 4, 1), &noise(4, 4, 2), 4).is_err());
    }

    #[test]
    fn the_bits_do_not_depend_on_the_threads() {
        let (hr, sr) = (noise(333, 217, 7), noise(332, 216, 8));
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let (q, v) = (compare(&hr, &sr, 4).unwrap(), variants(&hr, &sr, 4).unwrap());
                [q.psnr_rgb, q.psnr_y, q.ssim_y, v.psnr_y_round, v.ssim_y_round, v.ssim_rgb].map(f64::to_bits)
            })
        };
        let alone = with(1);
        assert!([2, 3, 8].into_iter().all(|threads| with(threads) == alone));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn comparison_is_symmetric_and_bounded(height in 5_usize..12, width in 5_usize..12, a: u32, b: u32) {
            let (a, b) = (noise(height * 4, width * 4, a), noise(height * 4, width * 4, b));
            let (there, back) = (compare(&a, &b, 4).unwrap(), compare(&b, &a, 4).unwrap());
            prop_assert_eq!(there, back);
            prop_assert!(there.ssim_y.abs() <= 1.0 + 1e-12);
            prop_assert!(there.psnr_rgb >= 0.0);
        }
    }
}
