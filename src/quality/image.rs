//! 8-bit RGB images, and the PNG files that they come from.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Seek};
use std::path::Path;

use png::{BitDepth, ColorType, Decoder, Transformations};

use crate::error::{Error, Place, Result};
use crate::quality::view::PixelView;
use crate::util::input::Kind;
use crate::util::{files, input};

/// The most pixels that a file may claim: 2^28, eight times the largest image of any challenge. A header is a promise
/// that a damaged or hostile file need not keep, and memory is set aside on its word.
const MAX_PIXELS: u64 = 1 << 28;

/// An 8-bit RGB image, `height * width * 3` bytes, rows first, no padding.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// `rgb[(y * width + x) * 3 + channel]`.
    pub rgb: Vec<u8>,
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Image({} x {})", self.height, self.width)
    }
}

impl Image {
    /// Wraps raw bytes; [`Error::Shape`] if they are not `height * width * 3`.
    pub fn new(height: usize, width: usize, rgb: Vec<u8>) -> Result<Image> {
        let expected = height.checked_mul(width).and_then(|n| n.checked_mul(3));
        if expected != Some(rgb.len()) {
            return Err(Error::Shape {
                what: format!("an RGB image of {height} x {width}"),
                expected: expected.map_or_else(|| "a size that memory can hold".into(), |n| format!("{n} bytes")),
                found: format!("{} bytes", rgb.len()),
            });
        }
        Ok(Image { height, width, rgb })
    }

    /// Reads a PNG file as the field's tools do: grey is replicated to three channels, a palette is looked up, and
    /// colour-management chunks (gAMA, sRGB, iCCP) are ignored.
    ///
    /// Refused, with the file's name: 16 bits a channel (rounding them would be a choice that nobody made), and
    /// transparency. An alpha channel that is opaque everywhere says nothing and is dropped.
    pub fn read(path: &Path) -> Result<Image> {
        decode(path, open(path)?)
    }

    /// As [`Image::read`], from bytes; `path` is for messages.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Image> {
        decode(path, reader(path, Cursor::new(bytes))?)
    }

    /// Writes an 8-bit RGB PNG file. A reader sees the old file or the complete new one.
    pub fn write(&self, path: &Path) -> Result<()> {
        let fail = |error: png::EncodingError| Error::io("write", path)(error.into());
        let (height, width) = match (u32::try_from(self.height), u32::try_from(self.width)) {
            (Ok(height @ 1..), Ok(width @ 1..)) => (height, width),
            _ => {
                return Err(Error::Shape {
                    what: path.display().to_string(),
                    expected: "1 to 4294967295 rows and columns".into(),
                    found: format!("{} x {}", self.height, self.width),
                });
            }
        };
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(ColorType::Rgb);
        encoder.set_depth(BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(fail)?;
        writer.write_image_data(&self.rgb).map_err(fail)?;
        writer.finish().map_err(fail)?;
        files::write(path, &bytes)
    }

    /// The top left part whose sides are multiples of `scale`; borrowed pixels, nothing is copied.
    pub fn cropped(&self, scale: usize) -> PixelView<'_> {
        let scale = scale.max(1);
        self.view(0, 0, self.height / scale * scale, self.width / scale * scale)
    }

    /// A rectangle of the image.
    ///
    /// # Panics
    /// If it does not lie inside.
    pub fn view(&self, top: usize, left: usize, height: usize, width: usize) -> PixelView<'_> {
        PixelView::new(&self.rgb, self.height, self.width).part(top, left, height, width)
    }
}

/// Height and width of a PNG file, from its header alone; refuses what [`Image::read`] refuses by the header.
pub fn size(path: &Path) -> Result<(usize, usize)> {
    checked_size(path, open(path)?.info())
}

fn open(path: &Path) -> Result<png::Reader<BufReader<File>>> {
    let file = input::open(path, Kind::Image)?;
    reader(path, BufReader::with_capacity(1 << 16, file))
}

fn reader<R: BufRead + Seek>(path: &Path, bytes: R) -> Result<png::Reader<R>> {
    let mut decoder = Decoder::new(bytes);
    decoder.set_transformations(Transformations::EXPAND);
    decoder.ignore_checksums(false);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.read_info().map_err(|error| png_error(path, error))
}

fn decode(path: &Path, mut reader: png::Reader<impl BufRead + Seek>) -> Result<Image> {
    let (height, width) = checked_size(path, reader.info())?;
    let bytes = reader.output_buffer_size().ok_or_else(|| {
        Error::input(path, Place::Whole, "an image that memory can hold", format!("{height} x {width} pixels"))
    })?;
    let mut pixels = vec![0; bytes];
    let frame = reader.next_frame(&mut pixels).map_err(|error| png_error(path, error))?;
    // What follows the pixels is read as well: a file cut off after its last row is still a damaged file.
    reader.finish().map_err(|error| png_error(path, error))?;
    pixels.truncate(frame.buffer_size());
    let rgb = match frame.color_type {
        ColorType::Rgb => pixels,
        ColorType::Grayscale => pixels.iter().flat_map(|&v| [v; 3]).collect(),
        ColorType::Rgba => {
            opaque(path, pixels.chunks_exact(4).map(|p| p[3]))?;
            pixels.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect()
        }
        ColorType::GrayscaleAlpha => {
            opaque(path, pixels.chunks_exact(2).map(|p| p[1]))?;
            pixels.chunks_exact(2).flat_map(|p| [p[0]; 3]).collect()
        }
        ColorType::Indexed => {
            return Err(Error::input(path, Place::Whole, "a palette that can be looked up", "none"));
        }
    };
    Image::new(height, width, rgb)
}

fn checked_size(path: &Path, info: &png::Info<'_>) -> Result<(usize, usize)> {
    if info.bit_depth == BitDepth::Sixteen {
        return Err(Error::input(path, Place::Whole, "8 bits a channel", "16 bits a channel"));
    }
    if u64::from(info.height) * u64::from(info.width) > MAX_PIXELS {
        return Err(Error::input(
            path,
            Place::Whole,
            format!("at most {MAX_PIXELS} pixels"),
            format!("{} x {}", info.height, info.width),
        ));
    }
    Ok((info.height as usize, info.width as usize))
}

fn opaque(path: &Path, alpha: impl Iterator<Item = u8>) -> Result<()> {
    match alpha.filter(|&a| a != u8::MAX).count() {
        0 => Ok(()),
        n => Err(Error::input(
            path,
            Place::Whole,
            "opaque pixels",
            format!("transparency in {n} pixel{}", if n == 1 { "" } else { "s" }),
        )),
    }
}

fn png_error(path: &Path, error: png::DecodingError) -> Error {
    match error {
        png::DecodingError::IoError(source) if source.kind() != std::io::ErrorKind::UnexpectedEof => {
            Error::io("read", path)(source)
        }
        png::DecodingError::IoError(_) => Error::input(path, Place::Whole, "a whole PNG file", "one that is cut off"),
        other => Error::input(path, Place::Whole, "a PNG file", other.to_string()),
    }
}
