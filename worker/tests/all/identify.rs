//! Weights files of every kind: what they are, and that bad ones are told and do nothing.

use std::fs;
use std::path::{Path, PathBuf};

use esr_bench::protocol::{Candidate, FailureKind, Identified, Load, Network, Reply, Request, Weights};
use esr_bench::submission::card::Card;
use esr_models::arch::Arch;
use esr_models::vars::Vars;
use serde_json::{Map, Value, json};
use tch::{Device, Tensor};

use crate::common::shared;
use crate::support::{Worker, seeded};

fn identify(worker: &mut Worker, file: &Path) -> Identified {
    match worker.ask(Request::Identify { file: file.to_path_buf() }) {
        Reply::Identified(found) => found,
        other => panic!("{}: {other:?}", file.display()),
    }
}

fn only(found: Identified) -> Candidate {
    let mut candidates = found.candidates;
    assert_eq!(candidates.len(), 1, "{candidates:?} {:?}", found.near_misses);
    candidates.remove(0)
}

/// A file of seeded weights, each key after `prefix`; `change` may spoil them first.
fn written(
    folder: &Path,
    arch: &str,
    config: Value,
    prefix: &str,
    change: impl FnOnce(&mut Vec<(String, Tensor)>),
) -> PathBuf {
    let Value::Object(config): Value = config else { panic!("a config is an object") };
    let built = Arch::find(arch).unwrap().build(Vars::seeded(3, Device::Cpu), &config).unwrap();
    let mut tensors: Vec<(String, Tensor)> =
        built.vars.into_iter().map(|v| (format!("{prefix}{}", v.name), v.tensor)).collect();
    change(&mut tensors);
    let path = folder.join(format!("{arch}.safetensors"));
    Tensor::write_safetensors(&tensors, &path).unwrap();
    path
}

#[test]
fn every_published_file_is_identified_as_its_card() {
    let Some(shared) = shared("every_published_file_is_identified_as_its_card") else { return };
    let mut worker = Worker::start();
    let mut files = 0;
    for entry in fs::read_dir(shared.join("weights")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "pth" && e != "pt") {
            continue;
        }
        let found = only(identify(&mut worker, &path));
        let card = Card::find(found.published.as_deref().unwrap_or_else(|| panic!("{}", path.display()))).unwrap();
        assert_eq!(found.arch, card.arch);
        assert_eq!(found.cards, [card.name.as_str()], "{}", path.display());
        for (key, value) in &card.config {
            assert_eq!(found.config.get(key), Some(value), "{}: {key}", card.name);
        }
        files += 1;
    }
    assert!(files >= 25, "{files} files");
}

