//! SR images against those of the reference code.

use std::path::Path;

use esr_bench::quality;
use esr_bench::quality::Image;
use serde::Deserialize;
use tch::{Kind, Tensor};

use crate::common;
use crate::network::{Network, networks};

/// What the order of 32-bit sums may change, in dB.
const TOLERANCE_DB: f64 = 2e-4;

/// A row of `psnr_truth.csv`, as far as it is of use here.
#[derive(Debug, Deserialize)]
struct Row {
    dataset: String,
    image: String,
    model: String,
    psnr_rgb: f64,
    sr_h: usize,
    sr_w: usize,
    sr_sum: u64,
}

/// The largest deviations of one network.
#[derive(Debug, Default, Clone, Copy)]
struct Deviation {
    images: usize,
    /// Of PSNR-RGB.
    db: f64,
    /// Of the sum of all SR bytes.
    sum: u64,
}

#[test]
fn set5_is_met() {
    let Some(shared) = common::shared("set5_is_met") else { return };
    compare(&shared, "Set5");
}

/// Minutes on a few cores: run it with `--ignored --nocapture` to see the deviations.
#[test]
#[ignore = "slow"]
fn set14_is_met() {
    let Some(shared) = common::shared("set14_is_met") else { return };
    compare(&shared, "Set14");
}

fn compare(shared: &Path, dataset: &str) {
    let mut reader = csv::Reader::from_path(shared.join("data/psnr_truth.csv")).unwrap();
    let rows: Vec<Row> = reader.deserialize().map(Result::unwrap).filter(|r: &Row| r.dataset == dataset).collect();
    for network in networks(shared) {
        let rows: Vec<&Row> = rows.iter().filter(|r| r.model == network.truth()).collect();
        if !rows.is_empty() {
            let deviation = deviation(shared, &network, &rows);
            eprintln!("{dataset} {}: {deviation:?}", network.row.name);
        }
    }
}

fn deviation(shared: &Path, network: &Network, rows: &[&Row]) -> Deviation {
    let built = network.build(network.dict());
    let mut worst = Deviation::default();
    for row in rows {
        let set = shared.join("data/sets").join(&row.dataset);
        let hr = Image::read(&set.join("HR").join(format!("{}.png", row.image))).unwrap();
        let lr = Image::read(&set.join("LRx4").join(format!("{}x4.png", row.image))).unwrap();
        let range = network.card.data_range;
        let sr = bytes(&tch::no_grad(|| built.network.forward(&tensor(&lr, range))), range);
        assert_eq!((sr.height, sr.width), (row.sr_h, row.sr_w), "{row:?}");
        let db = (quality::compare(&hr, &sr, 4).unwrap().psnr_rgb - row.psnr_rgb).abs();
        assert!(db <= TOLERANCE_DB, "{row:?}: {db} dB off");
        let sum = sr.rgb.iter().map(|&v| u64::from(v)).sum::<u64>().abs_diff(row.sr_sum);
        // A value that lies on the edge between two bytes may fall to either side: few do, by one each.
        assert!(sum <= sr.rgb.len() as u64 / 10_000, "{row:?}: the sum of bytes is {sum} off");
        worst = Deviation { images: worst.images + 1, db: worst.db.max(db), sum: worst.sum.max(sum) };
    }
    worst
}

/// (1, 3, H, W), in 0 to `range`.
fn tensor(image: &Image, range: f64) -> Tensor {
    let size = [1, image.height as i64, image.width as i64, 3];
    let bytes = Tensor::from_slice(&image.rgb).view(size);
    bytes.permute([0, 3, 1, 2]).contiguous().to_kind(Kind::Float) / (255.0 / range)
}

/// Clamped, scaled to 255, rounded half to even.
fn bytes(sr: &Tensor, range: f64) -> Image {
    let size = sr.size();
    let rounded = (sr.clamp(0.0, range) * 255.0 / range).round().to_kind(Kind::Uint8);
    let rgb = Vec::<u8>::try_from(rounded.permute([0, 2, 3, 1]).contiguous().view(-1)).unwrap();
    Image::new(size[2] as usize, size[3] as usize, rgb).unwrap()
}
