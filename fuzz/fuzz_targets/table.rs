//! Any bytes as a CSV of measurements; what can be read is ranked and written in every format, and read again.
#![no_main]

use std::path::Path;

use esr_bench::rank::rank;
use esr_bench::report::{Format, Options, render};
use esr_bench::rules::Rules;
use esr_bench::tables::table;

thread_local! {
    static RULES: Vec<Rules> =
        ["ntire2022", "ntire2024", "ntire2026"].map(|id| Rules::embedded(id).expect("an embedded edition")).into();
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(read) = table::parse(Path::new("t.csv"), data) else { return };
    RULES.with(|all| {
        for rules in all {
            let Ok(board) = rank(&read.entries, rules, &rules.default_track) else { continue };
            for format in Format::ALL {
                render(&board, format, &Options::default()).expect("a leaderboard can be written");
            }
            // Our own export gives the same ranks again.
            let text = render(&board, Format::Csv, &Options::default()).expect("a leaderboard can be written");
            let again = match table::parse(Path::new("again.csv"), text.as_bytes()) {
                Ok(again) => again,
                // Escaping may make two names one.
                Err(error) if error.to_string().contains("each entry once") => continue,
                Err(error) => panic!("{error}\n{text}"),
            };
            let second = rank(&again.entries, rules, &rules.default_track);
            let ranks = |b: &esr_bench::rank::Leaderboard| b.rows.iter().map(|r| r.rank).collect::<Vec<_>>();
            if let Ok(second) = second
                && board.baseline.is_none()
                && board.unranked.is_empty()
                && second.baseline.is_none()
            {
                assert_eq!(ranks(&board), ranks(&second), "{text}");
            }
        }
    });
});
