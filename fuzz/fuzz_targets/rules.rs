//! Any text as `rules.toml`; rules that can be read rank a published table in each of their tracks.
#![no_main]

use std::path::Path;

use esr_bench::entry::Entry;
use esr_bench::rank::rank;
use esr_bench::rules::Rules;
use esr_bench::rules::schema::Origin;

thread_local! {
    static ENTRIES: Vec<Entry> =
        Rules::embedded("ntire2022").and_then(|rules| rules.published()).expect("an embedded edition");
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(rules) = Rules::parse(Path::new("rules.toml"), text, "fuzzed", Origin::Embedded) else { return };
    ENTRIES.with(|entries| {
        for track in &rules.tracks {
            if let Ok(board) = rank(entries, &rules, &track.name) {
                assert!(board.rows.windows(2).all(|pair| pair[0].rank <= pair[1].rank));
            }
        }
    });
});
