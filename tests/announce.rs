//! `rank --announce`, `rank --sensitivity`, several sessions, and `compare` on runs, through the binary with the mock worker.

#[path = "common/bench.rs"]
#[allow(dead_code, reason = "other tests use all of it")]
mod bench;
#[path = "common/mock.rs"]
mod mock;

use std::process::Command;

use bench::{Bench, told};
use serde_json::Value;

fn esr_bench(bench: &Bench, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_esr-bench"));
    told(&command.args(args).env("NO_COLOR", "1").current_dir(bench.path("")).output().unwrap())
}

/// Three networks, a baseline and six rounds, twice: in a quiet session, and in one in which all takes three times as long.
fn two_runs() -> Bench {
    let bench = Bench::new();
    for (run, factor) in [("quiet", 1.0), ("loaded", 3.0)] {
        for (name, ms) in [("dscf", 5.0), ("span", 5.5), ("rlfn", 8.0), ("imdn", 20.0)] {
            bench.submission(name, &format!("{{ ms = {:.1} }}", factor * ms));
        }
        let args = ["dscf", "span", "rlfn", "imdn", "--run", run, "--rounds", "6", "--baseline", "imdn"];
        let (code, _, stderr) = told(&bench.measure(&args).output().unwrap());
        assert_eq!(code, 0, "{stderr}");
    }
    bench
}

#[test]
fn what_may_be_announced_is_text_json_and_the_top_of_the_page() {
    let bench = two_runs();
    let (code, out, err) = esr_bench(&bench, &["rank", "quiet", "--announce", "--track", "all"]);
    assert_eq!(code, 0, "{err}");
    let of_track = |track: &str| {
        let heading = format!("NTIRE 2022 Efficient SR: {track}\n");
        let rest = out.split_once(&heading).unwrap_or_else(|| panic!("{out}")).1;
        rest.split("NTIRE 2022").next().unwrap().to_owned()
    };
    for words in [
        "  6 rounds in one session.\n",
        "  All statements about places hold together with 95 %.\n",
        "  First place: Team dscf.\n",
        "  Place 2: Team span, before all that follow.\n",
        "  The intervals say how well these rounds repeat. Another session may differ by more, and that is not in them.\n",
    ] {
        assert!(of_track("runtime").contains(words), "{words}: {out}");
    }
    assert!(
        of_track("overall")
            .contains("Taken as exact, not tested: parameters, FLOPs, activations and peak memory (measured once).")
    );

    let (code, json, err) =
        esr_bench(&bench, &["rank", "quiet", "--announce", "--track", "runtime", "--format", "json"]);
    assert_eq!(code, 0, "{err}");
    let board: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(board["announcement"]["facts"]["rounds"], 6);
    assert!(board["announcement"]["sentences"].as_array().unwrap().contains(&"First place: Team dscf.".into()));
    assert_eq!(board["rows"][0]["uncertainty"]["rank_interval"], serde_json::json!([1, 1]));

    let (code, _, err) = esr_bench(&bench, &["report", "quiet", "-o", "page.html"]);
    assert_eq!(code, 0, "{err}");
    let html = std::fs::read_to_string(bench.path("page.html")).unwrap();
    let (told_at, table_at) =
        (html.find("What may be announced").unwrap(), html.find("<table class=\"ranking\">").unwrap());
    assert!(told_at < table_at && html.contains("First place: Team dscf."));

    let (code, _, err) = esr_bench(&bench, &["rank", "quiet", "--announce", "--format", "csv"]);
    assert_eq!(code, 2);
    assert!(err.contains("--announce: expected --format table, markdown, json or html, found csv"), "{err}");
}

