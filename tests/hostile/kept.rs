//! Programs that keep something between forwards, hide work, or reach for what no network needs.

use esr_bench::exit;
use esr_bench::graph::{Counter, count};

use super::programs::{Bench, fixture};
use super::stopped;

/// What is refused when it is loaded, before any of it runs: a name, and words of the reason.
const REFUSED_AT_LOAD: [(&str, &str); 9] = [
    ("keeps_output", "prim::SetAttr (it keeps a value from one forward to the next)"),
    ("counts_in_data", "prim::data (it hides writes to a tensor)"),
    ("forks", "prim::fork (it moves work to another thread or process)"),
    ("forks_late", "aten::wait (it moves work to another thread or process)"),
    ("reads_file", "aten::from_file (it reads or writes a file)"),
    ("seeds", "aten::manual_seed"),
    ("prints", "prim::Print (it prints)"),
    ("shares_memory", "aten::set_ (it hides writes to a tensor)"),
    ("exported_file", "aten::from_file (it reads or writes a file)"),
];

/// What keeps something in a tensor, a list or a dictionary.
const KEEPS: [&str; 4] = ["keeps_list", "keeps_by_content", "counts", "counts_detached"];

const KEPT: &str = "a forward of the program writes to a parameter, a buffer, a constant or an attribute";

const HONEST: [&str; 4] = ["honest", "honest_buffer", "honest_pad", "honest_list"];

fn bench(names: &[&str]) -> Bench {
    let bench = Bench::new();
    for name in names {
        bench.program(name, None);
    }
    bench
}

#[test]
fn what_no_network_needs_is_refused_before_it_runs() {
    let bench = bench(&HONEST);
    for (name, _) in REFUSED_AT_LOAD {
        bench.program(name, None);
    }
    bench.program("branches", None);
    let linted = bench.lint(&[]);
    assert_eq!(linted.code, Some(exit::CHECK_FAILED.into()));
    HONEST.iter().for_each(|name| linted.passes(name));
    for (name, words) in REFUSED_AT_LOAD {
        linted.fails_only(name, "loads", words);
    }
    let (verdict, why) = linted.finding("branches", "ops");
    assert!(verdict == "fail" && why.contains("the network must not choose its work by the size"), "{why}");
    assert!(!bench.path("victim").exists());
}

#[test]
fn programs_that_keep_something_or_do_other_work_cost_one_row_and_honest_ones_pass() {
    let all = [&HONEST[..], &KEEPS, &["branches", "itself"]].concat();
    let bench = bench(&all);
    let (run, code) = bench.measure(&all, &["--warmup", "1", "--repeats", "3"]);
    assert_eq!(code, Some(exit::SOME_FAILED.into()));
    for name in HONEST {
        assert_eq!(stopped(&run, name), None, "{name}");
        assert!(run.results().rounds.contains_key(&(name.to_owned(), 0)), "{name}");
    }
    let reason = |name: &str| stopped(&run, name).unwrap_or_else(|| panic!("{name} passed"));
    for name in KEEPS {
        assert!(reason(name).contains(KEPT), "{name}: {}", reason(name));
    }
    let branches = reason("branches");
    assert!(branches.contains("81 MACs a pixel at 256 x 256, where operations are counted, and 2511"), "{branches}");
    assert!(branches.contains("the network must not choose its work by the size of the image"), "{branches}");
    assert!(reason("itself").contains("expected [1, 3, 96, 80]"), "{}", reason("itself"));
}

#[test]
fn a_convolution_that_its_archive_calls_an_identity_is_counted_as_one() {
    let bench = bench(&["honest", "renamed"]);
    assert!(fixture("renamed").windows(16).any(|w| w == b"esr_classes.json"));
    let (run, code) = bench.measure(&["honest", "renamed"], &[]);
    assert_eq!(code, Some(exit::DONE.into()));
    let [honest, renamed] = ["honest", "renamed"].map(|name| count(&run.graph(name).unwrap().unwrap(), Counter::Hook));
    assert!(honest.convs == 1 && honest.flops > 0);
    assert_eq!(renamed, honest);
}
