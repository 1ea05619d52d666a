//! Do intervals cover the truth as often as they claim, and can two statements about one ranking contradict each other?
//!
//! The decisive cells of `cargo bench --bench coverage`, with few sessions and generous limits; the full table is in `docs/statistics.md`.

#[path = "../benches/coverage/cell.rs"]
#[allow(dead_code, reason = "the benchmark uses all of it")]
mod cell;
#[path = "../benches/coverage/noise.rs"]
#[allow(dead_code, reason = "the benchmark uses all of it")]
mod noise;

use cell::{Case, Cell, Found, Kind};
use esr_bench::stats::ranks::{competition_ranks, places_by};
use esr_bench::stats::{
    Basis, Field, Figures, ImageTimes, Matrix, Place, Protocol, RankedTrack, Round, Samples, Session, Settings,
    TieBand, Uncertainty, Verdict, compare, rank_uncertainty,
};
use noise::{Noise, generator, session};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

fn simulate(kind: Kind, case: Case, noise: Noise, rounds: usize, sessions: usize) -> Found {
    let found = Cell { kind, case, noise, rounds, winsorise: None }.simulate(sessions);
    eprintln!("{kind:?} {case:?} {noise:?} {rounds} rounds: {found:?}");
    found
}

/// 93 % less three standard errors of `sessions`.
fn enough(share: f64, sessions: usize) -> bool {
    share >= 0.93 - 3.0 * (0.07 * 0.93 / sessions as f64).sqrt()
}

#[test]
fn ties_are_covered_under_every_noise_that_the_method_allows() {
    for noise in [Noise::Gaussian, Noise::Heavy, Noise::UnequalSpread, Noise::UnequalShares, Noise::Skewed] {
        let found = simulate(Kind::Runtime, Case::Tied(8), noise, 10, 60);
        assert!(enough(found.own, 60) && enough(found.joint, 60), "{noise:?}: {found:?}");
    }
}

#[test]
fn tied_scores_are_covered() {
    for (noise, rounds) in [(Noise::Gaussian, 10), (Noise::Heavy, 10), (Noise::Drift, 15)] {
        let found = simulate(Kind::Score, Case::TiedScores, noise, rounds, 60);
        assert!(enough(found.own, 60) && enough(found.joint, 60), "{noise:?}: {found:?}");
    }
}

#[test]
fn heavy_tails_do_not_make_intervals_wide() {
    let found = simulate(Kind::Runtime, Case::Apart(12, 0.02), Noise::Heavy, 10, 60);
    assert!(found.joint > 0.95 && found.width < 2.8, "{found:?}");
}

#[test]
fn rank_sums_are_covered_by_less_than_half_of_the_places_or_so() {
    let found = simulate(Kind::RankSum, Case::Within5(20), Noise::Heavy, 10, 30);
    assert!(found.joint >= 0.9 && found.width < 11.5, "{found:?}");
}

fn samples(label: &str, ms: &[f64]) -> Samples {
    let round = |(number, ms): (usize, &f64)| Round {
        number: number as u32,
        images: vec![ImageTimes { split: "val".into(), image: "a".into(), ms: vec![*ms] }],
    };
    Samples { label: label.into(), rounds: ms.iter().enumerate().map(round).collect() }
}

#[test]
fn verdicts_are_seldom_wrong_and_do_come() {
    for (difference, band) in [(0.0, 0.0), (0.005, 0.005), (-0.003, 0.0), (0.05, 0.005)] {
        let mut rng = generator(7);
        let (mut wrong, mut claimed) = (0, 0);
        for seed in 0..300 {
            let rows = session(&[20.0 * (1.0 + difference), 20.0], 12, Noise::Heavy, &mut rng);
            let settings = Settings { seed, ..Settings::default() };
            let c = compare(&samples("a", &rows[0]), &samples("b", &rows[1]), TieBand(band), settings).unwrap();
            let beyond = |d: f64| d > band;
            let right = match c.verdict {
                Verdict::CannotTell => continue,
                Verdict::Faster => beyond(1.0 / (1.0 + difference) - 1.0),
                Verdict::Slower => beyond(difference),
                Verdict::Same => !beyond(difference) && !beyond(1.0 / (1.0 + difference) - 1.0),
            };
            claimed += 1;
            wrong += usize::from(!right);
        }
        eprintln!("difference {difference}, band {band}: {wrong} wrong, {claimed} claimed of 300");
        // 5 % and two standard errors.
        assert!(wrong <= 22, "difference {difference}: {wrong}");
        assert!(difference != 0.05 || claimed > 200, "{claimed}");
    }
}

