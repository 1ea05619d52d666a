//! Published weights, through worker and harness, against the reference Python code: every image of Set5 and Set14.

mod common;
#[path = "common/real_worker.rs"]
mod real_worker;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

/// Truth's name, card, weights file.
type Network = (&'static str, &'static str, &'static str);

/// Small, and of three kinds: pre-1.6 pickles and zips, data ranges 1 and 255.
const FEW: [Network; 3] = [
    ("imdn", "imdn", "ntire2022_imdn_baseline.pth"),
    ("rfdn", "rfdn", "ntire2022_rfdn_baseline.pth"),
    ("rlfn", "rlfn", "ntire2022_team04_rlfn.pth"),
];

/// Every other network of the truth.
const OTHERS: [Network; 16] = [
    ("bsrn", "bsrn", "ntire2022_team18_bsrn.pth"),
    ("efdn", "efdn", "ntire2022_team01_efdn.pth"),
    ("fmen", "fmen", "ntire2022_team03_fmen.pth"),
    ("imdn_orig", "imdn_author", "author_imdn_x4.pth"),
    ("lwfanet", "lwfanet", "ntire2022_team27_lwfanet.pth"),
    ("megsr", "megsr", "ntire2022_team40_rfdn_pruned.pth"),
    ("mobilesr", "mobilesr", "ntire2022_team20_mobilesr.pth"),
    ("msdn", "msdn", "ntire2022_team44_msdn.pth"),
    ("neesr", "neesr", "ntire2022_team05_efdn.pt"),
    ("rainbow", "rainbow", "ntire2022_team39_imdn_plus.pth"),
    ("rep_rfdn", "rep_rfdn", "ntire2022_team22_rep_rfdn.pth"),
    ("repafdn", "repafdn", "ntire2022_team10_repafdn.pth"),
    ("rlfn_orig", "rlfn_author", "author_rlfn_x4.pth"),
    ("span", "span", "ntire2026_team00_SPAN.pth"),
    ("xilinxsr", "xilinxsr", "ntire2022_team26_imdn_nb7.pth"),
    ("bicubic", "bicubic", "random"),
];

/// Decibels by which a network may differ: the order in which 32-bit floats are summed.
const PSNR: f64 = 2e-4;
const SSIM: f64 = 1e-5;

#[derive(Debug, Clone, Copy, Deserialize)]
struct Figures {
    psnr_rgb: f64,
    psnr_y: f64,
    ssim_y: f64,
}

/// By (data set, image, network).
type Table = BTreeMap<(String, String, String), Figures>;

fn truth(data: &Path) -> Table {
    #[derive(Deserialize)]
    struct Row {
        dataset: String,
        image: String,
        model: String,
        psnr_rgb: f64,
        psnr_y: f64,
        ssim_y: f64,
    }
    let mut reader = csv::Reader::from_path(data.join("psnr_truth.csv")).unwrap();
    let rows = reader.deserialize().map(|row: Result<Row, _>| row.unwrap());
    rows.map(|r| {
        let figures = Figures { psnr_rgb: r.psnr_rgb, psnr_y: r.psnr_y, ssim_y: r.ssim_y };
        ((r.dataset, r.image, r.model), figures)
    })
    .collect()
}

/// Measures the quality of `networks` on `sets`, as a user would.
fn measured(shared: &Path, networks: &[Network], sets: &[&str]) -> Table {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let mut measure = Command::new(env!("CARGO_BIN_EXE_esr-bench"));
    measure.arg("measure").arg("--worker").arg(real_worker::path());
    for (_, card, weights) in networks {
        let weights = if *weights == "random" { (*weights).into() } else { shared.join("weights").join(weights) };
        measure.args(["--model", card, "--weights"]).arg(weights);
    }
    for set in sets {
        measure.arg("--data").arg(shared.join("data/sets").join(set));
    }
    // A loaded machine can be thirty times slower than an idle one.
    measure.args(["--rounds", "0", "--time-limit", "3600", "--run"]).arg(&run);
    let output = measure.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));

    let show = Command::new(env!("CARGO_BIN_EXE_esr-bench"))
        .args(["show", "--images", "--format", "csv"])
        .arg(&run)
        .output()
        .unwrap();
    let mut reader = csv::Reader::from_reader(&show.stdout[..]);
    let mut table = Table::new();
    for record in reader.deserialize() {
        let row: esr_bench::results::ImageRow = record.unwrap();
        let (name, ..) = networks.iter().find(|(_, card, _)| *card == row.submission).unwrap();
        let figures =
            Figures { psnr_rgb: row.psnr_rgb.unwrap(), psnr_y: row.psnr_y.unwrap(), ssim_y: row.ssim_y.unwrap() };
        table.insert((row.split, row.image, (*name).to_owned()), figures);
    }
    table
}

/// The largest deviations, per network, said on stderr; it fails where one is too large or an image is missing.
fn compare(truth: &Table, found: &Table, networks: &[Network], sets: &[&str]) {
    let mut worst: BTreeMap<&str, (f64, f64, f64, usize)> = BTreeMap::new();
    for ((set, image, network), expected) in truth {
        if !sets.contains(&set.as_str()) || !networks.iter().any(|(name, ..)| name == network) {
            continue;
        }
        let found = found
            .get(&(set.clone(), image.clone(), network.clone()))
            .unwrap_or_else(|| panic!("{network} was not measured on {set}/{image}"));
        let entry = worst.entry(network).or_default();
        entry.0 = entry.0.max((found.psnr_rgb - expected.psnr_rgb).abs());
        entry.1 = entry.1.max((found.psnr_y - expected.psnr_y).abs());
        entry.2 = entry.2.max((found.ssim_y - expected.ssim_y).abs());
        entry.3 += 1;
    }
    assert_eq!(worst.len(), networks.len(), "every network has its truth");
    for (network, (rgb, y, ssim, images)) in &worst {
        eprintln!("{network:10} {images:2} images: PSNR-RGB {rgb:.1e} dB, PSNR-Y {y:.1e} dB, SSIM-Y {ssim:.1e}");
    }
    for (network, (rgb, y, ssim, _)) in worst {
        assert!(rgb <= PSNR && y <= PSNR && ssim <= SSIM, "{network}: {rgb} dB RGB, {y} dB Y, {ssim} SSIM");
    }
}

fn mean_y(found: &Table, set: &str, network: &str) -> f64 {
    let values: Vec<f64> =
        found.iter().filter(|((s, _, n), _)| s == set && n == network).map(|(_, f)| f.psnr_y).collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn three_networks_meet_the_reference_on_set5() {
    let Some(shared) = common::shared("three_networks_meet_the_reference_on_set5") else { return };
    let found = measured(&shared, &FEW, &["Set5"]);
    compare(&truth(&shared.join("data")), &found, &FEW, &["Set5"]);
}

#[test]
#[ignore = "minutes of computing; run by hand: cargo test --test network_truth -- --ignored --nocapture"]
fn every_network_meets_the_reference_on_set5_and_set14() {
    let Some(shared) = common::shared("every_network_meets_the_reference_on_set5_and_set14") else { return };
    let all: Vec<Network> = FEW.into_iter().chain(OTHERS).collect();
    let sets = ["Set5", "Set14"];
    let found = measured(&shared, &all, &sets);
    compare(&truth(&shared.join("data")), &found, &all, &sets);
    assert!((mean_y(&found, "Set5", "imdn_orig") - 32.2096).abs() < 1e-4, "the published 32.21 dB of IMDN");
}
