//! Properties of every format over hostile names, notes, reasons and titles.

use proptest::prelude::*;

use crate::entry::{Entry, Metric};
use crate::rank::{Leaderboard, Row, Unranked};
use crate::report::{Format, Options, render};
use crate::util::chars::is_deceptive;

/// Text of pieces that mean something to a terminal, a spreadsheet, Markdown, HTML or LaTeX.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = [
        "\u{1b}[31m",
        "\u{1b}]0;x\u{7}",
        "\u{9b}2J",
        "\u{202e}",
        "\u{2066}",
        "\u{e0041}",
        "\r",
        "\n",
        "\t",
        "\0",
        "=",
        "+",
        "-",
        "@",
        "＝",
        "'",
        "\"",
        ",",
        ";",
        "|",
        "\\",
        "`",
        "*",
        "_",
        "#",
        "[x](y)",
        "![x](y)",
        "<script>",
        "</td>",
        "&amp;",
        "&lt;",
        "https://x.y",
        "www.x.y",
        "a@b.c",
        "1. ",
        "2) ",
        "$x$",
        "{",
        "}",
        "~",
        "^^M",
        "%",
        "\\input{x}",
        "\\end{tabular}",
        "\\\\",
        "&",
        "A",
        "b",
        "0",
        " ",
        "é",
        "東",
        "👩\u{200d}🔬",
        "- ",
        "---",
        "cmd|' /C calc'!A0",
    ];
    let short = prop::collection::vec(prop::sample::select(pieces.to_vec()), 1..12).prop_map(|p| p.concat());
    prop_oneof![8 => short, 1 => any::<String>(), 1 => Just("x".repeat(10_000)), 1 => Just("\\{".repeat(5_000))]
}

fn board(team: &str, submission: &str, note: &str, title: &str) -> Leaderboard {
    let entry = |team: &str| Entry {
        team: team.into(),
        submission: submission.into(),
        metrics: [(Metric::RuntimeMs, 1.5), (Metric::PsnrVal, 29.0)].into(),
        notes: vec![note.into()],
        ..Entry::default()
    };
    let row = |rank, team: &str| Row {
        rank,
        score: Some(f64::from(rank)),
        metric_ranks: [(Metric::RuntimeMs, rank)].into(),
        metric_scores: Default::default(),
        entry: entry(team),
        pareto: false,
        uncertainty: None,
    };
    Leaderboard {
        rules: title.into(),
        title: title.into(),
        track: title.into(),
        score_heading: "score".into(),
        metrics: vec![Metric::RuntimeMs],
        shown: vec![Metric::PsnrVal],
        rows: vec![row(1, team), row(2, "B")],
        baseline: Some(row(3, team)),
        unranked: vec![Unranked { reason: note.into(), entry: entry(team) }],
        notes: vec![note.into()],
        announcement: None,
    }
}

