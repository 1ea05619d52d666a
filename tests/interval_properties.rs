//! For every edition, every track and any table: an interval of places holds the entry's own place, and the places that intervals
//! belong to are those of the leaderboard, ties, rounding and tie breakers of the rules included.

use esr_bench::entry::{Entry, Metric};
use esr_bench::rank::{add_uncertainty, rank};
use esr_bench::rules::Rules;
use esr_bench::stats::samples::CONTROL_SUFFIX;
use esr_bench::stats::{ImageTimes, Protocol, Round, Samples, Settings, TimedSession, summarise};
use proptest::prelude::*;

/// One entry: its level and the noise of its rounds, and its other figures on a coarse grid, so that they tie.
#[derive(Debug, Clone)]
struct Drawn {
    level: u32,
    noise: Vec<i32>,
    figures: [u32; 4],
    missing: Option<u32>,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let figures = [1u32..5, 1u32..5, 1u32..5, 1u32..5];
    let missing = prop_oneof![3 => Just(None), 1 => (0u32..8).prop_map(Some)];
    (1u32..8, prop::collection::vec(-40i32..40, 8), figures, missing)
        .prop_map(|(level, noise, figures, missing)| Drawn { level, noise, figures, missing })
}

fn samples(label: &str, drawn: &Drawn, coarse: f64) -> Samples {
    // Coarse figures tie when they are printed; the noise is up to 0.4 %.
    let ms = |r: usize| (10.0 + f64::from(drawn.level) * coarse) * (1.0 + f64::from(drawn.noise[r]) / 10_000.0);
    let round = |r: usize| Round {
        number: r as u32,
        images: vec![ImageTimes { split: "val".into(), image: "a".into(), ms: vec![ms(r)] }],
    };
    let kept = (0..drawn.noise.len()).filter(|r| drawn.missing != Some(*r as u32));
    Samples { label: label.into(), rounds: kept.map(round).collect() }
}

fn entry(team: &str, timed: &Samples, figures: [u32; 4]) -> Entry {
    let runtime = summarise(timed, Protocol::Robust).unwrap().runtime_ms;
    let [params, flops, acts, mem] = figures.map(f64::from);
    let metrics = [
        (Metric::RuntimeMs, runtime),
        (Metric::ParamsM, 0.1 * params),
        (Metric::FlopsG, 5.0 * flops),
        (Metric::ActsM, 20.0 * acts),
        (Metric::MemM, 100.0 * mem),
        (Metric::PsnrVal, 29.5),
        (Metric::PsnrTest, 29.5),
    ];
    Entry { team: team.into(), metrics: metrics.into(), ..Entry::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_interval_holds_the_entrys_own_place_in_every_edition_and_track(
        all in prop::collection::vec(drawn(), 2..8),
        base in drawn(),
        with_base in any::<bool>(),
        coarse in prop_oneof![Just(0.004), Just(0.02), Just(0.3)],
        winsorise in prop_oneof![Just(None), Just(Some(4.0))],
        seed in any::<u64>(),
    ) {
        for id in Rules::ids() {
            let rules = Rules::embedded(&id).unwrap();
            let mut timed: Vec<Samples> =
                all.iter().enumerate().map(|(i, d)| samples(&format!("team {i}"), d, coarse)).collect();
            let mut entries: Vec<Entry> =
                all.iter().zip(&timed).map(|(d, t)| entry(&t.label.clone(), t, d.figures)).collect();
            if with_base {
                let name = rules.baseline.as_ref().unwrap().entry.clone();
                let own = samples(&name, &base, coarse);
                // Nobody is worse than the baseline.
                entries.push(entry(&name, &own, [9; 4]));
                timed.push(Samples { label: format!("{name}{CONTROL_SUFFIX}"), ..own.clone() });
                timed.push(own);
            }
            let sessions = [TimedSession::of_samples("run", timed)];
            for track in &rules.tracks {
                let mut board = rank(&entries, &rules, &track.name).unwrap();
                let settings = Settings { seed, resamples: 20, winsorise, ..Settings::default() };
                add_uncertainty(&mut board, &rules, &sessions, settings).unwrap();
                prop_assert_eq!(board.rows.len() + board.unranked.len(), all.len(), "{} {}", id, track.name);
                let count = board.rows.len() as u32;
                for row in &board.rows {
                    let own = row.uncertainty.as_ref().unwrap();
                    let (low, high) = own.rank_interval.unwrap();
                    prop_assert_eq!(own.rank, row.rank, "{} {}", id, track.name);
                    prop_assert!(
                        1 <= low && low <= row.rank && row.rank <= high && high <= count,
                        "{} {}: {} of {}..{}", id, track.name, row.rank, low, high
                    );
                    // The displayed runtime is over the rounds that its interval is over.
                    prop_assert_eq!(own.runtime_ms, row.entry.get(Metric::RuntimeMs));
                    let interval = own.runtime_interval.unwrap();
                    prop_assert!(interval.contains(own.runtime_ms.unwrap()), "{:?}", own);
                }
            }
        }
    }
}
