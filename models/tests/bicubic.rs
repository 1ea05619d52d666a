//! Bicubic as tensor operations is bicubic as integers.

#[path = "../../tests/common/mod.rs"]
mod common;

use esr_bench::quality::{Image, bicubic};
use esr_bench::submission::card::Card;
use esr_models::arch::{Arch, Built};
use esr_models::vars::Vars;
use proptest::prelude::*;
use serde::Deserialize;
use tch::{Device, Kind, Tensor};

fn network() -> Built {
    let card = Card::find("bicubic").unwrap();
    assert_eq!((card.scale, card.data_range), (4, 255.0));
    Arch::find(&card.arch).unwrap().build(Vars::seeded(1, Device::Cpu), &card.config).unwrap()
}

/// The network's output, without any rounding on the way to bytes.
fn upscaled(image: &Image) -> Vec<f32> {
    let size = [1, image.height as i64, image.width as i64, 3];
    let x = Tensor::from_slice(&image.rgb).view(size).permute([0, 3, 1, 2]).contiguous().to_kind(Kind::Float);
    let y = tch::no_grad(|| network().network.forward(&x));
    assert_eq!(y.size(), [1, 3, 4 * size[1], 4 * size[2]]);
    Vec::try_from(y.permute([0, 2, 3, 1]).contiguous().view(-1)).unwrap()
}

fn assert_same(image: &Image) {
    let expected: Vec<f32> = bicubic::up4(image).rgb.iter().map(|&v| f32::from(v)).collect();
    assert!(upscaled(image) == expected, "{} x {}", image.height, image.width);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Noise at the smallest sizes: every edge rule and every rounding.
    #[test]
    fn any_image_is_the_same(height in 1..9_usize, width in 1..9_usize, noise in prop::collection::vec(any::<u8>(), 192)) {
        assert_same(&Image::new(height, width, noise[..height * width * 3].to_vec()).unwrap());
    }
}

/// A row of `psnr_truth.csv`, as far as it is of use here.
#[derive(Deserialize)]
struct Row {
    dataset: String,
    image: String,
    model: String,
    sr_sum: u64,
}

#[test]
fn the_reference_is_met_exactly() {
    let Some(shared) = common::shared("the_reference_is_met_exactly") else { return };
    let mut reader = csv::Reader::from_path(shared.join("data/psnr_truth.csv")).unwrap();
    let rows = reader.deserialize().map(Result::unwrap).filter(|row: &Row| row.model == "bicubic");
    let mut images = 0;
    for row in rows {
        let file = format!("data/sets/{}/LRx4/{}x4.png", row.dataset, row.image);
        let lr = Image::read(&shared.join(file)).unwrap();
        assert_same(&lr);
        let sum: f64 = upscaled(&lr).iter().map(|&v| f64::from(v)).sum();
        assert_eq!(sum, row.sr_sum as f64, "{} {}", row.dataset, row.image);
        images += 1;
    }
    assert_eq!(images, 22);
}