/// Characters that have no backslash before them.
fn bare(line: &str) -> String {
    let mut out = String::new();
    let mut letters = line.chars();
    while let Some(c) = letters.next() {
        if c == '\\' {
            letters.next();
        } else {
            out.push(c)
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn nothing_acts_in_any_format(team in hostile(), submission in hostile(), note in hostile(), title in hostile()) {
        let (plain, hostile) = (board("A", "s", "n", "t"), board(&team, &submission, &note, &title));
        for format in Format::ALL {
            // The page's own tests say what it may hold; a leaderboard has no TOML and no Graphviz graph.
            if matches!(format, Format::Html | Format::Toml | Format::Dot) {
                continue;
            }
            let text = render(&hostile, format, &Options::default()).unwrap();
            prop_assert!(!text.contains(|c| c != '\n' && is_deceptive(c)), "{format}: {text:?}");
            let expected = render(&plain, format, &Options::default()).unwrap();
            // A submission of the team's own name has no column; it takes no line either.
            prop_assert_eq!(text.lines().count(), expected.lines().count(), "{}: {}", format, text);
            if matches!(format, Format::Table | Format::Markdown | Format::Latex) {
                prop_assert!(text.len() < 100_000, "{format}: {} bytes", text.len());
            }
        }
    }

    #[test]
    fn csv_has_the_cells_that_were_put_in_and_no_formula(team in hostile(), submission in hostile(), note in hostile()) {
        let text = render(&board(&team, &submission, &note, "t"), Format::Csv, &Options::default()).unwrap();
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let records: Vec<_> = reader.records().collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(records.len(), 4);
        for record in &records {
            for cell in record {
                prop_assert!(!cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']), "{cell:?}");
            }
        }
        let written = crate::util::formula::unescaped(&records[0][2]).to_owned();
        prop_assert_eq!(written, crate::util::chars::visible_line(&team));
    }

    #[test]
    fn json_has_the_text_as_it_was(team in hostile(), note in hostile()) {
        let text = render(&board(&team, "s", &note, "t"), Format::Json, &Options::default()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(value["rows"][0]["entry"]["team"].as_str(), Some(team.as_str()));
        prop_assert_eq!(value["notes"][0].as_str(), Some(note.as_str()));
    }

    #[test]
    fn markdown_keeps_its_columns_and_has_no_markup_of_the_input(team in hostile(), submission in hostile(), note in hostile()) {
        let text = render(&board(&team, &submission, &note, "t"), Format::Markdown, &Options::default()).unwrap();
        let mut columns = 0;
        for line in text.lines() {
            let bare = bare(line);
            if !bare.starts_with("| ") {
                columns = 0;
                let item = line.strip_prefix("- ").unwrap_or(line);
                prop_assert!(!item.starts_with(['-', '+', '=']), "{line}");
            } else if columns == 0 {
                columns = bare.matches('|').count();
            } else {
                prop_assert_eq!(bare.matches('|').count(), columns, "{}", line);
            }
            prop_assert!(!bare.contains(['<', '>', '`', '[', ']', '_', '~', '$', '@']), "{line}");
            prop_assert!(!bare.contains("://") && !bare.to_lowercase().contains("www."), "{line}");
        }
    }

    #[test]
    fn latex_has_no_command_of_the_input(team in hostile(), submission in hostile(), note in hostile()) {
        let text = render(&board(&team, &submission, &note, "t"), Format::Latex, &Options::default()).unwrap();
        let known = ["usepackage", "begin", "end", "centering", "caption", "label", "toprule", "midrule", "bottomrule", "par",
            "footnotesize", "textbf", "textsubscript", "textbackslash", "textasciitilde", "textasciicircum", "textless",
            "textgreater", "textbar", "symbol"];
        let (mut depth, mut letters) = (0_i32, text.chars().peekable());
        while let Some(c) = letters.next() {
            match c {
                '\\' => {
                    let mut word = String::new();
                    while let Some(next) = letters.next_if(char::is_ascii_alphabetic) {
                        word.push(next);
                    }
                    if word.is_empty() {
                        prop_assert!(letters.next_if(|c| "\\{}$&#_%".contains(*c)).is_some(), "{text}");
                    } else {
                        prop_assert!(known.contains(&word.as_str()), "\\{word}: {text}");
                    }
                }
                '{' => depth += 1,
                '}' => depth -= 1,
                c => prop_assert!(!"$#_~^".contains(c), "{c}: {text}"),
            }
            prop_assert!(depth >= 0, "{text}");
        }
        prop_assert_eq!(depth, 0);
        // The first line is the only comment.
        prop_assert_eq!(bare(&text).matches('%').count(), 1);
        let rows: Vec<usize> = text.lines().filter(|l| l.ends_with(" \\\\")).map(|l| bare(l).matches('&').count()).collect();
        prop_assert!(rows.len() == 5 && rows.iter().all(|n| *n == rows[0]), "{rows:?}: {text}");
    }
}
