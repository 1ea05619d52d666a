//! `esr-bench compare` and `rank --uncertainty`, through the binary.

mod common;

use std::path::Path;
use std::process::Command;

fn esr_bench(args: &[&str]) -> (i32, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_esr-bench")).args(args).env("NO_COLOR", "1").output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
}

/// Two rounds' worth of drift that both share, and 0.2 % of their own.
fn write_samples(path: &Path, rounds: u32) {
    let sample = |label: &str, base: f64, phase: u32| {
        let ms = |r: u32| base * (1.0 + 0.05 * f64::from(r % 3)) * (1.0 + 0.002 * f64::from(r * 37 + phase).sin());
        let rounds: Vec<String> = (0..rounds)
            .map(|r| {
                let image = |name: &str, scale: f64| {
                    format!(r#"{{"split": "val", "image": "{name}", "ms": [{}]}}"#, ms(r) * scale)
                };
                format!(r#"{{"number": {r}, "images": [{}, {}]}}"#, image("a", 0.9), image("b", 1.1))
            })
            .collect();
        format!(r#"{{"label": "{label}", "rounds": [{}]}}"#, rounds.join(", "))
    };
    let all = [
        sample("quick", 10.0, 0),
        sample("slow", 10.6, 1),
        sample("imdn", 20.0, 2),
        sample("imdn (A/A control)", 20.02, 3),
    ];
    std::fs::write(path, format!("[{}]", all.join(",\n"))).unwrap();
}

#[test]
fn a_pair_gets_a_verdict_with_all_it_rests_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("samples.json");
    write_samples(&path, 12);
    let (code, out, err) = esr_bench(&["compare", "quick", "slow", "--run", path.to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (0, ""));
    insta::assert_snapshot!(out);
}

#[test]
fn json_holds_the_seed_and_the_verdict() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("samples.json");
    write_samples(&path, 12);
    let run = path.to_str().unwrap();
    let (code, out, _) = esr_bench(&["compare", "slow", "quick", "--run", run, "--format", "json", "--seed", "5"]);
    assert_eq!(code, 0);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&json["verdict"], &json["settings"]["seed"], &json["rounds"]),
        (&"SLOWER".into(), &5.into(), &12.into())
    );
}

#[test]
fn too_few_rounds_have_no_p_value() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("samples.json");
    write_samples(&path, 4);
    let (code, out, _) = esr_bench(&["compare", "quick", "slow", "--run", path.to_str().unwrap()]);
    assert_eq!(code, 0);
    assert!(out.contains("CANNOT TELL") && out.contains("4 paired rounds: 95 % take at least 6"), "{out}");
    assert!(!out.contains("p (neither"), "{out}");
}

#[test]
fn an_unknown_label_is_answered_with_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("samples.json");
    write_samples(&path, 4);
    let (code, _, err) = esr_bench(&["compare", "quik", "slow", "--run", path.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(err.contains("no submission `quik`, did you mean `quick`? (there are quick, slow, imdn)"), "{err}");
}

#[test]
fn one_published_run_cannot_tell_run_to_run_noise() {
    let Some(shared) = common::shared("one_published_run_cannot_tell_run_to_run_noise") else { return };
    let results = shared.join("published/ntire2026_per_image.json");
    let (code, out, _) = esr_bench(&[
        "compare",
        "15_DSCF_Fused",
        "00_SPAN",
        "--run",
        results.to_str().unwrap(),
        "--protocol",
        "published",
    ]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(out);
    let (code, out, err) = esr_bench(&["rank", results.to_str().unwrap(), "--rules", "ntire2026", "--uncertainty"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("1 round: 95 % intervals need at least 6 rounds, so ranks have no intervals"), "{out}");
}
