//! How sure ranks are.
//!
//! A rank interval is read off tests, not off resampled ranks: an entry's place is at least one more than the number of entries
//! that are certainly better, and at most the number that are not certainly worse (Klein, Wright and Wieczorek 2020; Mohamad et
//! al. 2019; Mogstad et al. 2024). Percentiles of bootstrapped ranks undercover as soon as several entries are close: noise is added to noise,
//! and an entry that came first by luck is resampled around first place. The bootstrap over rounds is given as well, as what it
//! is: the share of resamples that put an entry at place k.
//!
//! What holds. For any true runtimes, tied ones included, an interval covers the true rank (every rank of a tie) with at least
//! `level`, if the noise of two entries' log ratio is symmetric (see [`crate::stats::flips`]). Among exact ties the coverage IS `level`
//! (95.2 % in 2,000 simulated sessions of three groups of four). Everywhere else the interval is wider than it need be: 99.6 %
//! for twelve entries that differ by a hundredth of the noise, since only errors in one direction count and a middle place takes
//! several of them to be missed; 99.9 % where neighbours are a standard error apart; and entries far from all others always
//! have the right rank. A narrower interval would have to assume how true runtimes are spread. The figures are those of
//! `tests/stats_coverage.rs`.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::stats::flips::{Patterns, clipped, fewest_rounds};
use crate::stats::interval;
use crate::stats::interval::Interval;
use crate::stats::multiple::{holm, letters, step_down};
use crate::stats::pair::{Settings, log_ratios};
use crate::stats::samples::Samples;
use crate::stats::summary::{Protocol, RoundTable};

/// What places are given by.
#[derive(Clone, Copy)]
pub enum Track<'a> {
    /// The runtime itself.
    Runtime,
    /// A score of all entries' runtimes (ms, in the samples' order), lower is better: a rank sum, a weighted score.
    Score(&'a dyn Fn(&[f64]) -> Vec<f64>),
}

impl Track<'_> {
    fn scores(&self, runtimes: &[f64]) -> Vec<f64> {
        match self {
            Track::Runtime => runtimes.to_vec(),
            Track::Score(score) => score(runtimes),
        }
    }
}

/// How sure a ranking is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Uncertainty {
    /// What it was computed with, the seed included.
    pub settings: Settings,
    /// Paired rounds.
    pub rounds: usize,
    /// Whether the tests took every sign pattern, so that they are exact.
    pub exact: bool,
    /// In the samples' order.
    pub entries: Vec<EntryUncertainty>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// One entry's share of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryUncertainty {
    /// Its label.
    pub label: String,
    /// Its runtime over the paired rounds, ms.
    pub runtime_ms: f64,
    /// Between what values the runtime lies, for the rounds' noise. Absent: too few rounds.
    pub runtime_interval: Option<Interval>,
    /// What resampling images alone would say. It is NOT run-to-run noise.
    pub images_interval: Option<Interval>,
    /// Its place by the track; ties share the better one.
    pub rank: u32,
    /// Between what places it lies, for this entry alone. Absent: too few rounds.
    pub rank_interval: Option<(u32, u32)>,
    /// The same, if all entries' intervals are to hold at once.
    pub joint_rank_interval: Option<(u32, u32)>,
    /// The share of bootstrap resamples that put it at place 1, 2, ...; empty: too few rounds.
    pub rank_probability: Vec<f64>,
    /// Entries that share a letter cannot be told apart (all pairs at once); empty: too few rounds.
    pub group: String,
    /// The p-value against the entry that is placed next, corrected by Holm over all neighbours. Absent for the last one.
    pub p_next: Option<f64>,
}

