//! `esr-bench audit` and `where` through the binary, on the published tables.

use std::process::{Command, Output};

use serde_json::Value;

fn esr_bench(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_esr-bench")).args(args).output().unwrap()
}

fn stdout(args: &[&str], code: i32) -> String {
    let output = esr_bench(args);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The findings of an audit as `line entry column printed computed`, and its remarks.
fn audited(args: &[&str], code: i32) -> (Vec<String>, Vec<String>) {
    let json: Value = serde_json::from_str(&stdout(&[&["audit"], args, &["--format", "json"]].concat(), code)).unwrap();
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let finding = |f: &Value| ["line", "entry", "column", "printed", "computed"].map(|k| text(&f[k])).join(" | ");
    let list = |key: &str| json[key].as_array().unwrap().clone();
    (list("findings").iter().map(finding).collect(), list("remarks").iter().map(text).collect())
}

#[test]
fn in_2022_the_slip_is_found_and_nothing_else() {
    let (findings, remarks) = audited(&["ntire2022"], 7);
    assert_eq!(findings, ["13 | Alpan Team | sub1_rank | 10 | 9"]);
    let ties = remarks.iter().find(|r| r.contains("equal printed values")).unwrap();
    assert!(ties.starts_with("5 pairs of equal printed values have distinct ranks, all in the previous sort's order"));
    assert!(ties.contains("not broken by unrounded values (those would agree so by chance once in 32)"), "{ties}");
    assert!(remarks.iter().any(|r| r.contains("psnr_val: 1 entry prints exactly the cut at 28.95")));
    assert!(remarks.iter().any(|r| r.contains("29.00 was announced, 28.95 is applied; 6 entries are ranked below")));
    assert!(
        remarks
            .iter()
            .any(|r| r.contains("possibly the same network: TieGuoDun Team (42.35 ms), RFDN AIM2020 Winner (41.97 ms)"))
    );
}

#[test]
fn in_2023_everything_follows() {
    assert_eq!(audited(&["ntire2023"], 0).0, [""; 0]);
}

#[test]
fn in_2024_the_readme_has_another_baseline_than_the_scores() {
    let (findings, remarks) = audited(&["ntire2024"], 7);
    assert_eq!(findings, ["null | RLFN (the organisers' README) | baseline runtime_ms | 13.54 | 11.77"]);
    let implied = "the printed scores need a baseline runtime_ms between 11.7698 and 11.7701";
    assert!(remarks.iter().any(|r| r == implied), "{remarks:?}");
}

#[test]
fn in_2026_the_report_differs_from_the_measurement_and_cuts_hang_on_rounding() {
    let (findings, remarks) = audited(&["ntire2026"], 7);
    assert!(
        findings.contains(&"17 | XiaomiMM/22_SPANV2_ESR_C2 | report_flops_g | 9.11 | 1.59".to_owned()),
        "{findings:?}"
    );
    assert_eq!(findings.len(), 6);
    let spared = remarks.iter().find(|r| r.starts_with("psnr_val: 4 entries are below the cut")).unwrap();
    assert!(spared.contains("BOE_AIoT/01_PDS (26.8964)"), "{spared}");
}

#[test]
fn a_changed_cell_is_found_whatever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    let file = path.to_str().unwrap();
    let change = |edition: &str, from: &str, to: &str| {
        let source = format!("{}/challenges/{edition}/published.csv", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(source).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{from}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
        audited(&[file, "--rules", edition], 7).0
    };
    // A rank sum, a rank by a metric, a score, a mean of two splits, a flag.
    let findings = change("ntire2023", "MegSR,18.30,1,21.26,15.33", "MegSR,18.30,2,21.26,15.33");
    assert_eq!(findings, ["2 | MegSR | runtime_rank | 2 | 1"]);
    let findings = change("ntire2023", "495.91,19,23,11,49,2,39", "495.91,19,23,11,50,2,39");
    assert_eq!(findings, ["2 | MegSR | overall_sum | 50 | 49"]);
    let findings = change("ntire2024", "9.83,2.59,1,2.59,7,2.72,8,2.61,1", "9.83,2.59,1,2.59,7,2.72,8,2.64,1");
    assert_eq!(findings[1..], ["2 | XiaomiMM | score_main | 2.64 | 2.61"]);
    let findings =
        change("ntire2024", "Cao Group,26.90,27.00,10.99,5.76,8.37,", "Cao Group,26.90,27.00,10.99,5.70,8.37,");
    assert_eq!(findings[1..], ["3 | Cao Group | runtime_ms | 8.37 | 8.35"]);
    let findings = change("ntire2022", "VAP,,,,,,29.01,28.47", "VAP,,,,,,29.01,28.67");
    assert!(findings.contains(&"40 | VAP | ranked | false | true".to_owned()), "{findings:?}");
}

#[test]
fn audit_asks_for_rules_where_a_file_does_not_tell_them() {
    let output = esr_bench(&["audit", "some.csv"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("expected --rules ID|FILE"));
}

#[test]
fn place_joins_an_entry_to_a_table_and_says_what_gains_a_place() {
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("mine.csv");
    std::fs::write(&csv, "team,runtime_ms,params_m\nmine,33,0.3\n").unwrap();
    let csv = csv.to_str().unwrap();
    let json: Value = serde_json::from_str(&stdout(
        &["place", csv, "--rules", "ntire2022", "--set", "runtime_ms=30", "--format", "json"],
        0,
    ))
    .unwrap();
    let runtime = &json[0]["tracks"][0];
    assert_eq!((runtime["place"].as_u64(), runtime["of"].as_u64()), (Some(4), Some(36)));
    // NEESR has 29.97, and equals stand in the order of their names.
    assert_eq!(runtime["gains"][0]["to"].as_f64(), Some(29.96));
    assert_eq!(json[0]["tracks"][1]["unranked"], "not measured: flops_g");
    let notes = json[0]["notes"].to_string();
    assert!(notes.contains("assumed: runtime_ms = 30"), "{notes}");
    assert!(notes.contains("assumed to pass the cut: psnr_val, psnr_test"), "{notes}");

    // The command's earlier name.
    let table = stdout(&["where", "ntire2026", "--entry", "BOE_AIoT", "--rules", "ntire2026"], 0);
    assert!(table.contains("BOE_AIoT/01_PDS in NTIRE 2026"), "{table}");
    let output = esr_bench(&["where", "rlfn", "--set", "runtime=30"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("no metric `runtime`, did you mean `runtime_ms`?"));
}
