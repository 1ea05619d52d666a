//! Names and files that try to act on the terminal of whoever reads about them.

#[path = "common/bench.rs"]
#[expect(dead_code, reason = "shared with tests that use all of it")]
mod bench;
#[path = "common/mock.rs"]
mod mock;

use std::process::Command;

use bench::{Bench, told};
use esr_bench::util::chars::is_deceptive;

/// An escape sequence that sets the window's title, one of a single character, a change of writing direction, a tag.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\u{e0041}";

/// The command writes nothing that acts, and at least something about `about`.
fn harmless(bench: &Bench, args: &[&str], about: &str) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_esr-bench")).args(args).current_dir(bench.path(".")).output().unwrap();
    let (_, stdout, stderr) = told(&output);
    let all = stdout + &stderr;
    let acts = all.chars().find(|&c| !matches!(c, '\n' | '\t') && is_deceptive(c));
    assert!(acts.is_none(), "{args:?} prints {acts:?}: {all:?}");
    assert!(all.contains(about), "{args:?}: {all}");
    all
}

#[test]
fn no_message_repeats_escape_bytes_of_its_input() {
    let bench = Bench::new();
    let worker = mock::worker().to_str().unwrap().to_owned();
    let write = |name: &str, text: &str| std::fs::write(bench.path(name), text).unwrap();
    write("cell.csv", &format!("team,runtime_ms\nA{HOSTILE},x{HOSTILE}\n"));
    write("header.csv", &format!("who{HOSTILE},runtime_ms\nA,1\n"));
    write(
        "twice.csv",
        &format!("team,runtime_ms\n\"A{HOSTILE}\nerror: all is well\",1\n\"A{HOSTILE}\nerror: all is well\",2\n"),
    );
    write("rules.toml", &format!("'ti{HOSTILE}tle' = 3\n").replace(['\u{1b}', '\u{7}', '\u{9b}'], ""));
    write("key.json", &serde_json::json!({ format!("a{HOSTILE}"): { "flops": -1 } }).to_string());
    write("graph.json", &format!("{{\"format\": \"{HOSTILE}\"}}"));
    harmless(&bench, &["rank", "cell.csv"], "expected a number");
    harmless(&bench, &["rank", "header.csv"], "expected a column `team`");
    let twice = harmless(&bench, &["rank", "twice.csv"], "expected each entry once");
    assert_eq!(twice.lines().count(), 1, "{twice}");
    harmless(&bench, &["rules", "check", "rules.toml"], "expected");
    harmless(&bench, &["rank", "key.json"], "expected numbers that are not negative");
    harmless(&bench, &["inspect", "graph.json"], "graph.json");
    harmless(&bench, &["rank", &format!("no{HOSTILE}thing.csv")], "cannot read");
    harmless(&bench, &["rank", "--track", HOSTILE], "no track");
    harmless(&bench, &["rank", &format!("--{HOSTILE}")], "unexpected argument");
    harmless(&bench, &["identify", &format!("no{HOSTILE}thing.pth"), "--worker", &worker], "cannot read");
    let folder = bench.submission("a", "{}");
    let manifest = "team = \"A\\u001b[31m\\u202E\"\nda\\u0074a_range = 1.0\n".replace("da\\u0074a", "data");
    std::fs::write(folder.join("submission.toml"), manifest + "[model]\narch = \"mock\"\nweights = \"weights.pth\"\n")
        .unwrap();
    harmless(&bench, &["lint", "a", "--worker", &worker], "expected a name of 1 to 100 characters");
    harmless(&bench, &["measure", "a", "--worker", &worker], "expected a name of 1 to 100 characters");
}

#[test]
fn hostile_names_are_harmless_in_every_format() {
    let bench = Bench::new();
    let team = format!("=cmd|' /C calc'!A0{HOSTILE}");
    std::fs::write(bench.path("t.csv"), format!("team,runtime_ms,psnr_val,psnr_test\n{team},1,29,28.8\nB,2,29,28.8\n"))
        .unwrap();
    for format in ["table", "csv", "json", "markdown", "latex"] {
        harmless(&bench, &["rank", "t.csv", "--track", "runtime", "--format", format], "cmd");
        let name = format!("out.{format}");
        harmless(&bench, &["rank", "t.csv", "--track", "runtime", "--format", format, "--output", &name], "");
        let text = std::fs::read_to_string(bench.path(&name)).unwrap();
        assert!(!text.contains(|c| c != '\n' && is_deceptive(c)), "{format}: {text:?}");
    }
    let csv = std::fs::read_to_string(bench.path("out.csv")).unwrap();
    assert!(csv.contains(",'=cmd|"), "{csv}");
    // Our own export is read again as what it was.
    let again = harmless(&bench, &["rank", "out.csv", "--track", "runtime", "--format", "csv"], "cmd");
    assert_eq!(again.matches("'=cmd").count(), 1, "{again}");
}