/// Places by rounded runtimes, equals in the order of their index: a permutation, as some editions have it.
fn permutation(figures: &Figures<'_>) -> esr_bench::Result<Vec<Place>> {
    let rounded: Vec<f64> = figures.runtimes.iter().map(|ms| ms.round()).collect();
    let mut order: Vec<usize> = (0..rounded.len()).collect();
    order.sort_by(|&a, &b| rounded[a].total_cmp(&rounded[b]));
    let mut places = places_by(&rounded);
    for (at, &entry) in order.iter().enumerate() {
        places[entry].rank = at as u32 + 1;
    }
    Ok(places)
}

fn uncertainty(rows: &[Vec<f64>], holes: &[bool], kind: Kind, permuted: bool, seed: u64) -> Uncertainty {
    let mut matrix = Matrix::from_rows((0..rows.len()).map(|i| format!("e{i}")).collect(), rows, Protocol::Robust);
    for (at, _) in holes.iter().enumerate().filter(|(_, hole)| **hole) {
        let (entry, round) = (at % rows.len(), (at / rows.len()) % rows[0].len());
        if matrix.rounds_of(entry) > 1 {
            matrix.values[entry][round] = None;
        }
    }
    let ranked: Vec<usize> = (0..rows.len()).collect();
    let field = Field { matrix: &matrix, ranked: &ranked, baseline: &[], fixed_baseline: Some(10.0) };
    let rest = |entry: usize| f64::from((entry as u32 * 7 + 3) % 5);
    let ranking = |f: &Figures<'_>| -> esr_bench::Result<Vec<Place>> {
        match kind {
            Kind::Runtime if permuted => permutation(f),
            Kind::Runtime => Ok(places_by(f.runtimes)),
            Kind::RankSum => {
                let ranks: Vec<u32> = if permuted {
                    permutation(f)?.iter().map(|p| p.rank).collect()
                } else {
                    competition_ranks(f.runtimes)
                };
                let sums: Vec<f64> = ranks.iter().enumerate().map(|(e, r)| rest(e) + f64::from(*r)).collect();
                Ok(places_by(&sums))
            }
            Kind::Score => {
                let scores: Vec<f64> = f.runtimes.iter().enumerate().map(|(e, ms)| rest(e) + ms / 10.0).collect();
                Ok(places_by(&scores))
            }
        }
    };
    let score = |entry: usize, ms: f64, base: f64| rest(entry) + ms / base;
    let basis = match kind {
        Kind::Runtime => Basis::Runtime,
        Kind::RankSum => Basis::RankSum(None),
        Kind::Score => Basis::Score(&score),
    };
    let settings = Settings { seed, resamples: 20, ..Settings::default() };
    rank_uncertainty(&field, &RankedTrack { basis, ranking: &ranking }, settings).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn statements_about_one_ranking_never_contradict_each_other(
        seed in any::<u64>(),
        count in 2usize..9,
        rounds in 6usize..12,
        step in 0.0f64..0.2,
        kind in 0usize..3,
        noise in 0usize..Noise::ALL.len(),
        permuted in any::<bool>(),
        holes in proptest::collection::vec(proptest::bool::weighted(0.05), 96),
    ) {
        let truth: Vec<f64> = (0..count).map(|i| 10.0 * (1.0 + step).powi(((i * 5) % count) as i32)).collect();
        let rows = session(&truth, rounds, Noise::ALL[noise], &mut generator(seed));
        let u = uncertainty(&rows, &holes, [Kind::Runtime, Kind::RankSum, Kind::Score][kind], permuted, seed);
        for (i, a) in u.entries.iter().enumerate() {
            let Some((low, high)) = a.rank_interval else { continue };
            // The interval holds the printed place.
            prop_assert!(1 <= low && low <= a.rank && a.rank <= high && high as usize <= count, "{:?}", a);
            for (j, b) in u.entries.iter().enumerate().filter(|(j, _)| *j != i) {
                let (b_low, b_high) = b.rank_interval.unwrap();
                let before = u.comes_before(i, j);
                prop_assert!(!(before && u.comes_before(j, i)));
                // Who certainly comes before has the better place, and bounds that lie before.
                prop_assert!(!before || (a.rank < b.rank && low < b_low && high < b_high), "{:?} {:?}", a, b);
                // Letters say the same: shared exactly if neither is certain. Disjoint intervals are never "cannot be told apart".
                let share = a.group.chars().any(|c| b.group.contains(c));
                prop_assert_eq!(share, !before && !u.comes_before(j, i));
                prop_assert!(!(share && high < b_low));
                // A certain place is contained in nobody else's interval.
                prop_assert!(low != high || before || u.comes_before(j, i) || a.rank == b.rank || !(b_low..=b_high).contains(&low), "{:?} {:?}", a, b);
            }
        }
        for (a, b) in &u.before {
            for (c, d) in &u.before {
                prop_assert!(b != c || u.comes_before(*a, *d));
            }
        }
    }
}

