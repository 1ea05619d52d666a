//! What holds for every architecture, without any published weights.

use esr_models::arch::{Arch, REGISTRY};
use esr_models::identify::identify;
use esr_models::vars::{StateDict, Vars};
use serde_json::{Map, Value, json};
use tch::{Device, Kind, Tensor};

fn seeded(arch: &Arch, config: &Map<String, Value>) -> esr_models::arch::Built {
    arch.build(Vars::seeded(1, Device::Cpu), config).unwrap_or_else(|error| panic!("{}: {error}", arch.name))
}

fn map(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

#[test]
fn names_are_sorted_and_unique() {
    assert!(REGISTRY.windows(2).all(|pair| pair[0].name < pair[1].name));
}

#[test]
fn every_network_upscales_by_four_at_odd_sizes() {
    for arch in REGISTRY {
        let built = seeded(arch, &Map::new());
        let x = Tensor::rand([1, 3, 33, 47], (Kind::Float, Device::Cpu));
        let y = tch::no_grad(|| built.network.forward(&x));
        assert_eq!(y.size(), [1, 3, 132, 188], "{}", arch.name);
        assert!(bool::try_from(y.isfinite().all()).unwrap(), "{}", arch.name);
    }
}

#[test]
fn a_forward_leaves_its_input_and_its_weights_alone() {
    for arch in REGISTRY {
        let built = seeded(arch, &Map::new());
        let weights: Vec<Tensor> = built.vars.iter().map(|v| v.tensor.copy()).collect();
        let x = Tensor::rand([1, 3, 33, 40], (Kind::Float, Device::Cpu));
        let before = x.copy();
        let first = tch::no_grad(|| built.network.forward(&x));
        assert_eq!(x, before, "{}", arch.name);
        assert!(built.vars.iter().zip(&weights).all(|(var, weight)| var.tensor == *weight), "{}", arch.name);
        assert_eq!(first, tch::no_grad(|| built.network.forward(&x)), "{}: the second forward differs", arch.name);
    }
}

#[test]
fn a_state_dict_tells_its_architecture_and_sizes() {
    let variants = [
        ("bsrn", json!({ "channels": 32, "blocks": 3, "esa_channels": 8 })),
        ("dipnet", json!({ "channels": 24, "mid_channels": 40, "blocks": 2 })),
        ("disp", json!({ "channels": 16, "blocks": 2, "convs": 3 })),
        ("efdn", json!({ "channels": 32, "esa_channels": 8 })),
        (
            "fmen",
            json!({ "channels": 20, "warmup": { "channels": 6, "pairs": 1 }, "body": [{ "channels": 8, "pairs": 2 }] }),
        ),
        ("imdn", json!({ "form": "original", "channels": 32, "distilled": 7, "blocks": 2, "attention_channels": 3 })),
        ("imdn", json!({ "form": "simplified", "channels": 32, "distilled": 9, "blocks": 3, "scale": 2 })),
        ("imdn_plus", json!({ "distilled": 4, "blocks": 3 })),
        ("lwfanet", json!({ "channels": 32, "blocks": 2, "attention_channels": 3, "up_channels": 24 })),
        ("mobilesr", json!({ "channels": 16, "ratios": [1, 3] })),
        ("msdn", json!({ "channels": 24, "distilled": 10, "blocks": 2, "attention_channels": 5 })),
        ("plain_rfdn", json!({ "channels": 20, "distilled": 7, "blocks": 3 })),
        (
            "repafdn",
            json!({ "channels": 16, "blocks": [{ "distilled": 8, "steps": 3 }, { "distilled": 5, "steps": 2 }] }),
        ),
        ("rlfn", json!({ "channels": 20, "mid_channels": 24, "blocks": 3, "naming": "challenge" })),
        ("rlfn", json!({ "channels": 20, "esa_channels": 8, "naming": "author" })),
        ("rfdn", json!({ "channels": 32, "distilled": 9, "blocks": 3, "esa_channels": 8, "shallow_residual": true })),
        ("rfdn", json!({ "channels": 24, "distilled": 12, "esa_channels": 12, "shallow_residual": false })),
        ("rlfn", json!({ "channels": 20, "mid_channels": 24, "blocks": 2, "esa_channels": 6, "naming": "author" })),
        ("rlfn", json!({ "channels": 20, "mid_channels": 24, "blocks": 2, "naming": "challenge", "scale": 3 })),
        ("span", json!({ "channels": 48, "blocks": 5, "scale": 2 })),
        ("spanf", json!({ "channels": 16, "tail_channels": 8, "scale": 3 })),
        ("spanf", json!({ "channels": 16, "tail_channels": 8, "naming": "pds" })),
        ("spanv2", json!({ "channels": 16, "blocks": 3 })),
    ];
    for (name, config) in variants.map(|(name, config)| (name, map(config))) {
        let dict: StateDict =
            seeded(Arch::find(name).unwrap(), &config).vars.into_iter().map(|v| (v.name, v.tensor)).collect();
        let matches = identify(&dict).matches;
        assert_eq!(matches.iter().map(|m| m.arch.name).collect::<Vec<_>>(), [name]);
        for (key, value) in &config {
            assert_eq!(matches[0].guess.config.get(key), Some(value), "{name}: `{key}`");
        }
    }
}

#[test]
fn sizes_that_cannot_be_are_refused_with_their_key() {
    let error = |name: &str, config| {
        let Err(error) = Arch::find(name).unwrap().build(Vars::seeded(1, Device::Cpu), &map(config)) else {
            panic!("{name} was built");
        };
        error.to_string()
    };
    assert_eq!(
        error("span", json!({ "channels": -3 })),
        "span: `channels`: expected integers from 1 to 65536, found -3"
    );
    assert_eq!(
        error("mobilesr", json!({ "ratios": [4, 0] })),
        "mobilesr: `ratios`: expected integers from 1 to 65536, found 0"
    );
    assert_eq!(
        error("mobilesr", json!({ "channels": 36, "heads": 8 })),
        "mobilesr: `channels` 36 is not a multiple of `heads` 8"
    );
    assert_eq!(error("imdn", json!({ "distilled": 64 })), "imdn: `distilled` 64 is not below `channels` 64");
    assert_eq!(error("lwfanet", json!({ "channels": 30 })), "lwfanet: `channels` 30 is not a multiple of 4");
    assert!(error("span", json!({ "chanels": 28 })).contains("unknown field `chanels`"));
}
