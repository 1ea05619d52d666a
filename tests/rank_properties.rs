//! What holds for every table: the ranking is a function of its content, sums are sums, and no file makes the readers panic.

use std::collections::BTreeMap;
use std::path::Path;

use esr_bench::audit::audit;
use esr_bench::entry::Entry;
use esr_bench::entry::Metric;
use esr_bench::rank::Leaderboard;
use esr_bench::rank::rank;
use esr_bench::rules::Rules;
use esr_bench::tables::PerImage;
use esr_bench::tables::table;
use proptest::prelude::*;

const RANKED: [Metric; 5] = [Metric::RuntimeMs, Metric::ParamsM, Metric::FlopsG, Metric::ActsM, Metric::MemM];

/// Few distinct values, so that ties are common; some absent, some below the cut.
fn entry() -> impl Strategy<Value = Entry> {
    let figure = prop_oneof![9 => (1u32..12).prop_map(|v| Some(f64::from(v) / 4.0)), 1 => Just(None)];
    let psnr = prop_oneof![4 => Just(29.0), 1 => Just(28.9449), 1 => Just(28.9451)];
    (prop::collection::vec(figure, 5), psnr, 0u8..6).prop_map(|(figures, psnr, odd)| {
        let mut metrics: BTreeMap<Metric, f64> =
            RANKED.into_iter().zip(figures).filter_map(|(m, v)| Some((m, v?))).collect();
        metrics.insert(Metric::PsnrVal, psnr);
        metrics.insert(Metric::PsnrTest, 29.0);
        let failure = (odd == 0).then(|| "the worker crashed".to_owned());
        let unknown_ops = if odd == 1 { vec!["aten::mystery".to_owned()] } else { Vec::new() };
        Entry { metrics, failure, unknown_ops, ..Entry::default() }
    })
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    prop::collection::vec(entry(), 0..25).prop_map(|mut entries| {
        for (i, entry) in entries.iter_mut().enumerate() {
            entry.team = format!("team {i}");
        }
        entries
    })
}

/// A table and a shuffled copy of it.
fn shuffled() -> impl Strategy<Value = (Vec<Entry>, Vec<Entry>)> {
    entries().prop_flat_map(|e| (Just(e.clone()), Just(e).prop_shuffle()))
}

fn boards(entries: &[Entry]) -> Vec<(Rules, Leaderboard)> {
    let mut all = Vec::new();
    for id in Rules::ids() {
        let rules = Rules::embedded(&id).unwrap();
        for track in &rules.tracks {
            all.push((rules.clone(), rank(entries, &rules, &track.name).unwrap()));
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_the_rows_does_not_matter((one, other) in shuffled()) {
        for ((_, a), (_, b)) in boards(&one).into_iter().zip(boards(&other)) {
            prop_assert_eq!(a, b);
        }
    }

    #[test]
    fn every_entry_is_either_ranked_or_has_a_reason(entries in entries()) {
        for (_, board) in boards(&entries) {
            prop_assert_eq!(board.rows.len() + board.unranked.len(), entries.len());
            prop_assert!(board.unranked.iter().all(|u| !u.reason.is_empty()));
            for row in &board.rows {
                prop_assert!(row.entry.failure.is_none() && row.entry.unknown_ops.is_empty());
                prop_assert!(board.metrics.iter().all(|m| row.entry.get(*m).is_some()));
            }
        }
    }

    #[test]
    fn places_follow_the_figures(entries in entries()) {
        for (_, board) in boards(&entries) {
            if let Some(first) = board.rows.first() {
                prop_assert_eq!(first.rank, 1);
            }
            for (i, pair) in board.rows.windows(2).enumerate() {
                // A place is shared with the row above, or counts all rows above.
                prop_assert!(pair[1].rank == pair[0].rank || pair[1].rank as usize == i + 2);
                prop_assert!(pair[0].score.zip(pair[1].score).is_none_or(|(a, b)| a <= b));
            }
        }
    }

    #[test]
    fn rank_sums_are_sums_of_ranks_and_stable_ranks_are_permutations(entries in entries()) {
        let rules = Rules::embedded("ntire2022").unwrap();
        let board = rank(&entries, &rules, "overall").unwrap();
        for row in &board.rows {
            prop_assert_eq!(row.score, Some(f64::from(RANKED.iter().map(|m| row.metric_ranks[m]).sum::<u32>())));
        }
        for metric in RANKED {
            let mut ranks: Vec<u32> = board.rows.iter().map(|r| r.metric_ranks[&metric]).collect();
            ranks.sort_unstable();
            prop_assert_eq!(ranks, (1..=board.rows.len() as u32).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_better_entry_never_stands_below(entries in entries(), index in any::<prop::sample::Index>()) {
        prop_assume!(!entries.is_empty());
        let index = index.index(entries.len());
        let mut better = entries.clone();
        for metric in RANKED {
            if let Some(v) = better[index].metrics.get_mut(&metric) {
                *v /= 2.0;
            }
        }
        let place = |b: &Leaderboard| b.rows.iter().find(|r| r.entry.team == entries[index].team).map(|r| r.rank);
        for ((_, before), (_, after)) in boards(&entries).iter().zip(boards(&better)) {
            prop_assert!(place(&after) <= place(before), "{}/{}", before.rules, before.track);
        }
    }

    #[test]
    fn no_bytes_make_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = table::parse(Path::new("any.csv"), &bytes);
        let _ = PerImage::parse(Path::new("any.json"), &bytes);
        let _ = Rules::parse(Path::new("any.toml"), &String::from_utf8_lossy(&bytes), "any", Default::default());
    }

    #[test]
    fn whatever_table_is_read_can_be_ranked_audited_or_is_refused(
        header in prop::collection::vec(prop::sample::select(vec![
            "team", "submission", "runtime_ms", "runtime_val_ms", "runtime_test_ms", "params", "params_m", "flops_g", "acts_m",
            "mem_m", "psnr_val", "psnr_test", "ranked", "main_rank", "sub1_sum", "score_runtime", "report_flops_g", "track", "x",
        ]), 1..12),
        rows in prop::collection::vec(prop::collection::vec(prop_oneof![
            3 => "[0-9]{1,4}(\\.[0-9]{1,3})?",
            1 => prop::sample::select(vec!["", "-", "nan", "-1", "1e400", "1e-9", "\"a,b\"", "inf", "true", "baseline", "383.46e1"])
                .prop_map(str::to_owned),
        ], 1..12), 0..8),
    ) {
        let mut text = header.join(",") + "\n";
        for row in &rows {
            // Mostly as long as the header.
            let cells: Vec<&str> = row.iter().map(String::as_str).cycle().take(header.len()).collect();
            text += &(cells.join(",") + "\n");
        }
        if let Ok(table) = table::parse(Path::new("any.csv"), text.as_bytes()) {
            boards_or_reasons(&table.entries)?;
            for id in Rules::ids() {
                let _ = audit(&table, &Rules::embedded(&id).unwrap());
            }
        }
    }
}

/// A baseline without a figure to divide by is refused; all else is ranked.
fn boards_or_reasons(entries: &[Entry]) -> Result<(), TestCaseError> {
    for id in Rules::ids() {
        let rules = Rules::embedded(&id).unwrap();
        for track in &rules.tracks {
            match rank(entries, &rules, &track.name) {
                Ok(board) => {
                    let apart = usize::from(board.baseline.is_some());
                    prop_assert_eq!(board.rows.len() + board.unranked.len() + apart, entries.len());
                }
                Err(error) => prop_assert!(error.to_string().contains("baseline"), "{error}"),
            }
        }
    }
    Ok(())
}
