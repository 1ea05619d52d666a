//! A run directory in a dispute: what was done to it shows, and an honest one passes.

#[path = "common/bench.rs"]
mod bench;
#[path = "common/mock.rs"]
mod mock;
#[path = "common/skip.rs"]
mod skip;

use std::path::Path;
use std::process::Command;

use bench::{Bench, events, told};
use esr_bench::exit;
use esr_bench::run::Run;

const HONEST: i32 = exit::DONE as i32;
const WRONG: i32 = exit::CHECK_FAILED as i32;

/// A finished run of two mock submissions.
fn measured() -> Bench {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 5.0 }");
    bench.submission("b", "{ ms = 7.0 }");
    bench.data("set", &[(8, 9)]);
    let args = ["a", "b", "--data", "val=set", "--rounds", "2", "--run", "run"];
    let (code, _, stderr) = told(&bench.measure(&args).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    bench
}

fn esr_bench(bench: &Bench, args: &[&str]) -> (i32, String, String) {
    told(&Command::new(env!("CARGO_BIN_EXE_esr-bench")).args(args).current_dir(bench.path(".")).output().unwrap())
}

fn verify(bench: &Bench) -> (i32, String) {
    let (code, stdout, stderr) = esr_bench(bench, &["verify", "run"]);
    (code, stdout + &stderr)
}

fn lines(run: &Path) -> Vec<String> {
    std::fs::read_to_string(run.join("events.jsonl")).unwrap().lines().map(|l| format!("{l}\n")).collect()
}

fn store(run: &Path, lines: &[String]) {
    std::fs::write(run.join("events.jsonl"), lines.concat()).unwrap();
}