/// Intervals, probabilities and groups for the places of `samples` on `track`.
///
/// # Errors
/// As [`RoundTable::new`]; a score function that answers with another number of scores, or with a NaN.
pub fn rank_uncertainty(samples: &[Samples], track: Track<'_>, settings: Settings) -> Result<Uncertainty> {
    let table = RoundTable::new(samples, settings.protocol)?;
    let (count, rounds) = (table.labels.len(), table.rounds());
    let runtimes = table.runtimes();
    let scores = track.scores(&runtimes);
    if scores.len() != count || scores.iter().any(|s| s.is_nan()) {
        let found = format!("{} scores for {count} entries, or one that is not a number", scores.len());
        return Err(Error::Usage(format!("the track's score function: expected {count} numbers, found {found}")));
    }
    let ranks = competition_ranks(&scores);
    let mut notes = table.notes.clone();
    let needed = fewest_rounds(settings.level);
    let enough = rounds >= needed;
    if !enough {
        let percent = 100.0 * settings.level;
        let plural = if rounds == 1 { "" } else { "s" };
        notes.push(format!(
            "{rounds} round{plural}: {percent} % intervals need at least {needed} rounds, so ranks have no intervals"
        ));
    }
    let tests = enough.then(|| Tests::run(&table, &runtimes, &scores, track, settings));
    let shares = if enough { bootstrap(&table, track, settings) } else { Vec::new() };
    let interval = |apart: &dyn Fn(usize, usize) -> bool, entry: usize| {
        let better = (0..count).filter(|&o| scores[o] < scores[entry] && apart(entry, o)).count();
        let worse = (0..count).filter(|&o| scores[o] > scores[entry] && apart(entry, o)).count();
        (1 + better as u32, (count - worse) as u32)
    };
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let mut groups = vec![String::new(); count];
    let mut p_next = vec![None; count];
    if let Some(tests) = &tests {
        let by_place = letters(count, |i, j| tests.all[order[i]][order[j]]);
        for (place, group) in by_place.into_iter().enumerate() {
            groups[order[place]] = group;
        }
        for (place, p) in holm(&tests.neighbours(&order)).into_iter().enumerate() {
            p_next[order[place]] = Some(p);
        }
    }
    let entries = (0..count)
        .map(|i| EntryUncertainty {
            label: table.labels[i].clone(),
            runtime_ms: runtimes[i],
            runtime_interval: match settings.protocol {
                _ if !enough => None,
                Protocol::Robust => interval::of_median(&table.ms[i], settings.level),
                Protocol::Published => interval::of_mean(&table.ms[i], settings.level),
            },
            images_interval: interval::over_images(&samples[i], settings.protocol, settings.level),
            rank: ranks[i],
            rank_interval: tests.as_ref().map(|t| interval(&|a, b| t.own[a][b], i)),
            joint_rank_interval: tests.as_ref().map(|t| interval(&|a, b| t.all[a][b], i)),
            rank_probability: shares.get(i).cloned().unwrap_or_default(),
            group: std::mem::take(&mut groups[i]),
            p_next: p_next[i],
        })
        .collect();
    let exact = tests.is_some_and(|t| t.patterns.exact());
    Ok(Uncertainty { settings, rounds, exact, entries, notes })
}

/// 1 + the number of entries with a lower score.
pub fn competition_ranks(scores: &[f64]) -> Vec<u32> {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f64::total_cmp);
    scores.iter().map(|s| 1 + sorted.partition_point(|other| other < s) as u32).collect()
}

/// Which pairs are told apart.
struct Tests {
    patterns: Patterns,
    /// By pair (better, worse) of the scores: the rounds' log ratios, less the ratio at which the two would swap.
    differences: Vec<Vec<Vec<f64>>>,
    /// `own[i][j]`: told apart within the family of entry i's comparisons.
    own: Vec<Vec<bool>>,
    /// Told apart within the family of all pairs.
    all: Vec<Vec<bool>>,
}

impl Tests {
    fn run(table: &RoundTable, runtimes: &[f64], scores: &[f64], track: Track<'_>, settings: Settings) -> Self {
        let patterns = Patterns::new(table.rounds(), settings.resamples, &mut Pcg64::seed_from_u64(settings.seed));
        let alpha = 1.0 - settings.level;
        let count = table.labels.len();
        let pairs: Vec<(usize, usize)> = (0..count).flat_map(|j| (0..j).map(move |i| (i, j))).collect();
        let ratios = |i: usize, j: usize| log_ratios(&table.ms[i], &table.ms[j]);
        let plain: Vec<Vec<f64>> = pairs.iter().map(|&(i, j)| ratios(i, j)).collect();
        let (pair_differences, order): (Vec<Vec<f64>>, &[f64]) = match track {
            Track::Runtime => (plain, runtimes),
            Track::Score(score) => {
                // Who may stand on either side of whom decides how other entries can help an underdog in a rank sum.
                let apart = square(count, &pairs, &decided(&plain, &pairs, runtimes, &patterns, alpha));
                let swaps = pairs.iter().zip(plain).map(|(&(i, j), plain)| {
                    let swap = swap_ratio(score, runtimes, scores, (i, j), &apart);
                    plain.iter().map(|d| d - swap).collect()
                });
                (swaps.collect(), scores)
            }
        };
        let all = square(count, &pairs, &decided(&pair_differences, &pairs, order, &patterns, alpha));
        let mut differences = vec![vec![Vec::new(); count]; count];
        for (&(i, j), d) in pairs.iter().zip(pair_differences) {
            differences[j][i] = d.iter().map(|d| -d).collect();
            differences[i][j] = d;
        }
        let mut own = vec![vec![false; count]; count];
        for i in 0..count {
            let family: Vec<(usize, usize)> = (0..count).filter(|&j| j != i).map(|j| (i, j)).collect();
            let rows: Vec<Vec<f64>> = family.iter().map(|&(i, j)| differences[i][j].clone()).collect();
            for (&(i, j), apart) in family.iter().zip(decided(&rows, &family, order, &patterns, alpha)) {
                own[i][j] = apart;
            }
        }
        Tests { patterns, differences, own, all }
    }

