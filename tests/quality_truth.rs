//! The harness's own metrics and its integer bicubic against values computed with the field's reference code.

mod common;

use std::path::Path;

use esr_bench::quality;
use esr_bench::quality::Image;
use esr_bench::quality::bicubic;
use serde::Deserialize;

/// A row of `psnr_truth.csv`.
#[derive(Debug, Deserialize)]
struct Row {
    dataset: String,
    image: String,
    model: String,
    psnr_rgb: String,
    psnr_y: String,
    ssim_y: String,
    psnr_y_round: String,
    ssim_y_round: String,
    ssim_rgb: String,
    sse_rgb: u64,
    n_rgb: u64,
    sr_h: usize,
    sr_w: usize,
    sr_sum: u64,
}

fn truth(data: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(data.join("psnr_truth.csv")).expect("the truth is readable");
    reader.deserialize().map(|row| row.expect("a row of the truth")).collect()
}

#[test]
fn bicubic_rows_are_met_to_the_printed_digits() {
    let Some(data) = common::shared("bicubic_rows_are_met_to_the_printed_digits").map(|s| s.join("data")) else {
        return;
    };
    let rows: Vec<Row> = truth(&data).into_iter().filter(|row| row.model == "bicubic").collect();
    assert_eq!(rows.len(), 5 + 14 + 3);
    for row in rows {
        let set = data.join("sets").join(&row.dataset);
        let hr = Image::read(&set.join("HR").join(format!("{}.png", row.image))).unwrap();
        let sr = bicubic::up4(&Image::read(&set.join("LRx4").join(format!("{}x4.png", row.image))).unwrap());
        assert_eq!((sr.height, sr.width), (row.sr_h, row.sr_w), "{row:?}");
        assert_eq!(sr.rgb.iter().map(|&v| u64::from(v)).sum::<u64>(), row.sr_sum, "{row:?}");

        let quality = quality::compare(&hr, &sr, 4).unwrap();
        assert_eq!((quality.sse_rgb, quality.n_rgb), (row.sse_rgb, row.n_rgb), "{row:?}");
        let variants = quality::variants(&hr, &sr, 4).unwrap();
        let ours = [
            quality.psnr_rgb,
            quality.psnr_y,
            quality.ssim_y,
            variants.psnr_y_round,
            variants.ssim_y_round,
            variants.ssim_rgb,
        ]
        .map(|value| format!("{value:.6}"));
        let theirs = [&row.psnr_rgb, &row.psnr_y, &row.ssim_y, &row.psnr_y_round, &row.ssim_y_round, &row.ssim_rgb];
        assert_eq!(ours.each_ref(), theirs, "{row:?}");
    }
}

#[test]
fn lr_of_set5_is_the_integer_bicubic_of_its_hr() {
    let Some(data) = common::shared("lr_of_set5_is_the_integer_bicubic_of_its_hr").map(|s| s.join("data")) else {
        return;
    };
    for name in ["baby", "bird", "butterfly", "head", "woman"] {
        let set = data.join("sets/Set5");
        let hr = Image::read(&set.join(format!("HR/{name}.png"))).unwrap();
        let lr = Image::read(&set.join(format!("LRx4/{name}x4.png"))).unwrap();
        assert!(bicubic::down4(&hr) == lr, "{name}");
    }
}