#[test]
fn a_members_prefix_is_no_obstacle_to_identifying_or_loading() {
    let dir = tempfile::tempdir().unwrap();
    let file = written(dir.path(), "span", json!({ "channels": 16 }), "model.", |_| {});
    let mut worker = Worker::start();
    let found = identify(&mut worker, &file);
    assert_eq!(found.notes, ["the prefix `model.` was removed from every key"]);
    let candidate = only(found);
    assert_eq!((candidate.arch.as_str(), &candidate.config["channels"]), ("span", &json!(16)));
    assert_eq!((candidate.cards.len(), &candidate.published), (0, &None));
    assert_eq!(candidate.assumed, ["mean 0.4488 0.4371 0.4040", "img_range 255"]);
    let network =
        Network::Registry { arch: "span".into(), config: candidate.config, weights: Weights::File { path: file } };
    match worker.ask(Request::Load(Box::new(Load { network, ..seeded("span", json!({})) }))) {
        Reply::Loaded(loaded) => assert_eq!(loaded.notes, ["the prefix `model.` was removed from every key"]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn training_forms_are_told_from_deploy_forms() {
    let dir = tempfile::tempdir().unwrap();
    let mut worker = Worker::start();
    // A Conv3XC is trained as a 1x1 beside a 1x1, a 3x3 and a 1x1, and keeps its last fused convolution.
    let file = written(dir.path(), "span", json!({ "channels": 16 }), "", |tensors| {
        let deploy: Vec<(String, Vec<i64>)> = tensors
            .iter()
            .filter_map(|(name, t)| Some((name.strip_suffix("eval_conv.weight")?.to_owned(), t.size())))
            .collect();
        for (block, size) in deploy {
            let (out, inp) = (size[0], size[1]);
            let shapes = [
                ("sk", vec![out, inp, 1, 1]),
                ("conv.0", vec![2 * inp, inp, 1, 1]),
                ("conv.1", vec![2 * out, 2 * inp, 3, 3]),
                ("conv.2", vec![out, 2 * out, 1, 1]),
            ];
            for (name, shape) in shapes {
                tensors
                    .push((format!("{block}{name}.bias"), Tensor::zeros([shape[0]], (tch::Kind::Float, Device::Cpu))));
                tensors.push((format!("{block}{name}.weight"), Tensor::zeros(shape, (tch::Kind::Float, Device::Cpu))));
            }
        }
    });
    let candidate = only(identify(&mut worker, &file));
    assert_eq!((candidate.arch.as_str(), candidate.form.as_str()), ("span", "training"));
    assert_eq!(candidate.config["channels"], json!(16));
}

#[test]
fn what_fits_nothing_is_unknown_and_the_nearest_network_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let mut worker = Worker::start();
    let config = json!({ "channels": 20, "mid_channels": 24, "blocks": 2, "naming": "challenge" });
    let file = written(dir.path(), "rlfn", config, "", |tensors| {
        tensors.retain(|(name, _)| name != "B2.c5.bias");
        tensors.push(("B2.gate".into(), Tensor::from_slice(&[1.0_f32, 2.0])));
    });
    let found = identify(&mut worker, &file);
    assert_eq!((found.candidates.len(), found.elements > 20_000), (0, true));
    assert_eq!(
        found.near_misses[0],
        "rlfn: 41 of its 42 tensors fit; 1 missing: `B2.c5.bias` [20]; 1 extra: `B2.gate` [2]"
    );
    let stranger = dir.path().join("stranger.safetensors");
    Tensor::write_safetensors(&[("encoder.0.proj.weight", Tensor::from_slice(&[0.0_f32; 12]).view([3, 4]))], &stranger)
        .unwrap();
    let found = identify(&mut worker, &stranger);
    assert_eq!(found.near_misses, ["no registered network is close"]);
}

#[test]
fn sizes_of_zero_are_unknown_and_the_worker_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let file = written(dir.path(), "mobilesr", json!({}), "", |tensors| {
        for (_, tensor) in tensors {
            *tensor = Tensor::zeros(vec![0; tensor.dim()], (tch::Kind::Float, Device::Cpu));
        }
    });
    let mut worker = Worker::start();
    assert!(identify(&mut worker, &file).candidates.is_empty());
    assert!(worker.close());
}

#[test]
fn bad_files_are_told_apart_nothing_in_them_runs_and_the_worker_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tests/fixtures/state");
    let whole = fs::read(fixtures.join("zip.pth")).unwrap();
    let made = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let mut flipped = whole.clone();
    flipped[whole.len() / 2..whole.len() / 2 + 64].fill(0xff);
    let cases = [
        (fixtures.join("attack.pth"), "refused: the file asks to call `posix.system`"),
        (fixtures.join("attack_legacy.pth"), "nothing was executed"),
        (fixtures.join("attack.pkl"), "nothing was executed"),
        (fixtures.join("script.pt"), "found a TorchScript archive, which is a program"),
        (made("truncated.pth", &whole[..whole.len() / 2]), "truncated.pth"),
        (made("corrupt.pth", &flipped), "corrupt.pth"),
        (made("empty.pth", b""), "found an empty file"),
        (made("page.pth", b"<html>not found</html>"), "a web page: the download failed"),
        (dir.path().join("absent.pth"), "cannot read"),
    ];
    let mut worker = Worker::start();
    for (file, expected) in cases {
        let name = file.display().to_string();
        for request in [
            Request::Identify { file: file.clone() },
            Request::Load(Box::new(Load {
                network: Network::Registry {
                    arch: "rlfn".into(),
                    config: Map::new(),
                    weights: Weights::File { path: file.clone() },
                },
                ..seeded("rlfn", json!({}))
            })),
        ] {
            let failed = worker.refused(request);
            assert_eq!(failed.kind, FailureKind::Load, "{name}: {}", failed.message);
            assert!(failed.message.contains(expected), "{name}: {}", failed.message);
        }
    }
    // The attack's command would leave its mark in the worker's folder, which is this process's.
    assert!(!Path::new("esr_bench_was_here").exists());
    let wrong = written(dir.path(), "bsrn", json!({}), "", |_| {});
    let network = Network::Registry { arch: "rlfn".into(), config: Map::new(), weights: Weights::File { path: wrong } };
    let failed = worker.refused(Request::Load(Box::new(Load { network, ..seeded("rlfn", json!({})) })));
    assert!(failed.message.starts_with("the weights do not fit the network: "), "{}", failed.message);
    assert!(worker.close());
}