    /// The p-value of each entry of `order` against the next.
    fn neighbours(&self, order: &[usize]) -> Vec<f64> {
        order.windows(2).map(|w| self.patterns.p_value(&self.differences[w[0]][w[1]])).collect()
    }
}

/// Which pairs are told apart in the direction in which `order` has them.
fn decided(rows: &[Vec<f64>], pairs: &[(usize, usize)], order: &[f64], patterns: &Patterns, alpha: f64) -> Vec<bool> {
    let rejected = step_down(rows, patterns, alpha);
    let agrees = |row: &[f64], (i, j): (usize, usize)| {
        let sum: f64 = clipped(row).iter().sum();
        (sum < 0.0 && order[i] < order[j]) || (sum > 0.0 && order[i] > order[j])
    };
    rows.iter().zip(pairs).zip(rejected).map(|((row, &pair), rejected)| rejected && agrees(row, pair)).collect()
}

fn square(count: usize, pairs: &[(usize, usize)], flags: &[bool]) -> Vec<Vec<bool>> {
    let mut out = vec![vec![false; count]; count];
    for (&(i, j), &flag) in pairs.iter().zip(flags) {
        out[i][j] = flag;
        out[j][i] = flag;
    }
    out
}

/// ln(runtime i / runtime j) at which the two would have equal scores. The better one is slowed, the worse one sped up, by equal
/// factors, until they swap; entries that are not told apart from one of them stand where the worse one needs them. If they do
/// not swap within a factor of four, that is the answer: the test then asks whether even so much is certain.
fn swap_ratio(
    score: &dyn Fn(&[f64]) -> Vec<f64>,
    runtimes: &[f64],
    scores: &[f64],
    (i, j): (usize, usize),
    apart: &[Vec<bool>],
) -> f64 {
    const FURTHEST: f64 = 1.386_294_361_119_890_6; // ln 4
    let (better, worse) = if scores[i] <= scores[j] { (i, j) } else { (j, i) };
    let mut moved = runtimes.to_vec();
    let mut swapped = |by: f64| {
        let (slow, fast) = (runtimes[better] * (0.5 * by).exp(), runtimes[worse] * (-0.5 * by).exp());
        for k in 0..runtimes.len() {
            moved[k] = runtimes[k];
            if !apart[k][better] {
                moved[k] = moved[k].min(slow * (1.0 - 1e-9));
            }
            if !apart[k][worse] {
                moved[k] = moved[k].max(fast * (1.0 + 1e-9));
            }
        }
        moved[better] = slow;
        moved[worse] = fast;
        let s = score(&moved);
        s[worse] <= s[better]
    };
    let by = if swapped(0.0) {
        0.0
    } else if !swapped(FURTHEST) {
        FURTHEST
    } else {
        let (mut no, mut yes) = (0.0, FURTHEST);
        for _ in 0..24 {
            let middle = 0.5 * (no + yes);
            if swapped(middle) { yes = middle } else { no = middle }
        }
        yes
    };
    let now = (runtimes[i] / runtimes[j]).ln();
    if better == i { now + by } else { now - by }
}