#[test]
fn an_entry_with_missing_rounds_takes_none_from_the_others() {
    let rows = session(&[10.0, 10.5, 11.0, 11.5, 12.0], 10, Noise::Gaussian, &mut generator(3));
    let whole = uncertainty(&rows, &[], Kind::Runtime, false, 1);
    // The last entry has five rounds of ten.
    let holes: Vec<bool> = (0..50).map(|at| at % 5 == 4 && at / 5 >= 5).collect();
    let u = uncertainty(&rows, &holes, Kind::Runtime, false, 1);
    assert!(whole.entries.iter().all(|e| e.rank_interval == Some((e.rank, e.rank))), "{whole:#?}");
    assert!(u.comes_before(0, 1) && u.comes_before(1, 2) && u.comes_before(2, 3), "{u:#?}");
    assert!(!u.before.iter().any(|&(a, b)| a == 4 || b == 4));
    assert_eq!(u.entries[4].rank_interval, Some((1, 5)));
    assert_eq!((u.entries[4].rounds, u.entries[0].rounds), (5, 10));
    assert_eq!(
        u.remarks.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["e4 shares at most 5 of 10 rounds with others; at least 6 are needed to tell two entries apart"]
    );
}

#[test]
fn one_network_in_a_quiet_and_in_a_loaded_session_is_never_told_from_itself() {
    let mut rng = generator(5);
    let quiet = session(&[10.0, 11.0, 12.0], 8, Noise::Gaussian, &mut rng);
    let loaded = session(&[100.0, 110.0, 120.0], 8, Noise::Gaussian, &mut rng);
    let of = |name: &str, suffix: &str, rows: &[Vec<f64>]| Session {
        name: name.into(),
        samples: rows.iter().enumerate().map(|(i, row)| samples(&format!("n{i}{suffix}"), row)).collect(),
    };
    let settings = Settings { resamples: 20, ..Settings::default() };
    let rank = |sessions: &[Session]| {
        let matrix = Matrix::of_sessions(sessions, Protocol::Robust).unwrap();
        let ranked: Vec<usize> = (0..matrix.labels.len()).collect();
        let field = Field { matrix: &matrix, ranked: &ranked, baseline: &[], fixed_baseline: None };
        let ranking = |f: &Figures<'_>| -> esr_bench::Result<Vec<Place>> { Ok(places_by(f.runtimes)) };
        rank_uncertainty(&field, &RankedTrack { basis: Basis::Runtime, ranking: &ranking }, settings).unwrap()
    };
    // Other names: the sessions share nobody, and nobody is told from an entry of the other one.
    let u = rank(&[of("A2", "", &quiet), of("A1", " again", &loaded)]);
    assert!(u.comes_before(0, 1) && u.comes_before(3, 5));
    assert!(!u.before.iter().any(|&(a, b)| (a < 3) != (b < 3)), "{:?}", u.before);
    // Equal names: one entry, sixteen rounds in two sessions.
    let u = rank(&[of("A2", "", &quiet), of("A1", "", &loaded)]);
    assert_eq!(u.entries.iter().map(|e| e.rank_interval.unwrap()).collect::<Vec<_>>(), [(1, 1), (2, 2), (3, 3)]);
    assert!(u.entries.iter().all(|e| e.runtime_interval.is_none()));
    assert!(u.remarks[0].to_string().starts_with("2 sessions (A2, A1): rounds are paired within each;"));
}
