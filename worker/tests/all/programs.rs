//! Programs as teams hand them in: exported archives and traces of small networks, and bad ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use esr_bench::graph::{Counter, OpGraph, Recorded, count};
use esr_bench::protocol::{FailureKind, Load, Loaded, Network, Probe, Reply, Request};
use esr_bench::submission::Submission;
use serde::Deserialize;

use crate::support::{Worker, seeded};

/// What fvcore and the challenges' hook rules say of a network of the zoo.
#[derive(Debug, Deserialize)]
struct Truth {
    params: u64,
    flops_hook: u64,
    flops_fvcore: u64,
    activations: u64,
    convs: u64,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/programs")
}

fn truth() -> BTreeMap<String, Truth> {
    serde_json::from_str(&fs::read_to_string(fixtures().join("truth.json")).unwrap()).unwrap()
}

/// Every exported form of every network of the zoo: its name, its way, its submission.
fn zoo() -> Vec<(String, &'static str, Submission)> {
    let mut all = Vec::new();
    for name in truth().keys() {
        for way in ["dynamic", "trace"] {
            let folder = fixtures().join(format!("{name}_{way}"));
            if folder.exists() {
                all.push((name.clone(), way, Submission::read(&folder).unwrap()));
            }
        }
    }
    all
}

fn load(files: Vec<PathBuf>) -> Load {
    Load { network: Network::Program { files }, ..seeded("rlfn", serde_json::json!({})) }
}

fn loaded(submission: &Submission) -> (Worker, Loaded) {
    let mut worker = Worker::start();
    let request = Load { network: submission.network.clone(), data_range: submission.data_range, ..load(Vec::new()) };
    match worker.ask(Request::Load(Box::new(request))) {
        Reply::Loaded(loaded) => (worker, loaded),
        other => panic!("{}: {other:?}", submission.name),
    }
}

fn refused(file: &Path) -> (FailureKind, String) {
    let failed = Worker::start().refused(Request::Load(Box::new(load(vec![file.to_path_buf()]))));
    (failed.kind, failed.message)
}

#[test]
fn the_zoo_runs_as_eager_pytorch_ran_it() {
    let zoo = zoo();
    assert_eq!(zoo.len(), 18);
    for (name, way, submission) in zoo {
        let (mut worker, _) = loaded(&submission);
        assert_eq!(submission.checked.len(), 3);
        let reply = worker.ask(Request::Check { probes: submission.checked.clone() });
        assert_eq!(reply, Reply::Checked, "{name} {way}");
    }
}

