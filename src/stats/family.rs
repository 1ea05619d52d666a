//! All pairs at once: one family of tests, from which verdicts, rank intervals and letters are read.
//!
//! Step-down on the maximum statistic over the pairs that are not yet told apart, all flipped by the same sign patterns (Romano
//! and Wolf 2005). The chance of any wrong statement, about any pair, is at most `1 - level` if the noise of a round is jointly
//! symmetric; for one pair exchangeability is enough (see [`super::flips`]). Because all statements hold together, what follows from
//! them holds with them: where A is before B and B before C, A is before C, whatever the direct test of A and C says. Pairs that are decided
//! in this way leave the maximum, too.

use rand::SeedableRng;
use rand_pcg::Pcg64;
use rayon::prelude::*;

use super::flips::{Patterns, signs};
use super::order::Order;
use super::screen::Screen;

/// What a family is tested with.
#[derive(Debug, Clone, Copy)]
pub struct Test {
    /// The chance of any wrong statement that is accepted: 0.05.
    pub alpha: f64,
    /// The most sign patterns; all are taken where they are no more.
    pub patterns: usize,
    /// The seed of random patterns.
    pub seed: u64,
    /// Whether a plain sign test stands beside the clipped statistic (the larger of the two counts).
    pub signs: bool,
}

/// Two entries of a family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The one with the lower index.
    pub i: usize,
    /// The other.
    pub j: usize,
    /// The p-value, adjusted for the whole family: the least level at which the family tells them apart.
    pub p: f64,
    /// Below 0: `i` has the lower figures, over 0: `j`.
    pub direction: f64,
    /// Rounds that played a part.
    pub rounds: usize,
}

/// The tested family.
#[derive(Debug, Clone)]
pub struct Family {
    /// Every pair: (0, 1), (0, 2), (1, 2), (0, 3), ...
    pub pairs: Vec<Pair>,
    /// What is certain, in the direction in which the places have it.
    pub order: Order,
    /// Whether all sign patterns were taken.
    pub exact: bool,
}

impl Family {
    /// The pair of two entries.
    pub fn pair(&self, a: usize, b: usize) -> &Pair {
        let (i, j) = (a.min(b), a.max(b));
        &self.pairs[j * (j - 1) / 2 + i]
    }
}

/// Tests all pairs of `values` (by entry and round), screened by `screen`, in which the entries have the indices `rows`. A pair is told apart only in
/// the direction of `places`; what the tests find against it stays open. In rounds of `left_out` nobody takes part.
pub fn all_pairs(
    values: &[Vec<Option<f64>>],
    screen: &Screen<'_>,
    rows: &[usize],
    sessions: &[usize],
    left_out: &[bool],
    places: &[u32],
    test: Test,
) -> Family {
    let index: Vec<(usize, usize)> = (0..rows.len()).flat_map(|j| (0..j).map(move |i| (i, j))).collect();
    let scores: Vec<Vec<f64>> = index
        .par_iter()
        .map(|&(i, j)| {
            let mut keep = screen.keeps(rows[i], rows[j]);
            keep.iter_mut().zip(left_out).for_each(|(keep, out)| *keep &= !out);
            screen.scores(values, rows[i], rows[j], &keep)
        })
        .collect();
    let patterns = Patterns::new(sessions.len(), test.patterns, &mut Pcg64::seed_from_u64(test.seed));
    step_down(&index, &scores, sessions, &patterns, places, test)
}

/// The family of given scores (by pair, then by round).
pub fn step_down(
    index: &[(usize, usize)],
    scores: &[Vec<f64>],
    sessions: &[usize],
    patterns: &Patterns,
    places: &[u32],
    test: Test,
) -> Family {
    let signs: Vec<Vec<f64>> =
        if test.signs { scores.iter().map(|s| signs(s)).collect() } else { vec![Vec::new(); scores.len()] };
    let observed: Vec<f64> =
        scores.iter().zip(&signs).map(|(s, t)| Patterns::observed(s).max(Patterns::observed(t))).collect();
    let mut pairs: Vec<Pair> = index
        .iter()
        .zip(scores)
        .map(|(&(i, j), s)| {
            let rounds = s.iter().filter(|s| **s != 0.0).count();
            Pair { i, j, p: 1.0, direction: s.iter().sum(), rounds }
        })
        .collect();
    let mut order = Order::open(places.len());
    let mut open: Vec<usize> = (0..pairs.len()).collect();
    let mut floor: f64 = 0.0;
    while !open.is_empty() {
        let maxima = maxima(&open, scores, &signs, patterns);
        let mut decided = Vec::new();
        for &pair in &open {
            pairs[pair].p = share_of_sorted(&maxima, observed[pair]).max(floor);
            if pairs[pair].p <= test.alpha {
                decided.push(pair);
            }
        }
        if decided.is_empty() {
            break;
        }
        for &pair in &decided {
            floor = floor.max(pairs[pair].p);
            let Pair { i, j, direction, .. } = pairs[pair];
            let (first, last) = if direction < 0.0 { (i, j) } else { (j, i) };
            if places[first] < places[last] && sessions_agree(&scores[pair], sessions) {
                order.add(first, last);
            }
        }
        for pair in &mut pairs {
            if pair.p > test.alpha && order.apart(pair.i, pair.j) {
                pair.p = floor;
            }
        }
        open.retain(|&pair| pairs[pair].p > test.alpha);
    }
    Family { pairs, order, exact: patterns.exact() }
}

