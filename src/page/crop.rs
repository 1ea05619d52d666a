//! The part of an image that is shown, and its PNG as text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::quality::Image;

/// A rectangle of HR, its sides and corners multiples of the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Crop {
    /// First row.
    pub top: usize,
    /// First column.
    pub left: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

/// The square of at most `side` pixels in which the images differ most from `reference`, summed over all of them.
pub(super) fn hardest(reference: &Image, others: &[&Image], side: usize, scale: usize) -> Crop {
    let fit = |n: usize| (side.min(n) / scale).max(1) * scale;
    let (height, width) = (fit(reference.height), fit(reference.width));
    // Errors of squares of scale x scale pixels, as sums over all above and to the left.
    let (rows, columns) = (reference.height / scale, reference.width / scale);
    let mut sums = vec![0_u64; (rows + 1) * (columns + 1)];
    for y in 0..rows {
        for x in 0..columns {
            let mut cell = 0_u64;
            for row in y * scale..(y + 1) * scale {
                let at = 3 * (row * reference.width + x * scale);
                let wanted = &reference.rgb[at..at + 3 * scale];
                for other in others {
                    let at = 3 * (row * other.width + x * scale);
                    let squares = wanted.iter().zip(&other.rgb[at..at + 3 * scale]);
                    cell += squares.map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum::<u64>();
                }
            }
            let at = |y: usize, x: usize| y * (columns + 1) + x;
            sums[at(y + 1, x + 1)] = cell + sums[at(y, x + 1)] + sums[at(y + 1, x)] - sums[at(y, x)];
        }
    }
    let (h, w) = (height / scale, width / scale);
    let total = |y: usize, x: usize| {
        let at = |y: usize, x: usize| sums[y * (columns + 1) + x];
        at(y + h, x + w) + at(y, x) - at(y, x + w) - at(y + h, x)
    };
    let places = (0..=rows.saturating_sub(h)).flat_map(|y| (0..=columns.saturating_sub(w)).map(move |x| (y, x)));
    let (y, x) = places.max_by_key(|&(y, x)| (total(y, x), std::cmp::Reverse((y, x)))).unwrap_or_default();
    Crop { top: y * scale, left: x * scale, height, width }
}

/// The rectangle of `image` as a PNG in a `data:` address.
pub(super) fn address(image: &Image, crop: Crop) -> Result<String> {
    let view = image.view(crop.top, crop.left, crop.height, crop.width);
    let mut bytes = Vec::new();
    let fail = |error: png::EncodingError| Error::io("write", "a PNG in memory")(error.into());
    let mut encoder = png::Encoder::new(&mut bytes, crop.width as u32, crop.height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().map_err(fail)?;
    let rgb: Vec<u8> = (0..view.height).flat_map(|y| view.row(y).iter().copied()).collect();
    writer.write_image_data(&rgb).map_err(fail)?;
    writer.finish().map_err(fail)?;
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(height: usize, width: usize) -> Image {
        Image::new(height, width, vec![100; height * width * 3]).unwrap()
    }

    #[test]
    fn the_crop_is_where_images_differ_most() {
        let hr = flat(64, 96);
        let mut sr = hr.clone();
        for y in 40..52 {
            for x in 60..72 {
                sr.rgb[3 * (y * 96 + x)] = 255;
            }
        }
        let crop = hardest(&hr, &[&sr], 16, 4);
        assert_eq!((crop.height, crop.width), (16, 16));
        assert!(crop.top <= 40 && crop.top + 16 >= 52 && crop.left <= 60 && crop.left + 16 >= 72, "{crop:?}");
        assert_eq!(crop.top % 4 + crop.left % 4, 0);
        let whole = hardest(&hr, &[&sr], 500, 4);
        assert_eq!(whole, Crop { top: 0, left: 0, height: 64, width: 96 });
    }

    #[test]
    fn an_address_holds_the_pixels() {
        let mut image = flat(8, 8);
        image.rgb[3 * (5 * 8 + 6)] = 7;
        let text = address(&image, Crop { top: 4, left: 4, height: 4, width: 4 }).unwrap();
        let bytes = STANDARD.decode(text.strip_prefix("data:image/png;base64,").unwrap()).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!((pixels.len(), pixels[3 * (4 + 2)], pixels[0]), (48, 7, 100));
    }
}
