//! `esr-bench rank` and `rules` through the binary.

use std::process::{Command, Output};

#[path = "common/mod.rs"]
mod common;

fn esr_bench(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_esr-bench")).args(args).output().unwrap()
}

fn stdout(args: &[&str]) -> String {
    let output = esr_bench(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn stderr(args: &[&str], code: i32) -> String {
    let output = esr_bench(args);
    assert_eq!(output.status.code(), Some(code), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

const HEADER: &str = "track,rank,team,submission,score,runtime_ms,runtime_rank,params_m,params_rank,flops_g,flops_rank,\
                      acts_m,acts_rank,mem_m,mem_rank,psnr_val,psnr_test,convs,ranked,reason";

#[test]
fn without_arguments_it_ranks_the_published_table_of_2022_overall() {
    let table = stdout(&["rank"]);
    assert!(table.starts_with("NTIRE 2022 Efficient SR: overall\n"), "{table}");
    let first = table.lines().find(|l| l.trim_start().starts_with("1 ")).unwrap();
    assert!(first.contains("NEESR") && first.contains("29.97 (3)") && first.contains("27"), "{first}");
    assert!(table.contains("psnr_val 28.92 < 28.95, psnr_test 28.62 < 28.65"));
    // The slip is in another track; a published table is compared in all of them.
    assert!(table.contains("track complexity: Alpan Team: the source prints rank 10 in `sub1_rank`, the rules give 9"));
}

#[test]
fn the_csv_has_the_fixed_header_and_the_printed_ranks() {
    let csv = stdout(&["rank", "--format", "csv"]);
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some(HEADER));
    assert_eq!(lines.next(), Some("overall,1,NEESR,,27,29.97,3,0.272,4,16.86,6,79.59,5,575.99,9,29.01,28.71,59,true,"));
    assert_eq!(csv.lines().count(), 1 + 45);
    let all = stdout(&["rank", "--format", "csv", "--track", "all"]);
    assert_eq!(all.lines().filter(|l| l.starts_with("track,")).count(), 1);
    assert_eq!(all.lines().count(), 1 + 3 * 45);
}

#[test]
fn its_own_export_can_be_ranked_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("board.csv");
    let path = path.to_str().unwrap();
    stdout(&["rank", "--track", "all", "--output", path]);
    assert_eq!(stdout(&["rank", path, "--format", "csv"]), stdout(&["rank", "--format", "csv"]));
}

#[test]
fn json_of_several_tracks_is_one_document() {
    let boards: Vec<esr_bench::rank::Leaderboard> =
        serde_json::from_str(&stdout(&["rank", "ntire2024", "--track", "all", "--format", "json"])).unwrap();
    let tracks: Vec<&str> = boards.iter().map(|b| b.track.as_str()).collect();
    assert_eq!(tracks, ["main", "runtime", "flops", "params"]);
    assert_eq!(boards[0].rows[0].entry.team, "XiaomiMM");
}

#[test]
fn another_editions_rules_rank_the_table_and_say_what_differs() {
    let table = stdout(&["rank", "ntire2022", "--rules", "ntire2026"]);
    assert!(
        table
            .contains("scores are relative to IMDN_baseline, the source's baseline; the baseline of ntire2026 is SPAN")
    );
    assert!(table.contains("FLOPs of ntire2022 were counted by hook, ntire2026 counts by fvcore"));
    assert!(table.contains("the cuts of ntire2026 are for other images"));
    // 2024's table has neither activations nor memory: every row says so.
    let csv = stdout(&["rank", "ntire2024", "--rules", "ntire2022", "--format", "csv"]);
    assert_eq!(csv.lines().filter(|l| l.ends_with("\"not measured: acts_m, mem_m\"")).count(), 34, "{csv}");
    let table = stdout(&["rank", "ntire2024", "--rules", "ntire2022"]);
    assert!(table.contains("no entry has mem_m, but track overall of ntire2022 needs it"));
}

#[test]
fn a_file_of_2022_by_the_rules_of_2026_names_the_missing_baseline() {
    let Some(shared) = common::shared("a_file_of_2022_by_the_rules_of_2026_names_the_missing_baseline") else { return };
    let file = shared.join("published/ntire2022.csv");
    let table = stdout(&["rank", file.to_str().unwrap(), "--rules", "ntire2026"]);
    assert!(
        table.contains("no entry is the baseline SPAN: scores are relative to the rules' figures for it"),
        "{table}"
    );
    assert!(table.contains("runtimes from other machines are not comparable"));
    let table = stdout(&["rank", file.to_str().unwrap(), "--rules", "ntire2026", "--baseline", "IMDN_baseline"]);
    assert!(table.contains("scores are relative to IMDN_baseline"));
}

#[test]
fn the_first_image_swaps_two_entries_of_2026() {
    let Some(shared) = common::shared("the_first_image_swaps_two_entries_of_2026") else { return };
    let file = shared.join("published/ntire2026_per_image.json");
    let file = file.to_str().unwrap();
    let with = stdout(&["rank", file, "--rules", "ntire2026"]);
    let told: Vec<&str> = with.lines().filter(|l| l.contains("change places")).collect();
    assert_eq!(
        told,
        [
            "note: track runtime: without each entry's first image, SPAN and DSCF_Fused change places (runtime 7.74 -> 7.74 ms \
          and 7.88 -> 7.57 ms)"
        ]
    );
    let score = |extra: &[&str]| {
        let args = [&["rank", file, "--rules", "ntire2026", "--track", "runtime", "--format", "csv"], extra].concat();
        let csv = stdout(&args);
        let runtime = |name: &str| -> f64 {
            let line = csv.lines().find(|l| l.contains(name)).unwrap();
            line.split(',').nth(5).unwrap().parse().unwrap()
        };
        (runtime("00_SPAN"), runtime("15_DSCF_Fused"))
    };
    let (span, dscf) = score(&[]);
    assert!(span < dscf, "{span} {dscf}");
    let (span, dscf) = score(&["--without-first-image"]);
    assert!(dscf < span, "{span} {dscf}");
    assert!(stderr(&["rank", "--without-first-image"], 2).contains("needs an input with per-image runtimes"));
}

#[test]
fn mistakes_are_explained_with_the_documented_exit_code() {
    assert!(
        stderr(&["rank", "ntire2020"], 2).contains("no file, folder or edition `ntire2020`, did you mean `ntire202")
    );
    assert!(
        stderr(&["rank", "--track", "overal"], 2).contains("ntire2022 has no track `overal`, did you mean `overall`?")
    );
    assert!(stderr(&["rank", "--rules", "ntire222"], 2).contains("did you mean `ntire2022`?"));
    assert!(stderr(&["rank", "absent/x.csv"], 3).contains("cannot read absent/x.csv"));
    assert!(stderr(&["rank", "--columns", "runtime_mss"], 2).contains("did you mean `runtime_ms`?"));
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("mine.toml");
    let text = stdout(&["rules", "show", "ntire2022", "--format", "toml"]);
    std::fs::write(&rules, text.replace("default_track =", "defalt_track =")).unwrap();
    let message = stderr(&["rank", "--rules", rules.to_str().unwrap()], 3);
    assert!(message.contains("mine.toml:4: expected one of the keys"), "{message}");
    assert!(message.contains("the unknown key `defalt_track`, did you mean `default_track`?"), "{message}");
}

#[test]
fn an_organisers_own_folder_of_rules_works_like_an_edition() {
    let folder = tempfile::tempdir().unwrap();
    let edition = folder.path().join("mine");
    std::fs::create_dir(&edition).unwrap();
    let text = stdout(&["rules", "show", "ntire2022", "--format", "toml"]);
    std::fs::write(edition.join("rules.toml"), text.replace("at_least = 28.95", "at_least = 29.05")).unwrap();
    std::fs::write(edition.join("published.csv"), stdout(&["rank", "--format", "csv"])).unwrap();
    let path = edition.to_str().unwrap();
    assert!(stdout(&["rules", "check", path]).contains("45 published rows can be ranked in 3 tracks"));
    let csv = stdout(&["rank", path, "--format", "csv"]);
    // Seven entries keep 29.05 dB on val.
    assert_eq!(csv.lines().filter(|l| l.ends_with(",true,")).count(), 7, "{csv}");
    assert_eq!(stdout(&["rank", "--rules", path, "--format", "csv"]), csv);
}