/// The share of resamples over rounds that put each entry at each place. All entries take the same rounds: they are paired.
fn bootstrap(table: &RoundTable, track: Track<'_>, settings: Settings) -> Vec<Vec<f64>> {
    let (count, rounds) = (table.labels.len(), table.rounds());
    // Sorted once: a resample's median is then a walk over multiplicities.
    let sorted: Vec<Vec<(f64, usize)>> = table
        .ms
        .iter()
        .map(|row| {
            let mut row: Vec<(f64, usize)> = row.iter().copied().zip(0..).collect();
            row.sort_by(|a, b| a.0.total_cmp(&b.0));
            row
        })
        .collect();
    let mut rng = Pcg64::seed_from_u64(settings.seed ^ 0x626f_6f74);
    let mut times = vec![0u32; rounds];
    let mut runtimes = vec![0.0; count];
    let mut places = vec![vec![0u32; count]; count];
    for _ in 0..settings.resamples {
        times.fill(0);
        for _ in 0..rounds {
            times[rng.random_range(0..rounds)] += 1;
        }
        for (runtime, (row, sorted)) in runtimes.iter_mut().zip(table.ms.iter().zip(&sorted)) {
            *runtime = match settings.protocol {
                Protocol::Robust => weighted_median(sorted, &times, rounds as u32),
                Protocol::Published => {
                    let sum: f64 = row.iter().zip(&times).map(|(ms, &t)| ms * f64::from(t)).sum();
                    sum / rounds as f64
                }
            };
        }
        for (entry, rank) in competition_ranks(&track.scores(&runtimes)).into_iter().enumerate() {
            // A score function that answers with more than it should adds nothing.
            if let Some(place) = places.get_mut(entry).and_then(|p| p.get_mut(rank as usize - 1)) {
                *place += 1;
            }
        }
    }
    let total = settings.resamples.max(1) as f64;
    places.into_iter().map(|row| row.into_iter().map(|n| f64::from(n) / total).collect()).collect()
}

