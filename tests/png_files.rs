//! Which PNG files are read, how, and what is said about those that are not.

use std::fs;
use std::path::{Path, PathBuf};

use esr_bench::quality;
use esr_bench::quality::Image;
use proptest::prelude::*;

/// Writes a 2 x 2 PNG of any colour type and depth.
fn file(folder: &Path, name: &str, color: png::ColorType, depth: png::BitDepth, data: &[u8]) -> PathBuf {
    let path = folder.join(name);
    let mut encoder = png::Encoder::new(fs::File::create(&path).unwrap(), 2, 2);
    encoder.set_color(color);
    encoder.set_depth(depth);
    if color == png::ColorType::Indexed {
        encoder.set_palette(vec![1, 2, 3, 40, 50, 60]);
    }
    // No colour management: a gamma chunk changes nothing.
    encoder.set_source_gamma(png::ScaledFloat::new(1.0));
    encoder.write_header().unwrap().write_image_data(data).unwrap();
    path
}

fn error(folder: &Path, path: &Path) -> String {
    let message = Image::read(path).unwrap_err().to_string();
    message.replace(&format!("{}/", folder.display()), "")
}

#[test]
fn grey_is_replicated_and_palettes_are_looked_up() {
    use png::{BitDepth, ColorType};
    let folder = tempfile::tempdir().unwrap();
    let read =
        |name, color, depth, data: &[u8]| Image::read(&file(folder.path(), name, color, depth, data)).unwrap().rgb;
    assert_eq!(
        read("grey", ColorType::Grayscale, BitDepth::Eight, &[0, 7, 200, 255]),
        [0, 0, 0, 7, 7, 7, 200, 200, 200, 255, 255, 255]
    );
    // One bit a pixel, rows padded to bytes: 0 1 / 1 0.
    assert_eq!(
        read("bits", ColorType::Grayscale, BitDepth::One, &[0b0100_0000, 0b1000_0000]),
        [0, 0, 0, 255, 255, 255, 255, 255, 255, 0, 0, 0]
    );
    assert_eq!(
        read("palette", ColorType::Indexed, BitDepth::One, &[0b0100_0000, 0b1000_0000]),
        [1, 2, 3, 40, 50, 60, 40, 50, 60, 1, 2, 3]
    );
    let rgb: Vec<u8> = (0..12).collect();
    assert_eq!(read("rgb", ColorType::Rgb, BitDepth::Eight, &rgb), rgb);
}

#[test]
fn an_opaque_alpha_channel_is_dropped_and_transparency_refused() {
    use png::{BitDepth, ColorType};
    let folder = tempfile::tempdir().unwrap();
    let opaque = [1, 2, 3, 255, 4, 5, 6, 255, 7, 8, 9, 255, 10, 11, 12, 255];
    let path = file(folder.path(), "opaque.png", ColorType::Rgba, BitDepth::Eight, &opaque);
    assert_eq!(Image::read(&path).unwrap().rgb, (1..=12).collect::<Vec<u8>>());

    let mut glass = opaque;
    glass[3] = 254;
    let path = file(folder.path(), "glass.png", ColorType::Rgba, BitDepth::Eight, &glass);
    assert_eq!(error(folder.path(), &path), "glass.png: expected opaque pixels, found transparency in 1 pixel");
    let path = file(folder.path(), "la.png", ColorType::GrayscaleAlpha, BitDepth::Eight, &[9, 0, 9, 0, 9, 255, 9, 255]);
    assert_eq!(error(folder.path(), &path), "la.png: expected opaque pixels, found transparency in 2 pixels");
}

#[test]
fn sixteen_bits_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "deep.png", png::ColorType::Rgb, png::BitDepth::Sixteen, &[0; 24]);
    assert_eq!(error(folder.path(), &path), "deep.png: expected 8 bits a channel, found 16 bits a channel");
    assert!(quality::size(&path).is_err());
}

#[test]
fn damaged_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.png");
    Image::new(40, 30, (0..3600).map(|i| (i * i % 251) as u8).collect()).unwrap().write(&whole).unwrap();
    assert_eq!(quality::size(&whole).unwrap(), (40, 30));
    let bytes = fs::read(&whole).unwrap();

    let cut = folder.path().join("cut.png");
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    assert!(error(folder.path(), &cut).starts_with("cut.png: expected a"), "{}", error(folder.path(), &cut));

    let flipped = folder.path().join("flipped.png");
    let mut damaged = bytes.clone();
    damaged[bytes.len() / 2] ^= 1;
    fs::write(&flipped, damaged).unwrap();
    let message = error(folder.path(), &flipped);
    assert!(message.starts_with("flipped.png: expected a PNG file, found "), "{message}");

    let text = folder.path().join("text.png");
    fs::write(&text, "not a picture").unwrap();
    assert!(error(folder.path(), &text).starts_with("text.png: expected a PNG file"));
    let absent = error(folder.path(), &folder.path().join("absent.png"));
    assert!(absent.starts_with("cannot read absent.png"), "{absent}");

    // A header that claims 2^31 - 1 pixels a side, with a good checksum, must not cost that memory.
    let huge = folder.path().join("huge.png");
    let mut encoder = png::Encoder::new(fs::File::create(&huge).unwrap(), 0x7fff_ffff, 0x7fff_ffff);
    encoder.set_color(png::ColorType::Rgb);
    drop(encoder.write_header().unwrap());
    let message = error(folder.path(), &huge);
    assert!(message.starts_with("huge.png: expected"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_written_is_read(
        (height, width, rgb) in (1_usize..20, 1_usize..20).prop_flat_map(|(h, w)| {
            (Just(h), Just(w), proptest::collection::vec(any::<u8>(), h * w * 3))
        })
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image.png");
        let image = Image::new(height, width, rgb).unwrap();
        image.write(&path).unwrap();
        prop_assert_eq!(quality::size(&path).unwrap(), (height, width));
        prop_assert!(Image::read(&path).unwrap() == image);
        prop_assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0_usize..60) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image.png");
        Image::new(3, 3, vec![9; 27]).unwrap().write(&path).unwrap();
        let mut file = fs::read(&path).unwrap();
        file.splice(at.min(file.len()).., bytes);
        fs::write(&path, file).unwrap();
        let _ = Image::read(&path);
    }
}
