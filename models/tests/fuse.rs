//! Training forms become deploy forms: blocks with random weights, then whole networks.

use std::collections::BTreeSet;

use esr_models::arch::Arch;
use esr_models::fuse::{self, AGREEMENT, Error};
use esr_models::identify::identify;
use esr_models::layer::Conv;
use esr_models::rep;
use esr_models::state;
use esr_models::vars::{StateDict, Vars};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tch::{Device, Kind, Tensor};

/// A block's training form: which branches, with which sizes.
#[derive(Debug, Clone, Copy)]
enum Form {
    Conv3xc { gain: i64, bias: bool },
    Ecb { dense: &'static str, wide: Option<i64>, point: bool, masks: bool },
    Rrrb { ratio: i64 },
    RepVgg { normed: bool, kernel: i64 },
    Dbb { kernel: i64, from_identity: bool },
}

/// Small enough that several branches added up do not make features grow from block to block.
fn random(shape: &[i64]) -> Tensor {
    let fan_in: i64 = shape.iter().skip(1).product::<i64>().max(1);
    Tensor::randn(shape, (Kind::Float, Device::Cpu)) / (2.0 * (fan_in as f64).sqrt())
}

fn conv(dict: &mut StateDict, at: &str, shape: [i64; 4], bias: bool) {
    dict.insert(format!("{at}.weight"), random(&shape));
    if bias {
        dict.insert(format!("{at}.bias"), random(&[shape[0]]));
    }
}

fn norm(dict: &mut StateDict, at: &str, channels: i64) {
    dict.insert(format!("{at}.weight"), random(&[channels]) + 1.0);
    dict.insert(format!("{at}.bias"), random(&[channels]));
    dict.insert(format!("{at}.running_mean"), random(&[channels]));
    dict.insert(format!("{at}.running_var"), Tensor::rand([channels], (Kind::Float, Device::Cpu)) + 0.3);
    dict.insert(format!("{at}.num_batches_tracked"), Tensor::from(7_i64));
}

fn edge(dict: &mut StateDict, at: &str, in_channels: i64, out: i64, mask: Option<[f32; 9]>) {
    dict.insert(format!("{at}.k0"), random(&[out, in_channels, 1, 1]));
    dict.insert(format!("{at}.b0"), random(&[out]));
    dict.insert(format!("{at}.scale"), random(&[out, 1, 1, 1]) * 0.3);
    dict.insert(format!("{at}.bias"), random(&[out]));
    if let Some(mask) = mask {
        let mask = Tensor::from_slice(&mask).view([1, 1, 3, 3]).expand([out, 1, 3, 3], false).contiguous();
        dict.insert(format!("{at}.mask"), mask);
    }
}

impl Form {
    fn kernel(self) -> i64 {
        match self {
            Form::RepVgg { kernel, .. } | Form::Dbb { kernel, .. } => kernel,
            _ => 3,
        }
    }

    fn conv(self, in_channels: i64, out: i64) -> Conv {
        let conv = Conv::same(in_channels, out, self.kernel());
        if matches!(self, Form::Conv3xc { bias: false, .. }) { conv.no_bias() } else { conv }
    }

