//! The published tables of NTIRE 2022 to 2026, recomputed by the library: every printed rank, sum and score.

use esr_bench::entry::Entry;
use esr_bench::entry::Metric;
use esr_bench::entry::rounding::Printed;
use esr_bench::rank::rank;
use esr_bench::rank::{Leaderboard, Row};
use esr_bench::rules::Rules;
use esr_bench::tables::table;

#[path = "common/mod.rs"]
mod common;

fn board(edition: &str, track: &str) -> Leaderboard {
    let rules = Rules::embedded(edition).unwrap();
    rank(&rules.published().unwrap(), &rules, track).unwrap()
}

fn cell(entry: &Entry, column: &str) -> u32 {
    let text = entry.printed.get(column).unwrap_or_else(|| panic!("{} has no {column}", entry.team));
    text.parse().unwrap_or_else(|_| panic!("{}: {column} is `{text}`", entry.team))
}

/// The rows whose printed `column` is not what `computed` says.
fn departing(board: &Leaderboard, column: &str, computed: impl Fn(&Row) -> u32) -> Vec<String> {
    let differs = |row: &&Row| cell(&row.entry, column) != computed(row);
    board.rows.iter().filter(differs).map(|row| row.entry.team.clone()).collect()
}

fn metric_ranks_are_printed(board: &Leaderboard) {
    for (metric, column) in [
        (Metric::RuntimeMs, "runtime_rank"),
        (Metric::ParamsM, "params_rank"),
        (Metric::FlopsG, "flops_rank"),
        (Metric::ActsM, "acts_rank"),
        (Metric::MemM, "mem_rank"),
    ] {
        assert_eq!(departing(board, column, |row| row.metric_ranks[&metric]), [""; 0], "{column}");
    }
}

#[test]
fn ntire2022_is_met_but_for_the_one_slip_in_print() {
    let overall = board("ntire2022", "overall");
    assert_eq!((overall.rows.len(), overall.unranked.len()), (35, 9));
    assert_eq!(overall.baseline.as_ref().unwrap().entry.team, "IMDN_baseline");
    metric_ranks_are_printed(&overall);
    assert_eq!(departing(&overall, "sub2_sum", |r| r.score.unwrap() as u32), [""; 0]);
    assert_eq!(departing(&overall, "sub2_rank", |r| r.rank), [""; 0]);
    assert!(!overall.notes.iter().any(|n| n.contains("the source prints")));

    let complexity = board("ntire2022", "complexity");
    assert_eq!(departing(&complexity, "sub1_sum", |r| r.score.unwrap() as u32), [""; 0]);
    assert_eq!(departing(&complexity, "sub1_rank", |r| r.rank), ["Alpan Team"]);
    let told: Vec<&String> = complexity.notes.iter().filter(|n| n.contains("the source prints")).collect();
    assert_eq!(
        told,
        ["Alpan Team: the source prints rank 10 in `sub1_rank`, the rules give 9 (rank sum 18, shared with MegSR)"]
    );

    let runtime = board("ntire2022", "main");
    assert_eq!(runtime.track, "runtime");
    assert_eq!(departing(&runtime, "main_rank", |r| r.rank), [""; 0]);
}

#[test]
fn ntire2022_unranked_rows_each_have_their_reason() {
    let overall = board("ntire2022", "overall");
    let reasons: Vec<(&str, &str)> =
        overall.unranked.iter().map(|u| (u.entry.team.as_str(), u.reason.as_str())).collect();
    assert_eq!(
        reasons,
        [
            ("Multicog", "psnr_val 28.38 < 28.95, psnr_test 28.16 < 28.65"),
            ("NTU607QCO-ESR", "psnr_val 27.79 < 28.95, psnr_test 27.61 < 28.65"),
            ("NWPU_SweetDreamLab", "psnr_val 28.47 < 28.95, psnr_test 28.23 < 28.65"),
            ("RFDN AIM2020 Winner", "baseline, for reference"),
            ("SSL", "psnr_val 28.72 < 28.95, psnr_test 28.44 < 28.65"),
            ("Set5baby Team", "psnr_val 28.92 < 28.95, psnr_test 28.62 < 28.65"),
            ("Strong Tiger", "psnr_test 28.61 < 28.65"),
            ("VAP", "psnr_test 28.47 < 28.65"),
            ("Virtual_Reality Team", "psnr_val 27.35 < 28.95, psnr_test 27.26 < 28.65"),
        ]
    );
}

#[test]
fn ntire2023_is_met_with_its_tie_breakers() {
    let overall = board("ntire2023", "overall");
    assert_eq!((overall.rows.len(), overall.unranked.len()), (32, 3));
    assert_eq!(overall.baseline.as_ref().unwrap().entry.team, "RFDN baseline");
    metric_ranks_are_printed(&overall);
    assert_eq!(departing(&overall, "overall_sum", |r| r.score.unwrap() as u32), [""; 0]);
    assert_eq!(departing(&overall, "overall_rank", |r| r.rank), [""; 0]);
    let complexity = board("ntire2023", "complexity");
    assert_eq!(departing(&complexity, "complexity_sum", |r| r.score.unwrap() as u32), [""; 0]);
    assert_eq!(departing(&complexity, "complexity_rank", |r| r.rank), [""; 0]);
    assert_eq!(departing(&board("ntire2023", "runtime"), "runtime_rank", |r| r.rank), [""; 0]);
    for board in [&overall, &complexity] {
        assert!(!board.notes.iter().any(|n| n.contains("the source prints")), "{:?}", board.notes);
    }
    // Zapdos and NoahTerminalCV A both have 67: the lower complexity sum wins.
    let place = |team: &str| overall.rows.iter().find(|r| r.entry.team == team).map(|r| (r.rank, r.score));
    assert_eq!(place("NoahTerminalCV A"), Some((9, Some(67.0))));
    assert_eq!(place("Zapdos"), Some((10, Some(67.0))));
}

