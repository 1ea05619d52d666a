//! Every format over one small leaderboard, and what the options do to it.

use std::collections::BTreeMap;

use crate::entry::Entry;
use crate::entry::Metric;
use crate::rank::{Leaderboard, Row, Unranked};
use crate::report::*;

fn entry(team: &str, values: [Option<f64>; 6]) -> Entry {
    let metrics =
        [Metric::RuntimeMs, Metric::ParamsM, Metric::FlopsG, Metric::PsnrVal, Metric::PsnrTest, Metric::Convs];
    let metrics = metrics.into_iter().zip(values).filter_map(|(m, v)| Some((m, v?))).collect();
    Entry { team: team.into(), metrics, ..Entry::default() }
}

fn row(rank: u32, score: f64, ranks: [u32; 3], entry: Entry) -> Row {
    let metrics = [Metric::RuntimeMs, Metric::ParamsM, Metric::FlopsG];
    Row {
        rank,
        score: Some(score),
        metric_ranks: metrics.into_iter().zip(ranks).collect(),
        metric_scores: BTreeMap::new(),
        entry,
        pareto: false,
        uncertainty: None,
    }
}

fn board() -> Leaderboard {
    let hostile = r#"A|B_1 & "co", 50% <x> $y$"#;
    let mut second = entry(hostile, [Some(9.123456789), Some(0.1), Some(7.25), Some(28.96), Some(28.66), Some(22.0)]);
    second.submission = "net#2".into();
    let mut short = entry("Short", [Some(28.07), None, None, Some(28.94), Some(28.70), Some(34.0)]);
    short.notes = vec!["parameters were not given".into()];
    Leaderboard {
        rules: "ntire2022".into(),
        title: "NTIRE 2022 Efficient SR".into(),
        track: "overall".into(),
        score_heading: "rank sum".into(),
        metrics: vec![Metric::RuntimeMs, Metric::ParamsM, Metric::FlopsG],
        shown: vec![Metric::PsnrVal, Metric::PsnrTest, Metric::Convs],
        rows: vec![
            row(
                1,
                6.0,
                [2, 3, 1],
                entry("ByteESR", [Some(27.11), Some(0.317), Some(5.0), Some(29.0), Some(28.72), Some(39.0)]),
            ),
            row(2, 7.0, [1, 1, 12], second),
            row(3, 8.0, [3, 2, 3], entry("Lane", [Some(31.5), Some(0.2), Some(6.0), Some(28.97), Some(28.67), None])),
        ],
        baseline: Some(row(
            9,
            19.0,
            [4, 4, 11],
            entry("IMDN", [Some(50.86), Some(0.894), Some(58.53), Some(29.13), Some(28.78), Some(43.0)]),
        )),
        unranked: vec![
            Unranked { reason: "PSNR val 28.94 is below 28.95".into(), entry: short },
            Unranked { reason: "worker killed: time limit of 60 s".into(), entry: entry("Hang", [None; 6]) },
        ],
        notes: vec!["the published table prints 8 for Lane's FLOPs rank".into()],
        announcement: None,
    }
}

fn rendered(format: Format, options: &Options) -> String {
    render(&board(), format, options).unwrap()
}

#[test]
fn a_table_for_people() {
    insta::assert_snapshot!(rendered(Format::Table, &Options::default()));
}

#[test]
fn a_csv_table() {
    insta::assert_snapshot!(rendered(Format::Csv, &Options::default()));
}

#[test]
fn a_json_object() {
    insta::assert_snapshot!(rendered(Format::Json, &Options::default()));
}

#[test]
fn a_markdown_table() {
    insta::assert_snapshot!(rendered(Format::Markdown, &Options::default()));
}

#[test]
fn a_latex_table() {
    insta::assert_snapshot!(rendered(Format::Latex, &Options::default()));
}

#[test]
fn partial_scores_have_their_columns_and_the_score_two_decimals() {
    let mut board = board();
    board.score_heading = "score".into();
    board.unranked.clear();
    board.notes.clear();
    for row in board.rows.iter_mut().chain(&mut board.baseline) {
        row.metric_scores = row.metric_ranks.keys().map(|&m| (m, row.entry.get(m).unwrap() / 3.0)).collect();
        row.score = row.score.map(|s| s / 3.0);
        row.metric_ranks.clear();
    }
    insta::assert_snapshot!(render(&board, Format::Table, &Options::default()).unwrap());
}

#[test]
fn columns_sort_top_and_pareto_are_obeyed_by_every_format() {
    let options = Options {
        columns: ["team", "runtime_ms", "psnr_val", "runtime_rank", "pareto"].map(|c| c.parse().unwrap()).to_vec(),
        sort: Some("runtime_ms".parse().unwrap()),
        top: Some(2),
        pareto: Some((Metric::RuntimeMs, Metric::PsnrVal)),
        ..Options::default()
    };
    insta::assert_snapshot!(rendered(Format::Table, &options));
    insta::assert_snapshot!(rendered(Format::Csv, &options));
    let json: Leaderboard = serde_json::from_str(&rendered(Format::Json, &options)).unwrap();
    assert_eq!(json.rows.iter().map(|r| (r.rank, r.pareto)).collect::<Vec<_>>(), [(2, true), (1, true)]);
    assert_eq!(json.unranked, []);
    assert_eq!(json.notes.last().unwrap(), "not shown: 1 ranked and 2 unranked entries");
}

#[test]
fn a_missing_value_sorts_last_in_both_directions() {
    for (sort, last) in
        [("convs", "Lane"), ("convs:reverse", "Lane"), ("psnr_val:reverse", "ByteESR"), ("team:reverse", "A|B")]
    {
        let options = Options { sort: Some(sort.parse().unwrap()), ..Options::default() };
        let board = board();
        let view = BoardView::new(&board, &options);
        assert!(view.ranked().last().unwrap().entry.team.starts_with(last), "{sort}");
    }
}

#[test]
fn json_and_csv_keep_full_precision() {
    let json: Leaderboard = serde_json::from_str(&rendered(Format::Json, &Options::default())).unwrap();
    assert_eq!(json, board());
    let csv = rendered(Format::Csv, &Options::default());
    let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 6);
    assert_eq!((&rows[1][2], &rows[1][5]), (r#"A|B_1 & "co", 50% <x> $y$"#, "9.123456789"));
}

#[test]
fn colour_marks_the_best_and_nothing_else_changes() {
    let plain = rendered(Format::Table, &Options::default());
    let coloured = rendered(Format::Table, &Options { colour: true, ..Options::default() });
    assert!(!plain.contains('\u{1b}'));
    assert!(coloured.contains("\u{1b}["));
    let mut stripped = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        stripped += before;
        rest = after.split_once('m').map_or("", |(_, r)| r);
    }
    stripped += rest;
    let words = |s: &str| s.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&stripped), words(&plain));
}

#[test]
fn a_format_is_known_by_name_and_by_extension() {
    for format in BOARD_FORMATS.iter().copied() {
        assert_eq!(format.name().parse(), Ok(format));
    }
    assert_eq!("jsn".parse::<Format>(), Err("no format `jsn`, did you mean `json`?".into()));
    assert_eq!(Format::of_path(std::path::Path::new("a/b.TEX")), Some(Format::Latex));
    assert_eq!(Format::of_path(std::path::Path::new("a/b")), None);
}