    /// The branches' weights under the names of the published training code, at `at` (empty: the root).
    fn weights(self, dict: &mut StateDict, at: &str, in_channels: i64, out: i64) {
        let key = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
        match self {
            Form::Conv3xc { gain, bias } => {
                conv(dict, &key("sk"), [out, in_channels, 1, 1], bias);
                conv(dict, &key("conv.0"), [gain * in_channels, in_channels, 1, 1], bias);
                conv(dict, &key("conv.1"), [gain * out, gain * in_channels, 3, 3], bias);
                conv(dict, &key("conv.2"), [out, gain * out, 1, 1], bias);
            }
            Form::Ecb { dense, wide, point, masks } => {
                conv(dict, &key(dense), [out, in_channels, 3, 3], true);
                if point {
                    conv(dict, &key("conv1x1"), [out, in_channels, 1, 1], true);
                }
                if let Some(wide) = wide {
                    dict.insert(key("conv1x1_3x3.k0"), random(&[wide, in_channels, 1, 1]));
                    dict.insert(key("conv1x1_3x3.b0"), random(&[wide]));
                    dict.insert(key("conv1x1_3x3.k1"), random(&[out, wide, 3, 3]));
                    dict.insert(key("conv1x1_3x3.b1"), random(&[out]));
                }
                for (name, mask) in [
                    ("conv1x1_sbx", [1., 0., -1., 2., 0., -2., 1., 0., -1.]),
                    ("conv1x1_sby", [1., 2., 1., 0., 0., 0., -1., -2., -1.]),
                    ("conv1x1_lpl", [0., 1., 0., 1., -4., 1., 0., 1., 0.]),
                ] {
                    edge(dict, &key(name), in_channels, out, masks.then_some(mask));
                }
            }
            Form::Rrrb { ratio } => {
                conv(dict, &key("expand_conv"), [ratio * in_channels, in_channels, 1, 1], true);
                conv(dict, &key("fea_conv"), [ratio * in_channels, ratio * in_channels, 3, 3], true);
                conv(dict, &key("reduce_conv"), [in_channels, ratio * in_channels, 1, 1], true);
            }
            Form::RepVgg { normed, kernel } => {
                for (name, k) in [("rbr_dense", kernel), ("rbr_1x1", 1)] {
                    conv(dict, &key(&format!("{name}.conv")), [out, in_channels, k, k], !normed);
                    if normed {
                        norm(dict, &key(&format!("{name}.bn")), out);
                    }
                }
                if normed && in_channels == out {
                    norm(dict, &key("rbr_identity"), out);
                }
            }
            Form::Dbb { kernel, from_identity } => {
                conv(dict, &key("dbb_origin.conv"), [out, in_channels, kernel, kernel], false);
                norm(dict, &key("dbb_origin.bn"), out);
                conv(dict, &key("dbb_1x1.conv"), [out, in_channels, 1, 1], false);
                norm(dict, &key("dbb_1x1.bn"), out);
                let inner = if from_identity { in_channels } else { in_channels + 2 };
                let first = if from_identity { "idconv1" } else { "conv1" };
                conv(dict, &key(&format!("dbb_1x1_kxk.{first}")), [inner, in_channels, 1, 1], false);
                norm(dict, &key("dbb_1x1_kxk.bn1.bn"), inner);
                conv(dict, &key("dbb_1x1_kxk.conv2"), [out, inner, kernel, kernel], false);
                norm(dict, &key("dbb_1x1_kxk.bn2"), out);
                conv(dict, &key("dbb_avg.conv"), [out, in_channels, 1, 1], false);
                norm(dict, &key("dbb_avg.bn.bn"), out);
                norm(dict, &key("dbb_avg.avgbn"), out);
            }
        }
    }
}

fn forms() -> impl Strategy<Value = Form> {
    let kernel = || prop_oneof![Just(1_i64), Just(3), Just(5)];
    prop_oneof![
        (1_i64..4, any::<bool>()).prop_map(|(gain, bias)| Form::Conv3xc { gain, bias }),
        (prop_oneof![Just("conv3x3"), Just("rep_conv")], proptest::option::of(1_i64..7), any::<bool>(), any::<bool>())
            .prop_map(|(dense, wide, point, masks)| Form::Ecb { dense, wide, point, masks }),
        (1_i64..4).prop_map(|ratio| Form::Rrrb { ratio }),
        (any::<bool>(), kernel()).prop_map(|(normed, kernel)| Form::RepVgg { normed, kernel }),
        (kernel(), any::<bool>()).prop_map(|(kernel, from_identity)| Form::Dbb { kernel, from_identity }),
    ]
}

fn largest(t: &Tensor) -> f64 {
    t.abs().max().double_value(&[])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_random_block_is_one_convolution_at_every_pixel(
        form in forms(), in_channels in 1_i64..6, out in 1_i64..6, height in 1_i64..8, width in 1_i64..8, seed in any::<u32>(),
    ) {
        tch::manual_seed(i64::from(seed));
        let out = if matches!(form, Form::Rrrb { .. }) { in_channels } else { out };
        let mut dict = StateDict::new();
        form.weights(&mut dict, "", in_channels, out);
        let vars = Vars::from_dict(dict, Device::Cpu).double();
        let rep = rep::find(&vars.root(), &form.conv(in_channels, out)).expect("its keys tell");
        prop_assert!(vars.finish().is_ok(), "a key was not used");

        let x = Tensor::randn([2, in_channels, height, width], (Kind::Double, Device::Cpu));
        let branches = rep.forward(&x);
        let (weight, bias) = rep.merge().into_floats();
        let double = |t: &Tensor| t.to_kind(Kind::Double);
        let fused = x.conv2d(&double(&weight), Some(double(&bias)), 1, form.kernel() / 2, 1, 1);
        prop_assert_eq!(fused.size(), branches.size());
        prop_assert!(largest(&(&fused - &branches)) <= AGREEMENT * largest(&branches));
    }
}

/// One channel, worked out by hand.
#[test]
fn the_frame_around_the_inner_map_is_the_bias() {
    let scalar = |v: f32| Tensor::from_slice(&[v]);
    let kernel = |v: f32, k: i64| Tensor::full([1, 1, k, k], f64::from(v), (Kind::Float, Device::Cpu));
    let mut dict = StateDict::new();
    for (key, tensor) in [
        ("expand_conv.weight", kernel(2.0, 1)),
        ("expand_conv.bias", scalar(3.0)),
        ("fea_conv.weight", kernel(1.0, 3)),
        ("fea_conv.bias", scalar(0.0)),
        ("reduce_conv.weight", kernel(1.0, 1)),
        ("reduce_conv.bias", scalar(0.0)),
    ] {
        dict.insert(key.to_owned(), tensor);
    }
    let vars = Vars::from_dict(dict, Device::Cpu);
    let rep = rep::find(&vars.root(), &Conv::same(1, 1, 3)).unwrap();
    let x = Tensor::full([1, 1, 1, 1], 5.0, (Kind::Float, Device::Cpu));
    // Wide: 2 x 5 + 3 = 13, eight neighbours of 3, itself once more by the inner shortcut, the outer adds 5.
    assert_eq!(rep.forward(&x).double_value(&[0, 0, 0, 0]), 13.0 + 8.0 * 3.0 + 13.0 + 5.0);
    let (weight, bias) = rep.merge().into_floats();
    // In the middle 2 + 2 + 1, else 2; nine times 3, and once more by the shortcut.
    assert_eq!(weight.double_value(&[0, 0, 1, 1]), 5.0);
    assert_eq!(weight.double_value(&[0, 0, 0, 2]), 2.0);
    assert_eq!(bias.double_value(&[0]), 30.0);
}

/// A deploy form's dict with the convolutions that `training` names exchanged for branches.
fn training_form(
    arch: &Arch,
    config: &Map<String, Value>,
    training: impl Fn(&str) -> Option<(String, Form)>,
) -> StateDict {
    let built = arch.build(Vars::seeded(3, Device::Cpu), config).unwrap();
    let mut dict = StateDict::new();
    for var in built.vars {
        match var.name.strip_suffix(".weight").or(var.name.strip_suffix(".bias")).and_then(&training) {
            None => {
                dict.insert(var.name, var.tensor);
            }
            Some((at, form)) if var.name.ends_with(".weight") => {
                let size = var.tensor.size();
                form.weights(&mut dict, &at, size[1], size[0]);
            }
            Some(_) => {}
        }
    }
    dict
}

fn config(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

fn keys(dict: &StateDict) -> BTreeSet<String> {
    dict.keys().cloned().collect()
}

/// Fuses and compares; returns how many blocks of which kind there were.
fn round_trip(name: &str, config: &Map<String, Value>, training: StateDict) -> Vec<(&'static str, u64)> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fused.safetensors");
    let arch = Arch::find(name).unwrap();
    let fused = fuse::fuse(arch, config, shallow(&training), &file).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(fused.relative_error <= AGREEMENT, "{name}: {}", fused.relative_error);
    assert!(fused.parameters_after < fused.parameters_before, "{name}: {fused:?}");

    let written = state::read(&file).unwrap();
    let seeded = arch.build(Vars::seeded(3, Device::Cpu), config).unwrap();
    assert_eq!(keys(&written), seeded.vars.iter().map(|v| v.name.clone()).collect(), "{name}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "{name}: something else was left behind");

    // In the precision that networks run in.
    let build = |dict| arch.build(Vars::from_dict(dict, Device::Cpu), config).unwrap();
    let (before, after) = (build(training), build(written));
    assert!(after.blocks.is_empty());
    let x = Tensor::rand([1, 3, 35, 40], (Kind::Float, Device::Cpu));
    let [expected, found] = [&before, &after].map(|built| tch::no_grad(|| built.network.forward(&x)));
    assert!(largest(&(&expected - &found)) <= 1e-4 * largest(&expected), "{name}");
    fused.blocks.into_iter().collect()
}

#[test]
fn networks_of_spans_family_fuse() {
    let form = Form::Conv3xc { gain: 2, bias: true };
    let at = |key: &str| Some((key.strip_suffix(".eval_conv")?.to_owned(), form));
    for (name, sizes, convs) in [
        ("span", json!({ "channels": 8, "blocks": 2 }), 8),
        ("spanf", json!({ "channels": 8, "tail_channels": 6, "blocks": 2 }), 7),
        ("spanf", json!({ "channels": 8, "tail_channels": 6, "blocks": 2, "naming": "pds" }), 7),
        ("disp", json!({ "channels": 8, "blocks": 2 }), 9),
    ] {
        let sizes = config(sizes);
        let dict = training_form(Arch::find(name).unwrap(), &sizes, at);
        assert_eq!(round_trip(name, &sizes, dict), [("Conv3XC", convs)], "{name}");
    }
}

#[test]
fn networks_whose_blocks_have_no_bias_fuse() {
    let form = Form::Conv3xc { gain: 1, bias: false };
    let sizes = config(json!({ "channels": 8, "blocks": 2 }));
    let block = |key: &str| Some((key.strip_suffix(".conv")?.to_owned(), form));
    let dict = training_form(Arch::find("spanv2").unwrap(), &sizes, block);
    assert_eq!(round_trip("spanv2", &sizes, dict), [("Conv3XC", 6)]);

    let sizes = config(json!({ "channels": 8, "mid_channels": 10, "blocks": 1, "esa_channels": 4 }));
    let block = |key: &str| {
        // Within ESA the block has a bias.
        let bias = key.contains(".esa.");
        Some((key.strip_suffix(".eval_conv")?.to_owned(), Form::Conv3xc { gain: 1, bias }))
    };
    let dict = training_form(Arch::find("dipnet").unwrap(), &sizes, block);
    assert_eq!(round_trip("dipnet", &sizes, dict), [("Conv3XC", 6)]);
}

#[test]
fn a_stale_copy_beside_the_branches_is_not_used() {
    let sizes = config(json!({ "channels": 8, "blocks": 2 }));
    let form = Form::Conv3xc { gain: 2, bias: true };
    let arch = Arch::find("span").unwrap();
    let mut dict = training_form(arch, &sizes, |key| Some((key.strip_suffix(".eval_conv")?.to_owned(), form)));
    for at in dict.keys().filter_map(|k| k.strip_suffix(".sk.bias")).map(str::to_owned).collect::<Vec<_>>() {
        let (out, in_channels) = dict[&format!("{at}.sk.weight")].size2_of();
        conv(&mut dict, &format!("{at}.eval_conv"), [out, in_channels, 3, 3], true);
    }
    assert_eq!(round_trip("span", &sizes, dict), [("Conv3XC", 8)]);
}

/// Output and input channels of a weight.
trait Channels {
    fn size2_of(&self) -> (i64, i64);
}

impl Channels for Tensor {
    fn size2_of(&self) -> (i64, i64) {
        let size = self.size();
        (size[0], size[1])
    }
}

#[test]
fn networks_of_edge_blocks_fuse() {
    let (mut sizes, dict) = efdn_in_training();
    sizes.insert("with_13".to_owned(), true.into());
    assert_eq!(round_trip("efdn", &sizes, dict), [("EDBB with identity", 8)]);

    let sizes = config(json!({ "channels": 12, "distilled": 5, "blocks": 2, "esa_channels": 4 }));
    let form = Form::Ecb { dense: "conv3x3", wide: Some(24), point: false, masks: true };
    let block = |key: &str| Some((key.strip_suffix(".conv3x3")?.to_owned(), form));
    let dict = training_form(Arch::find("plain_rfdn").unwrap(), &sizes, block);
    assert_eq!(round_trip("plain_rfdn", &sizes, dict), [("ECB", 2), ("ECB with identity", 6)]);
}

#[test]
fn convolutions_of_rfdbs_fuse_from_any_kind() {
    let refined = |key: &str| key.ends_with("_r") || key.ends_with(".c4");
    let sizes = config(json!({ "channels": 12, "distilled": 6, "blocks": 2, "esa_channels": 4 }));
    let form = Form::RepVgg { normed: true, kernel: 3 };
    let dict = training_form(Arch::find("rfdn").unwrap(), &sizes, |key| refined(key).then(|| (key.to_owned(), form)));
    assert_eq!(round_trip("rfdn", &sizes, dict), [("RepVGG", 8)]);

    let sizes = config(json!({ "channels": 12, "esa_channels": 4, "blocks": [{ "distilled": 6, "steps": 2 }] }));
    let form = Form::Dbb { kernel: 3, from_identity: true };
    let dict =
        training_form(Arch::find("repafdn").unwrap(), &sizes, |key| refined(key).then(|| (key.to_owned(), form)));
    assert_eq!(round_trip("repafdn", &sizes, dict), [("DBB", 3)]);
}

#[test]
fn fmen_fuses_with_its_normalisations_and_takes_its_deploy_names() {
    let sizes = config(json!({
        "channels": 10, "warmup": { "channels": 4, "pairs": 2 }, "body": [{ "channels": 6, "pairs": 1 }],
    }));
    let rename = |key: &str| key.replace("basic_blocks.", "ERBs.").replace("hfabs.", "HFABs.");
    let form = Form::Rrrb { ratio: 2 };
    let block = |key: &str| Some((rename(key.strip_suffix(".rep_conv")?), form));
    let mut dict: StateDict = training_form(Arch::find("fmen").unwrap(), &sizes, block)
        .into_iter()
        .map(|(key, tensor)| (rename(&key), tensor))
        .collect();
    for (at, narrow) in [("warmup.1", 4), ("HFABs.0", 6)] {
        norm(&mut dict, &format!("{at}.bn1"), 10);
        norm(&mut dict, &format!("{at}.bn2"), narrow);
        norm(&mut dict, &format!("{at}.bn3"), 10);
    }
    assert_eq!(round_trip("fmen", &sizes, dict), [("RRRB", 8), ("normalised convolution", 4)]);
}

#[test]
fn what_cannot_be_fused_is_refused_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fused.safetensors");
    let refuse = |name: &str, sizes: &Map<String, Value>, dict| {
        let error = fuse::fuse(Arch::find(name).unwrap(), sizes, dict, &file).unwrap_err();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{error}");
        error
    };
    let sizes = config(json!({ "channels": 8, "blocks": 2 }));
    let span = Arch::find("span").unwrap();
    let none = |_: &str| None;
    let error = refuse("span", &sizes, training_form(span, &sizes, none));
    assert_eq!(error.to_string(), "the weights have no branches to fuse: they are `span` in its deploy form");

    // Weights that are not numbers agree with nothing.
    let form = Form::Conv3xc { gain: 2, bias: true };
    let block = |key: &str| Some((key.strip_suffix(".eval_conv")?.to_owned(), form));
    let mut dict = training_form(span, &sizes, block);
    dict.insert("block_1.c2_r.sk.bias".to_owned(), Tensor::full([8], f64::NAN, (Kind::Float, Device::Cpu)));
    let error = refuse("span", &sizes, dict);
    assert!(matches!(&error, Error::Disagree { what, .. } if what == "block_1.c2_r.eval_conv"), "{error}");

    let mut dict = training_form(span, &sizes, block);
    dict.remove("block_1.c2_r.conv.1.weight");
    let error = refuse("span", &sizes, dict).to_string();
    assert!(error.contains("1 missing: `block_1.c2_r.conv.1.weight` [16, 16, 3, 3]"), "{error}");

    // DIPNet's convolutions have no bias, a normalisation makes one.
    let sizes = config(json!({ "channels": 8, "mid_channels": 8, "blocks": 1, "esa_channels": 4 }));
    let form = Form::RepVgg { normed: true, kernel: 3 };
    let block = |key: &str| (key == "conv_1.eval_conv").then(|| ("conv_1".to_owned(), form));
    let dict = training_form(Arch::find("dipnet").unwrap(), &sizes, block);
    let error = refuse("dipnet", &sizes, dict);
    assert!(matches!(&error, Error::Bias { key, .. } if key == "conv_1.eval_conv"), "{error}");
}

fn shallow(dict: &StateDict) -> StateDict {
    dict.iter().map(|(key, tensor)| (key.clone(), tensor.shallow_clone())).collect()
}

/// EFDN with EDBB blocks in their training form, whose class has all branches among its keys whatever its forward adds.
fn efdn_in_training() -> (Map<String, Value>, StateDict) {
    let sizes = config(json!({ "channels": 12, "esa_channels": 4 }));
    let form = Form::Ecb { dense: "rep_conv", wide: Some(12), point: true, masks: true };
    let block = |key: &str| Some((key.strip_suffix(".rep_conv")?.to_owned(), form));
    let dict = training_form(Arch::find("efdn").unwrap(), &sizes, block);
    (sizes, dict)
}

#[test]
fn an_edbb_adds_its_optional_branch_only_where_the_config_says_so() {
    let (mut sizes, dict) = efdn_in_training();
    let arch = Arch::find("efdn").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fused.safetensors");

    let error = fuse::fuse(arch, &sizes, shallow(&dict), &file).unwrap_err().to_string();
    assert!(error.contains("`cells.0.conv2`") && error.contains("`with_13 = true` or `with_13 = false`"), "{error}");
    assert!(!file.exists());

    // Without the branch the network is the one whose branch gives zeros.
    let mut without = shallow(&dict);
    for (key, tensor) in &mut without {
        if key.ends_with("conv1x1_3x3.k1") || key.ends_with("conv1x1_3x3.b1") {
            *tensor = tensor.zeros_like();
        }
    }
    let x = Tensor::rand([1, 3, 35, 40], (Kind::Float, Device::Cpu));
    let run = |sizes: &Map<String, Value>, dict: StateDict| {
        let built = arch.build(Vars::from_dict(dict, Device::Cpu), sizes).unwrap();
        tch::no_grad(|| built.network.forward(&x))
    };
    sizes.insert("with_13".to_owned(), true.into());
    let (with_branch, with_zeros) = (run(&sizes, shallow(&dict)), run(&sizes, without));
    sizes.insert("with_13".to_owned(), false.into());
    let fused = fuse::fuse(arch, &sizes, shallow(&dict), &file).unwrap();
    assert_eq!(fused.blocks.into_iter().collect::<Vec<_>>(), [("EDBB with identity", 8)]);
    let found = run(&sizes, state::read(&file).unwrap());
    assert!(largest(&(&found - &with_zeros)) <= 1e-4 * largest(&with_zeros));
    assert!(largest(&(&found - &with_branch)) > 1e-2 * largest(&with_branch), "the branch makes no difference");

    sizes.insert("with_13".to_owned(), 1.into());
    let error = fuse::fuse(arch, &sizes, dict, &file).unwrap_err().to_string();
    assert_eq!(error, "efdn: `with_13`: expected true or false, found 1");
}

#[test]
fn weights_in_training_form_are_identified_and_fuse_without_a_card() {
    let conv3xc = |bias| Form::Conv3xc { gain: 2, bias };
    let inner = |key: &str, name: &str, form| Some((key.strip_suffix(name)?.to_owned(), form));
    let refined = |key: &str| key.ends_with("_r") || key.ends_with(".c4");
    type Branches<'a> = &'a dyn Fn(&str) -> Option<(String, Form)>;
    let cases: [(&str, Value, Branches<'_>); 4] = [
        ("span", json!({ "channels": 8, "blocks": 6 }), &|key| inner(key, ".eval_conv", conv3xc(true))),
        ("spanv2", json!({ "channels": 8, "blocks": 2 }), &|key| inner(key, ".conv", conv3xc(false))),
        ("rfdn", json!({ "channels": 12, "distilled": 6, "blocks": 2, "esa_channels": 4 }), &|key| {
            refined(key).then(|| (key.to_owned(), Form::RepVgg { normed: true, kernel: 3 }))
        }),
        ("repafdn", json!({ "channels": 12, "esa_channels": 4, "blocks": [{ "distilled": 6, "steps": 2 }] }), &|key| {
            refined(key).then(|| (key.to_owned(), Form::Dbb { kernel: 3, from_identity: true }))
        }),
    ];
    for (name, sizes, branches) in cases {
        let dict = training_form(Arch::find(name).unwrap(), &config(sizes), branches);
        let matches = identify(&dict).matches;
        assert_eq!(matches.iter().map(|m| m.arch.name).collect::<Vec<_>>(), [name]);
        assert!(matches[0].training, "{name}");
        assert!(!round_trip(name, &matches[0].guess.config, dict).is_empty(), "{name}");
    }
    // Of EDBB blocks the keys do not tell all: the match says what is missing, and fusing needs it.
    let (_, dict) = efdn_in_training();
    let found = identify(&dict).matches;
    assert_eq!(found.iter().map(|m| (m.arch.name, m.training)).collect::<Vec<_>>(), [("efdn", true)]);
    assert!(found[0].guess.assumed.iter().any(|note| note.contains("with_13")), "{:?}", found[0].guess.assumed);
    let mut stated = found[0].guess.config.clone();
    stated.insert("with_13".to_owned(), true.into());
    round_trip("efdn", &stated, dict);
}
