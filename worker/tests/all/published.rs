//! Published weights through the worker: the PSNR that the reference code gives.

use std::fs;

use esr_bench::protocol::{Load, Network, Reply, Request, Slot, Switches, Weights};
use esr_bench::quality::{Image, compare};
use esr_bench::submission::card::Card;

use crate::common::shared;
use crate::support::Worker;

/// What the summation order of float32 may change, in dB.
const TOLERANCE_DB: f64 = 2e-4;

#[test]
fn published_weights_give_the_references_psnr() {
    let Some(shared) = shared("published_weights_give_the_references_psnr") else { return };
    let set = shared.join("data/sets/Set5");
    let (hr, lr) = (set.join("HR/butterfly.png"), set.join("LRx4/butterflyx4.png"));
    let (hr, lr) = (Image::read(&hr).unwrap(), Image::read(&lr).unwrap());
    let truth = fs::read_to_string(shared.join("data/psnr_truth.csv")).unwrap();
    let mut worker = Worker::start();
    let architectures = worker.hello().architectures;
    let mut checked = 0;
    for card in Card::all().unwrap().iter().filter(|card| architectures.contains(&card.arch)) {
        let Some(weights) = card.weights.as_ref() else { continue };
        let edition = card.edition.as_deref().unwrap_or("author");
        let path = shared.join("weights").join(format!("{edition}_{}", weights.file));
        let row = truth.lines().find(|line| line.starts_with(&format!("Set5,butterfly,{},", card.name)));
        let (true, Some(row)) = (path.is_file(), row) else { continue };
        let expected: Vec<f64> = row.split(',').skip(3).take(2).map(|v| v.parse().unwrap()).collect();
        let load = Load {
            network: Network::Registry {
                arch: card.arch.clone(),
                config: card.config.clone(),
                weights: Weights::File { path },
            },
            device: "cpu".to_owned(),
            scale: card.scale,
            data_range: card.data_range,
            tile: None,
            switches: Switches { threads: Some(1), ..Switches::default() },
        };
        let sr = upscale(&mut worker, load, &lr);
        let quality = compare(&hr, &sr, card.scale).unwrap();
        assert!((quality.psnr_rgb - expected[0]).abs() < TOLERANCE_DB, "{}: {quality:?} {row}", card.name);
        assert!((quality.psnr_y - expected[1]).abs() < TOLERANCE_DB, "{}: {quality:?} {row}", card.name);
        checked += 1;
    }
    assert!(checked > 0, "no card's weights were found");
}

fn upscale(worker: &mut Worker, load: Load, lr: &Image) -> Image {
    let scale = load.scale as usize;
    match worker.ask(Request::Load(Box::new(load))) {
        Reply::Loaded(loaded) => assert_eq!(loaded.hashes.len(), 1),
        other => panic!("{other:?}"),
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("exchange");
    let mut bytes = lr.rgb.clone();
    let sr_offset = bytes.len();
    bytes.resize(sr_offset * (1 + scale * scale), 0);
    fs::write(&file, bytes).unwrap();
    let slot = Slot { file: file.clone(), height: lr.height, width: lr.width, lr_offset: 0, sr_offset };
    match worker.ask(Request::Infer { slot }) {
        Reply::Inferred(inferred) => {
            Image::new(inferred.height, inferred.width, fs::read(&file).unwrap()[sr_offset..].to_vec()).unwrap()
        }
        other => panic!("{other:?}"),
    }
}