/// The maximum over the open pairs under every pattern, ascending.
fn maxima(open: &[usize], scores: &[Vec<f64>], signs: &[Vec<f64>], patterns: &Patterns) -> Vec<f64> {
    let none = || vec![0.0; patterns.count()];
    let mut maxima = open
        .par_chunks(open.len().div_ceil(rayon::current_num_threads()).max(8))
        .map(|pairs| {
            let mut maxima = none();
            for &pair in pairs {
                patterns.raise(&scores[pair], &mut maxima);
                if !signs[pair].is_empty() {
                    patterns.raise(&signs[pair], &mut maxima);
                }
            }
            maxima
        })
        .reduce(none, |mut a, b| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a = a.max(b));
            a
        });
    maxima.sort_unstable_by(f64::total_cmp);
    maxima
}

fn share_of_sorted(ascending: &[f64], observed: f64) -> f64 {
    let limit = observed - 1e-9 * observed.abs();
    (ascending.len() - ascending.partition_point(|v| *v < limit)) as f64 / ascending.len() as f64
}

/// Whether no session points the other way. Sessions that contradict each other decide nothing: how much they differ among
/// themselves is not known from a few.
fn sessions_agree(scores: &[f64], sessions: &[usize]) -> bool {
    let total: f64 = scores.iter().sum();
    let most = sessions.iter().max().map_or(0, |s| s + 1);
    (0..most).all(|session| {
        let sum: f64 = scores.iter().zip(sessions).filter(|(_, s)| **s == session).map(|(s, _)| s).sum();
        sum * total >= 0.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: Test = Test { alpha: 0.05, patterns: 16_384, seed: 1, signs: false };

    fn family(levels: &[f64], rounds: usize, sessions: &[usize]) -> Family {
        let noise = |e: usize, r: usize| (((e * 7919 + r * 104_729 + 13) as f64).sin() * 43_758.5).fract() - 0.5;
        let values: Vec<Vec<Option<f64>>> = levels
            .iter()
            .enumerate()
            .map(|(e, l)| (0..rounds).map(|r| Some(l + 0.02 * noise(e, r) + 0.1 * noise(99, r))).collect())
            .collect();
        let rows: Vec<usize> = (0..levels.len()).collect();
        let places: Vec<u32> = levels.iter().map(|l| 1 + levels.iter().filter(|o| *o < l).count() as u32).collect();
        let screen = Screen::new(&values, sessions);
        all_pairs(&values, &screen, &rows, sessions, &vec![false; rounds], &places, TEST)
    }

    #[test]
    fn distant_entries_are_told_apart_and_equal_ones_are_not() {
        let f = family(&[0.0, 0.0, 0.5, 1.0], 12, &[0; 12]);
        assert!(f.exact);
        assert_eq!(f.order.windows(), [(1, 2), (1, 2), (3, 3), (4, 4)]);
        assert!(f.pair(0, 1).p > 0.05 && f.pair(3, 2).p <= 0.05);
        assert_eq!(f.pair(0, 3).rounds, 12);
    }

    #[test]
    fn five_rounds_tell_nobody_apart() {
        let f = family(&[0.0, 0.5, 1.0, 2.0], 5, &[0; 5]);
        assert_eq!(f.order, Order::open(4));
        assert!(f.pairs.iter().all(|p| p.p > 0.05));
    }

    #[test]
    fn sessions_that_contradict_each_other_decide_nothing() {
        assert!(sessions_agree(&[1.0, 2.0, 1.0, 0.5], &[0, 0, 1, 1]));
        assert!(!sessions_agree(&[1.0, 2.0, -1.0, 0.5], &[0, 0, 1, 1]));
    }
}