#[test]
fn sessions_are_never_paired_with_each_other_and_combined_where_that_is_asked_for() {
    let bench = two_runs();
    let ranks = |args: &[&str]| -> Vec<(String, String, String)> {
        let (code, out, err) = esr_bench(&bench, args);
        assert_eq!(code, 0, "{err}");
        let mut rows = out.lines().map(|l| l.split(',').map(str::to_owned).collect::<Vec<_>>());
        let head = rows.next().unwrap();
        let at = |name: &str| head.iter().position(|h| h == name).unwrap();
        let (name, low, high) = (at("submission"), at("rank_low"), at("rank_high"));
        rows.filter(|r| !r[at("rank")].is_empty()).map(|r| (r[name].clone(), r[low].clone(), r[high].clone())).collect()
    };
    let base = ["--track", "runtime", "--format", "csv", "--uncertainty"];
    let apart = ranks(&[&["rank", "quiet", "loaded"][..], &base[..]].concat());
    // Three of each session beside its baseline: each may be anywhere among those of the other session.
    assert_eq!(apart.len(), 6, "{apart:?}");
    for (name, low, high) in &apart {
        let width = high.parse::<u32>().unwrap() - low.parse::<u32>().unwrap();
        assert!(width >= 3, "{name} {low} {high}: told apart from an entry of another session");
    }
    let together = ranks(&[&["rank", "quiet", "loaded", "--combine-sessions"][..], &base[..]].concat());
    let expected = [("dscf", "1", "1"), ("span", "2", "2"), ("rlfn", "3", "3")];
    assert_eq!(together, expected.map(|(n, l, h)| (n.to_owned(), l.to_owned(), h.to_owned())));
    let (_, out, _) =
        esr_bench(&bench, &["rank", "quiet", "loaded", "--combine-sessions", "--announce", "--track", "runtime"]);
    assert!(out.contains("12 rounds in 2 sessions, each paired within its own session."), "{out}");
    assert!(out.contains("do not say how another one would come out"), "{out}");

    bench.submission("extra", "{ ms = 4.0 }");
    let args = ["dscf", "extra", "--run", "other", "--rounds", "6"];
    assert_eq!(told(&bench.measure(&args).output().unwrap()).0, 0);
    let (code, _, err) = esr_bench(&bench, &["rank", "quiet", "other", "--combine-sessions", "--uncertainty"]);
    assert_eq!(code, 2);
    assert!(err.contains("sessions are combined where each has every entry"), "{err}");
}

#[test]
fn the_first_places_are_compared_over_protocols_editions_conventions_and_estimators() {
    let bench = two_runs();
    let (code, out, err) = esr_bench(&bench, &["rank", "quiet", "--sensitivity"]);
    assert_eq!(code, 0, "{err}");
    for words in [
        "published protocol",
        "mean over rounds",
        "fastest round",
        "operations counted by fvcore",
        "rules of ntire2024",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
    assert!(out.contains("1 Team dscf/dscf, 2 Team span/span, 3 Team rlfn/rlfn"), "{out}");
    let (code, json, _) = esr_bench(&bench, &["rank", "quiet", "--sensitivity", "--format", "json"]);
    assert_eq!(code, 0);
    let found: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found[0]["reference"]["top"][0][0], "Team dscf/dscf");
    let (code, _, err) = esr_bench(&bench, &["rank", "ntire2022", "--sensitivity"]);
    assert_eq!(code, 2);
    assert!(err.contains("--sensitivity: expected one run directory, found 0 runs"), "{err}");
}

#[test]
fn several_pairs_share_the_level_and_several_runs_are_sessions() {
    let bench = two_runs();
    let (code, out, err) = esr_bench(&bench, &["compare", "dscf", "rlfn", "--run", "quiet", "--run", "loaded"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("FASTER") && out.contains("95 % interval, these sessions"), "{out}");
    assert!(out.contains("note: 2 sessions (quiet, loaded): rounds are paired within each"), "{out}");
    let (code, out, err) = esr_bench(&bench, &["compare", "dscf", "span", "rlfn", "--run", "quiet"]);
    assert_eq!(code, 0, "{err}");
    // 95 % for three pairs take more than six rounds.
    assert!(out.contains("The level is shared among 3 pairs: all verdicts hold together with 95 %."), "{out}");
    assert!(out.contains("for each of 3 pairs take at least 7"), "{out}");
    let (code, _, err) = esr_bench(&bench, &["compare", "dscf", "dscf", "--run", "quiet"]);
    assert_eq!(code, 2);
    assert!(err.contains("`dscf` is named twice: expected different submissions"), "{err}");
}