#[test]
fn an_honest_run_passes_also_after_it_went_on() {
    let bench = measured();
    let (code, text) = verify(&bench);
    assert_eq!(code, HONEST, "{text}");
    let n = lines(&bench.path("run")).len();
    assert!(text.contains(&format!("{n} events, {n} of them chained")), "{text}");
    assert!(text.contains("Nothing was edited, cut out or moved"), "{text}");
    // 2 graphs, 2 weights, LR and HR of an image.
    assert!(text.contains("6 files compared"), "{text}");
    let (code, _, stderr) = told(&bench.measure(&["--run", "run", "--resume"]).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    let (code, text) = verify(&bench);
    assert_eq!(code, HONEST, "{text}");
    assert!(lines(&bench.path("run")).len() > n);
}

#[test]
fn what_was_done_to_the_events_shows() {
    let bench = measured();
    let run = bench.path("run");
    let whole = lines(&run);
    let round = whole.iter().position(|l| l.contains("\"event\":\"round\"")).unwrap();
    let says = |lines: &[String], expected: &str| {
        store(&run, lines);
        let (code, text) = verify(&bench);
        assert_eq!(code, WRONG, "{expected}: {text}");
        assert!(text.contains(expected), "{expected}: {text}");
    };
    let mut edited = whole.clone();
    edited[round] = edited[round].replacen("\"ms\":[", "\"ms\":[1", 1);
    assert_ne!(edited, whole);
    says(&edited, &format!("line {} does not follow from line {round}", round + 1));
    // What is ranked from it says so as well.
    let (_, stdout, _) = esr_bench(&bench, &["rank", "run", "--track", "runtime"]);
    assert!(stdout.contains("events were edited"), "{stdout}");
    let mut cut = whole.clone();
    cut.remove(round);
    says(&cut, "lines between them were cut out");
    let mut doubled = whole.clone();
    doubled.insert(round + 1, whole[round].clone());
    says(&doubled, &format!("line {} repeats line {}", round + 2, round + 1));
    let mut moved = whole.clone();
    moved.swap(round, round + 1);
    says(&moved, &format!("line {} was moved: it follows from line {}", round + 1, round + 2));
    let mut bare = whole.clone();
    let at = bare[round].find(",\"chain\"").unwrap();
    bare[round] = format!("{}}}\n", &bare[round][..at]);
    says(&bare, &format!("line {} has no hash", round + 1));
    store(&run, &whole);
    assert_eq!(verify(&bench).0, HONEST);
    let manifest = std::fs::read_to_string(run.join("run.json")).unwrap();
    std::fs::write(run.join("run.json"), manifest.replacen("Team a", "Team x", 1)).unwrap();
    says(&whole, "line 1 does not follow from run.json");
}

#[test]
fn an_edited_run_does_not_go_on() {
    let bench = measured();
    let run = bench.path("run");
    let mut edited = lines(&run);
    let last = edited.len() - 1;
    edited.remove(last - 1);
    store(&run, &edited);
    let (code, _, stderr) = told(&bench.measure(&["--run", "run", "--resume"]).output().unwrap());
    assert_eq!(code, i32::from(exit::BAD_INPUT), "{stderr}");
    assert!(stderr.contains("esr-bench verify"), "{stderr}");
}

#[test]
fn exchanged_files_show() {
    let bench = measured();
    let run = bench.path("run");
    let graph = run.join("graphs/a.json");
    let honest = std::fs::read(&graph).unwrap();
    std::fs::copy(run.join("graphs/b.json"), &graph).unwrap();
    std::fs::write(&graph, [&honest[..], b" "].concat()).unwrap();
    let (code, text) = verify(&bench);
    assert_eq!(code, WRONG, "{text}");
    assert!(text.contains("graphs/a.json: expected SHA-256"), "{text}");
    std::fs::remove_file(&graph).unwrap();
    assert!(verify(&bench).1.contains("graphs/a.json: the run states it, and it is not there"));
    std::fs::write(&graph, honest).unwrap();
    assert_eq!(verify(&bench).0, HONEST);
    std::fs::write(bench.path("a/weights.pth"), "other weights").unwrap();
    let (code, text) = verify(&bench);
    assert_eq!(code, WRONG, "{text}");
    assert!(text.contains("a/weights.pth: expected SHA-256"), "{text}");
    std::fs::remove_file(bench.path("a/weights.pth")).unwrap();
    let (code, text) = verify(&bench);
    assert_eq!(code, HONEST, "{text}");
    assert!(text.contains("not there any more"), "{text}");
}

#[test]
fn a_run_of_an_earlier_version_is_read_and_said_to_be_unchained() {
    let bench = measured();
    let run = bench.path("run");
    let bare: Vec<String> =
        lines(&run).iter().map(|l| format!("{}}}\n", &l[..l.find(",\"chain\"").unwrap()])).collect();
    store(&run, &bare);
    assert!(Run::open(&run).unwrap().results().finished);
    let (code, text) = verify(&bench);
    assert_eq!(code, HONEST, "{text}");
    assert!(text.contains("the events are not chained"), "{text}");
    // It goes on with a chain that holds what was there.
    let (code, _, stderr) = told(&bench.measure(&["--run", "run", "--resume"]).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    assert!(verify(&bench).1.contains(&format!("the first {} lines are not chained", bare.len())));
    let mut edited = lines(&run);
    edited[2] = edited[2].replacen("\"at\":\"2", "\"at\":\"3", 1);
    store(&run, &edited);
    assert_eq!(verify(&bench).0, WRONG);
}

#[test]
fn a_damaged_log_is_salvaged_and_what_was_lost_is_said() {
    let bench = measured();
    let run = bench.path("run");
    let mut damaged = lines(&run);
    let round = damaged.iter().position(|l| l.contains("\"event\":\"round\"")).unwrap();
    damaged[round].truncate(40);
    damaged[round].push('\n');
    damaged.insert(2, "\n".to_owned());
    store(&run, &damaged);
    assert!(Run::open(&run).is_err());
    let before = std::fs::read(run.join("events.jsonl")).unwrap();
    let (code, stdout, stderr) = esr_bench(&bench, &["verify", "run", "--salvage", "copy"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("2 lines lost") && stdout.contains("lost line 3 (1 bytes): an empty line"), "{stdout}");
    assert!(stdout.contains(&format!("lost line {} (41 bytes): no event", round + 2)), "{stdout}");
    assert_eq!(std::fs::read(run.join("events.jsonl")).unwrap(), before);
    let copy = bench.path("copy");
    assert_eq!(events(&copy).len(), damaged.len() - 2);
    assert_eq!(Run::open(&copy).unwrap().results().rounds.len(), 3);
    // What was lost is measured again.
    let (code, _, stderr) = told(&bench.measure(&["--run", "copy", "--resume"]).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(Run::open(&copy).unwrap().results().rounds.len(), 4);
    let (code, _, _) = esr_bench(&bench, &["verify", "run", "--salvage", "copy"]);
    assert_ne!(code, 0, "a copy never replaces what is there");
}

#[test]
fn sr_images_are_compared_with_the_quality_pass() {
    let bench = measured();
    // The mock repeats pixels.
    let lr = esr_bench::quality::Image::read(&bench.path("set/LRx4/image0x4.png")).unwrap();
    let mut rgb = Vec::new();
    for y in 0..4 * lr.height {
        for x in 0..4 * lr.width {
            let at = (y / 4 * lr.width + x / 4) * 3;
            rgb.extend_from_slice(&lr.rgb[at..at + 3]);
        }
    }
    let folder = bench.path("sr/a/val");
    std::fs::create_dir_all(&folder).unwrap();
    let mut sr = esr_bench::quality::Image::new(4 * lr.height, 4 * lr.width, rgb).unwrap();
    sr.write(&folder.join("image0.png")).unwrap();
    let (code, stdout, stderr) = esr_bench(&bench, &["verify", "run", "--sr", "sr"]);
    assert_eq!(code, HONEST, "{stdout}{stderr}");
    assert!(stdout.contains("1 SR images are not in sr"), "{stdout}");
    sr.rgb[0] ^= 1;
    sr.write(&folder.join("image0.png")).unwrap();
    let (code, stdout, _) = esr_bench(&bench, &["verify", "run", "--sr", "sr"]);
    assert_eq!(code, WRONG, "{stdout}");
    assert!(stdout.contains("a/val/image0.png: expected SHA-256"), "{stdout}");
}

#[test]
fn a_signed_statement_holds_the_end_of_the_log() {
    if Command::new("ssh-keygen").arg("-?").output().is_err() {
        skip::skipped("a_signed_statement_holds_the_end_of_the_log", "there is no ssh-keygen");
        return;
    }
    let bench = measured();
    let run = bench.path("run");
    let key = |name: &str| {
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
            .arg(bench.path(name))
            .status();
        assert!(made.unwrap().success());
        std::fs::read_to_string(bench.path(&format!("{name}.pub"))).unwrap()
    };
    let (own, _other) = (key("own"), key("other"));
    std::fs::write(bench.path("signers"), format!("organiser@example.org {own}")).unwrap();
    let (code, stdout, stderr) = esr_bench(&bench, &["sign", "run", "--key", "own"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    let signed = |expected: i32, says: &str| {
        let (code, stdout, stderr) = esr_bench(&bench, &["verify", "run", "--signers", "signers"]);
        assert_eq!(code, expected, "{stdout}{stderr}");
        assert!((stdout + &stderr).contains(says), "{says}");
    };
    signed(HONEST, "organiser@example.org");
    // The statement is what coreutils check, too.
    let checked =
        Command::new("sha256sum").args(["--check", "--quiet", "statement.txt"]).current_dir(&run).status().unwrap();
    assert!(checked.success());
    // A shorter log with right hashes: only the statement knows.
    let whole = lines(&run);
    store(&run, &whole[..whole.len() - 1]);
    signed(WRONG, "the end was cut off");
    store(&run, &whole);
    // A log that went on.
    assert!(bench.measure(&["--run", "run", "--resume"]).output().unwrap().status.success());
    signed(HONEST, &format!("the statement was made on the first {} of", whole.len()));
    // Another statement under the same signature.
    let statement = std::fs::read_to_string(run.join("statement.txt")).unwrap();
    std::fs::write(run.join("statement.txt"), statement.replacen("events", "event", 1)).unwrap();
    signed(WRONG, "no good signature");
    std::fs::write(run.join("statement.txt"), statement).unwrap();
    let (code, _, stderr) = esr_bench(&bench, &["sign", "run", "--key", "other"]);
    assert_eq!(code, 0, "{stderr}");
    signed(WRONG, "it is of no key in signers");
}