/// The median of values that count `times` (by index) each, `total` in all.
fn weighted_median(sorted: &[(f64, usize)], times: &[u32], total: u32) -> f64 {
    let (low, high) = (total.div_ceil(2), total / 2 + 1);
    let (mut seen, mut first) = (0, None);
    for &(value, index) in sorted {
        seen += times[index];
        if first.is_none() && seen >= low {
            first = Some(value);
        }
        if let Some(first) = first.filter(|_| seen >= high) {
            return 0.5 * (first + value);
        }
    }
    f64::NAN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::summary::over_rounds;

    fn samples(rows: &[Vec<f64>]) -> Vec<Samples> {
        use crate::stats::samples::{ImageTimes, Round};
        rows.iter()
            .enumerate()
            .map(|(i, row)| Samples {
                label: format!("e{i}"),
                rounds: (0..)
                    .zip(row)
                    .map(|(number, &ms)| Round {
                        number,
                        images: vec![ImageTimes { split: "val".into(), image: "a".into(), ms: vec![ms] }],
                    })
                    .collect(),
            })
            .collect()
    }

    /// Entries at `base` with 1 % of noise over `rounds` rounds, and rounds that are slow for all.
    fn session(base: &[f64], rounds: usize) -> Vec<Samples> {
        let noise = |i: usize, r: usize| (((i * 7919 + r * 104_729 + 13) as f64).sin() * 43_758.5).fract();
        let row = |(i, ms): (usize, &f64)| {
            (0..rounds).map(|r| ms * (1.0 + 0.1 * noise(99, r)) * (1.0 + 0.01 * noise(i, r))).collect()
        };
        samples(&base.iter().enumerate().map(row).collect::<Vec<_>>())
    }

    #[test]
    fn close_entries_share_places_and_letters_and_far_ones_do_not() {
        let u =
            rank_uncertainty(&session(&[30.0, 10.0, 10.01, 20.0], 12), Track::Runtime, Settings::default()).unwrap();
        let of = |i: usize| (u.entries[i].rank_interval.unwrap(), u.entries[i].group.as_str());
        assert_eq!(of(0), ((4, 4), "c"));
        assert_eq!(of(3), ((3, 3), "b"));
        assert_eq!(of(1), ((1, 2), "a"));
        assert_eq!(of(2), ((1, 2), "a"));
        assert!(u.exact);
        assert_eq!(u.entries[0].rank_probability, [0.0, 0.0, 0.0, 1.0]);
        let sum: f64 = u.entries[1].rank_probability.iter().sum();
        assert!((sum - 1.0).abs() < 1e-9);
        assert_eq!(u.entries[0].p_next, None);
        assert!(u.entries[3].p_next.unwrap() < 0.01);
    }

    #[test]
    fn five_rounds_give_ranks_without_intervals_and_say_why() {
        let u = rank_uncertainty(&session(&[10.0, 20.0], 5), Track::Runtime, Settings::default()).unwrap();
        assert_eq!(u.notes, ["5 rounds: 95 % intervals need at least 6 rounds, so ranks have no intervals"]);
        let e = &u.entries[1];
        assert_eq!((e.rank, e.rank_interval, e.runtime_interval, e.p_next), (2, None, None, None));
        assert!(e.rank_probability.is_empty() && e.group.is_empty());
    }

    #[test]
    fn the_same_seed_gives_the_same_figures() {
        let s = session(&[10.0, 10.02, 10.05, 10.1], 20);
        let run = |seed| rank_uncertainty(&s, Track::Runtime, Settings { seed, ..Settings::default() }).unwrap();
        assert_eq!(run(1), run(1));
        assert_ne!(run(1).entries[1].rank_probability, run(2).entries[1].rank_probability);
        assert!(!run(1).exact);
    }

    #[test]
    fn a_score_that_is_the_runtime_ranks_like_the_runtime() {
        let s = session(&[10.0, 10.1, 10.2, 10.3, 10.4, 12.0], 12);
        let plain = rank_uncertainty(&s, Track::Runtime, Settings::default()).unwrap();
        let scored = rank_uncertainty(&s, Track::Score(&|r| r.to_vec()), Settings::default()).unwrap();
        assert_eq!(plain.entries, scored.entries);
    }

    #[test]
    fn a_score_with_a_large_constant_is_certain_whatever_the_runtimes() {
        // Equal runtimes; the second entry's parameters cost more than any noise of runtimes.
        let s = session(&[10.0, 10.0], 12);
        let score = |r: &[f64]| vec![r[0], r[1] + 3.0];
        let u = rank_uncertainty(&s, Track::Score(&score), Settings::default()).unwrap();
        assert_eq!(u.entries[0].rank_interval, Some((1, 1)));
        assert_eq!(u.entries[1].rank_interval, Some((2, 2)));
        // The same constant, made up for by an equal lead in runtime: open.
        let s = session(&[13.0, 10.0], 12);
        let u = rank_uncertainty(&s, Track::Score(&score), Settings::default()).unwrap();
        assert_eq!(u.entries[0].rank_interval, Some((1, 2)));
    }

    #[test]
    fn a_rank_sum_hangs_on_third_parties() {
        // By parameters: 1, 3, 2. Entries 0 and 2 are alike in runtime; 1 is far behind both.
        let s = session(&[10.0, 20.0, 10.001], 12);
        let sum = |r: &[f64]| {
            let ranks = competition_ranks(r);
            [1.0, 3.0, 2.0].iter().zip(ranks).map(|(p, r)| p + f64::from(r)).collect::<Vec<f64>>()
        };
        let u = rank_uncertainty(&s, Track::Score(&sum), Settings::default()).unwrap();
        assert_eq!(u.entries[1].rank_interval, Some((3, 3)));
        // Entry 2 could be the faster one: sums 3 and 3, a shared first place.
        assert_eq!(u.entries[2].rank_interval, Some((1, 2)));
    }

    #[test]
    fn a_resampled_median_is_the_median() {
        let values = [5.0, 1.0, 9.0, 3.0];
        let mut sorted: Vec<(f64, usize)> = values.iter().copied().zip(0..).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        for times in [[1, 1, 1, 1], [0, 2, 2, 0], [4, 0, 0, 0], [1, 0, 2, 1]] {
            let drawn: Vec<f64> =
                values.iter().zip(times).flat_map(|(&v, t)| std::iter::repeat_n(v, t as usize)).collect();
            assert_eq!(weighted_median(&sorted, &times, 4), over_rounds(&drawn, Protocol::Robust));
        }
    }

    #[test]
    fn a_wrong_score_function_is_an_error() {
        let s = session(&[10.0, 20.0], 6);
        assert!(rank_uncertainty(&s, Track::Score(&|_| vec![1.0]), Settings::default()).is_err());
        assert!(rank_uncertainty(&s, Track::Score(&|_| vec![1.0, f64::NAN]), Settings::default()).is_err());
    }
}