#[test]
fn the_zoo_counts_as_the_fields_counters_do() {
    let truth = truth();
    let mut wrong = Vec::new();
    for (name, way, submission) in zoo() {
        let (mut worker, loaded) = loaded(&submission);
        let graph = worker.record(256, 256, None);
        let (hook, fvcore) = (count(&graph, Counter::Hook), count(&graph, Counter::Fvcore));
        let expected = &truth[&name];
        for (what, found, expected) in [
            ("parameters", loaded.parameters, expected.params),
            ("params", hook.params, expected.params),
            ("flops by hook", hook.flops, expected.flops_hook),
            ("flops by fvcore", fvcore.flops, expected.flops_fvcore),
            ("activations", hook.activations, expected.activations),
            ("convs", hook.convs, expected.convs),
        ] {
            if found != expected {
                wrong.push(format!("{name} {way}: {what}: expected {expected}, found {found}"));
            }
        }
        if !hook.unknown.is_empty() {
            wrong.push(format!("{name} {way}: unknown: {}", hook.unknown.join(", ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn shapes_alone_give_the_same_record_as_a_forward() {
    for (name, way, submission) in zoo() {
        let (mut worker, _) = loaded(&submission);
        let real = worker.record(48, 64, Some(Recorded::Real));
        let mut meta = worker.record(48, 64, Some(Recorded::Meta));
        meta.recorded = Recorded::Real;
        let without_devices = |graph: &OpGraph| -> Vec<(String, Vec<usize>)> {
            graph.ops.iter().map(|op| (op.full_name(), op.outputs.clone())).collect()
        };
        assert_eq!(without_devices(&meta), without_devices(&real), "{name} {way}");
        assert_eq!(meta.tensors, real.tensors, "{name} {way}");
    }
}

#[test]
fn a_module_that_is_called_twice_is_told_apart_by_its_calls() {
    for (_, way, submission) in zoo().into_iter().filter(|(name, ..)| name == "twice") {
        let (mut worker, _) = loaded(&submission);
        let graph = worker.record(48, 64, None);
        let calls: Vec<u32> = graph
            .ops
            .iter()
            .filter_map(|op| op.scope.last().filter(|s| s.path == "shared"))
            .map(|scope| scope.call)
            .collect();
        assert_eq!(calls, [0, 1], "{way}");
    }
}

#[test]
fn a_probe_that_does_not_agree_is_told_with_its_size() {
    let submission = Submission::read(&fixtures().join("plain_dynamic")).unwrap();
    let (mut worker, _) = loaded(&submission);
    let mut probes: Vec<Probe> = submission.checked.clone();
    probes[1].means[5] += 3.0;
    let failed = worker.refused(Request::Check { probes });
    assert_eq!(failed.kind, FailureKind::Output);
    assert!(failed.message.starts_with("at 64 x 39 it differs"), "{}", failed.message);
    assert!(failed.message.contains("mean of block 5"), "{}", failed.message);
}

#[test]
fn a_truncated_archive_is_refused_at_every_length() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["plain_dynamic/program.pt2", "plain_trace/program.pt"] {
        let bytes = fs::read(fixtures().join(name)).unwrap();
        let short = folder.path().join("short.pt2");
        for part in 1..8 {
            fs::write(&short, &bytes[..bytes.len() * part / 8]).unwrap();
            let (kind, message) = refused(&short);
            assert_eq!(kind, FailureKind::Load, "{message}");
            assert!(message.contains("short.pt2"), "{message}");
        }
    }
}

#[test]
fn a_weights_file_is_no_program() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weights.pt");
    fs::write(&file, b"not a zip").unwrap();
    let (kind, message) = refused(&file);
    assert_eq!(kind, FailureKind::Load);
    assert!(message.contains("expected a zip archive as PyTorch writes it"), "{message}");
}

#[test]
fn custom_and_higher_order_operations_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (target, told) in [
        ("torch.ops.team.conv3x3.default", "the custom operation team::conv3x3"),
        ("torch.ops.higher_order.cond", "the higher-order operation cond"),
    ] {
        let file = folder.path().join("changed.pt2");
        change_model(&fixtures().join("plain_dynamic/program.pt2"), &file, "torch.ops.aten.relu_.default", target);
        let (kind, message) = refused(&file);
        assert_eq!(kind, FailureKind::Unsupported, "{message}");
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn absurd_shapes_of_weights_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("absurd.pt2");
    let entry = "data/weights/model_weights_config.json";
    rewrite(&fixtures().join("plain_dynamic/program.pt2"), &file, entry, |text| {
        text.replacen("\"as_int\": 8", "\"as_int\": 800000000", 1)
    });
    let (kind, message) = refused(&file);
    assert_eq!(kind, FailureKind::Load, "{message}");
    assert!(message.contains("reach beyond the stored bytes"), "{message}");
}

#[test]
fn code_and_values_that_nest_too_deep_are_refused_before_libtorch_overflows_the_stack() {
    const LEVELS: usize = 100_000;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep.pt");
    let from = fixtures().join("plain_trace/program.pt");
    let brackets = format!("{}int{}", "List[".repeat(LEVELS), "]".repeat(LEVELS));
    rewrite(&from, &file, "code/__torch__/zoo.py", |text| text.replacen("Tensor", &brackets, 1));
    let (kind, message) = refused(&file);
    assert_eq!(kind, FailureKind::Load, "{message}");
    assert!(message.contains("code/__torch__/zoo.py: line 11: more than 1000 levels of brackets"), "{message}");
    // The archive's constants, here none, become tuples in each other.
    rewrite(&from, &file, "constants.pkl", |_| format!("{}{}.", "(".repeat(LEVELS), "t".repeat(LEVELS)));
    let (kind, message) = refused(&file);
    assert_eq!(kind, FailureKind::Load, "{message}");
    assert!(message.contains("constants.pkl: values that nest more than 1000 levels"), "{message}");
    // Half as many brackets as the limit load.
    let brackets = format!("    extra = {}1{}\n    up = ", "(".repeat(500), ")".repeat(500));
    rewrite(&from, &file, "code/__torch__/zoo.py", |text| text.replacen("    up = ", &brackets, 1));
    let mut worker = Worker::start();
    assert!(matches!(worker.ask(Request::Load(Box::new(load(vec![file])))), Reply::Loaded(_)));
}

fn change_model(from: &Path, to: &Path, old: &str, new: &str) {
    rewrite(from, to, "models/model.json", |text| {
        assert!(text.contains(old), "{old} is not in {}", from.display());
        text.replacen(old, new, 1)
    });
}

/// A copy of an archive with one text entry changed.
fn rewrite(from: &Path, to: &Path, entry: &str, change: impl Fn(&str) -> String) {
    use std::io::{Read, Write};
    let mut old = zip::ZipArchive::new(fs::File::open(from).unwrap()).unwrap();
    let mut new = zip::ZipWriter::new(fs::File::create(to).unwrap());
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for index in 0..old.len() {
        let mut file = old.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        let name = file.name().to_owned();
        new.start_file(&name, stored).unwrap();
        if name.ends_with(entry) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let changed = change(&text);
            assert_ne!(changed, text, "{entry} has nothing to change");
            bytes = changed.into_bytes();
        }
        new.write_all(&bytes).unwrap();
    }
    new.finish().unwrap();
}