/// The printed metric and the interval that it stands for.
fn printed(entry: &Entry, metric: Metric) -> Printed {
    Printed::parse(&entry.printed[metric.name()]).unwrap()
}

#[test]
fn ntire2024_scores_follow_from_the_printed_metrics() {
    let rules = Rules::embedded("ntire2024").unwrap();
    let entries = rules.published().unwrap();
    let base = entries.iter().find(|e| e.team == "RLFN (Baseline)").unwrap();
    let parts =
        [(Metric::RuntimeMs, "runtime", 0.7), (Metric::ParamsM, "params", 0.15), (Metric::FlopsG, "flops", 0.15)];
    let (mut checked, mut to_the_digit) = (0, 0);
    for entry in &entries {
        let (mut low, mut mid, mut high) = (0.0, 0.0, 0.0);
        let mut check = |name: &str, low: f64, mid: f64, high: f64| {
            let score = Printed::parse(&entry.printed[&format!("score_{name}")]).unwrap();
            assert!(score.meets(low, high), "{} {name}: printed {}, from {low} to {high}", entry.team, score.value);
            checked += 1;
            to_the_digit += usize::from(score.meets(mid, mid));
        };
        for (metric, name, weight) in parts {
            let (m, b) = (printed(entry, metric), printed(base, metric));
            let part = [m.low() / b.high(), m.value / b.value, m.high() / b.low()].map(|x| (2.0 * x).exp());
            // The entry that is the baseline has the same value on both sides, whatever it is.
            let part = if entry == base { [part[1]; 3] } else { part };
            check(name, part[0], part[1], part[2]);
            (low, mid, high) = (low + weight * part[0], mid + weight * part[1], high + weight * part[2]);
        }
        check("main", low, mid, high);
    }
    assert_eq!((checked, to_the_digit), (140, 112));
}

#[test]
fn ntire2024_ranks_and_cuts_are_met_in_every_track() {
    for (track, column) in [
        ("main", "main_rank"),
        ("runtime", "score_runtime_rank"),
        ("flops", "score_flops_rank"),
        ("params", "score_params_rank"),
    ] {
        let board = board("ntire2024", track);
        assert_eq!((board.rows.len(), board.unranked.len()), (26, 8), "{track}");
        assert_eq!(departing(&board, column, |r| r.rank), [""; 0], "{track}");
        let base = board.baseline.unwrap();
        assert!((base.score.unwrap() - 2f64.exp()).abs() < 1e-12);
    }
}

#[test]
fn ntire2026_has_the_order_of_the_report_and_span_scores_e_squared_in_every_part() {
    let board = board("ntire2026", "main");
    let names: Vec<&str> = board.rows.iter().map(|r| r.entry.team.as_str()).collect();
    let order = [
        "XiaomiMM",
        "BOE_AIoT",
        "PKDSR",
        "DISP",
        "DSCF_Fused",
        "ERRN2",
        "AMCANet",
        "HFENet",
        "ZenoSR",
        "SPANMamba_single_1_4T05",
        "VSCINet",
        "HAESR",
        "WMESR",
    ];
    assert_eq!(names, order);
    let base = board.baseline.unwrap();
    assert_eq!(base.entry.submission, "00_SPAN");
    assert_eq!(format!("{:.4}", base.score.unwrap()), "7.3891");
    for (metric, part) in &base.metric_scores {
        assert_eq!(format!("{part:.4}"), "7.3891", "{metric}");
    }
    assert_eq!(base.metric_scores.len(), 3);
    // Second place is spared by the rounding of the cut.
    let told = board.notes.iter().find(|n| n.contains("only because the cut rounds")).unwrap();
    assert!(told.contains("BOE_AIoT/01_PDS (psnr_val 26.8964)"), "{told}");
    let unranked: Vec<&str> = board.unranked.iter().map(|u| u.entry.team.as_str()).collect();
    assert_eq!(unranked, ["RFDN_SPAN", "SAFMN"]);
}

#[test]
fn shared_tables_are_read_as_they_are_and_rank_as_the_embedded_ones() {
    let Some(shared) = common::shared("shared_tables_are_read_as_they_are_and_rank_as_the_embedded_ones") else {
        return;
    };
    for (edition, rows) in [("ntire2022", 45), ("ntire2023", 36), ("ntire2024", 35), ("ntire2026", 16)] {
        let rules = Rules::embedded(edition).unwrap();
        let entries = table::read(&shared.join(format!("published/{edition}.csv"))).unwrap();
        assert_eq!(entries.len(), rows);
        for track in &rules.tracks {
            let places = |entries: &[Entry]| {
                let board = rank(entries, &rules, &track.name).unwrap();
                let place = |r: Row| (r.rank, r.entry.team, r.score, r.metric_ranks);
                let reasons: Vec<_> = board.unranked.into_iter().map(|u| (u.entry.team, u.reason)).collect();
                (board.rows.into_iter().map(place).collect::<Vec<_>>(), reasons, board.notes)
            };
            let (ours, theirs) = (places(&rules.published().unwrap()), places(&entries));
            assert_eq!((&ours.0, &ours.1), (&theirs.0, &theirs.1), "{edition} {}", track.name);
        }
    }
}

#[test]
fn of_2025_only_the_baseline_is_known_and_the_rules_say_so() {
    let rules = Rules::embedded("ntire2025").unwrap();
    assert!(!rules.published.complete);
    let board = board("ntire2025", "main");
    assert_eq!((board.rows.len(), board.unranked.len()), (0, 0));
    assert!((board.baseline.unwrap().score.unwrap() - 2f64.exp()).abs() < 1e-12);
}
