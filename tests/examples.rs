//! The examples do what they say.

#[path = "common/bench.rs"]
mod bench;
#[path = "common/mock.rs"]
mod mock;

use std::path::{Path, PathBuf};
use std::process::Command;

use bench::Bench;
use esr_bench::run::Run;

/// An example's program: it lies beside the mock worker.
fn example(name: &str) -> PathBuf {
    let path = mock::worker().with_file_name(name);
    // `cargo test --test NAME` builds no examples: what lies there may be stale.
    if path.ancestors().nth(2).is_some_and(|profile| profile.ends_with("debug"))
        && let Some(cargo) = std::env::var_os("CARGO")
    {
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--package", "esr-bench", "--example", name])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(built.is_ok_and(|status| status.success()), "{name} does not build");
    }
    path
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_table_is_ranked_by_its_runtimes() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("table.csv");
    std::fs::write(&table, "team,runtime_ms,psnr_val,psnr_test\nSlow,20,29.1,28.8\nFast,10,29.0,28.7\n").unwrap();
    let text = run(Command::new(example("rank_csv")).arg(&table));
    let place = |team: &str| text.lines().position(|line| line.contains(team)).unwrap_or_else(|| panic!("{text}"));
    assert!(place("Fast") < place("Slow"), "{text}");
}

#[test]
fn a_graph_is_counted_by_each_convention() {
    let bench = Bench::new();
    let submission = bench.submission("a", "{}");
    run(bench.measure(&["--rounds", "1", "--run", "run"]).arg(submission));
    let text = run(Command::new(example("count_graph")).arg(bench.path("run/graphs/a.json")));
    // One convolution of 3 x 3 from 3 to 3 channels at 256 x 256.
    let counted = |counter: &str| format!("mock by {counter}: {} FLOPs, 81 parameters", 81 * 256 * 256);
    for counter in ["hook", "fvcore", "macs"] {
        assert!(text.contains(&counted(counter)), "{text}");
    }
}

#[test]
fn the_worker_in_python_is_measured_like_any_other() {
    let bench = Bench::new();
    let data = bench.data("val", &[(12, 16), (9, 7)]);
    let worker = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/worker.py");
    let mut measure = Command::new(env!("CARGO_BIN_EXE_esr-bench"));
    measure
        .args(["measure", "--model", "bicubic", "--rounds", "2", "--run", "run", "--data"])
        .arg(format!("val={}", data.display()));
    run(measure.arg("--worker").arg(worker).current_dir(bench.path("")));
    let run = Run::open(&bench.path("run")).unwrap();
    let results = run.results();
    let (name, one) = results.submissions.first().unwrap();
    assert_eq!(name, "bicubic");
    assert!(results.failed() == 0, "{:?}", one.failure());
    assert!(run.graph("bicubic").unwrap().is_some_and(|graph| graph.ops.len() == 1));
}
