//! Many comparisons at once: corrections, and letters for what cannot be told apart.

use crate::stats::flips::{Patterns, share_at_least};

/// Holm's step-down correction: adjusted p-values in the order given. Controls the chance of any false rejection under any
/// dependence (Holm 1979).
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut floor: f64 = 0.0;
    for (step, &index) in order.iter().enumerate() {
        floor = floor.max((p_values[index] * (p_values.len() - step) as f64).min(1.0));
        adjusted[index] = floor;
    }
    adjusted
}

/// Tests "symmetric about zero" for every row of differences at once and says which are rejected, with at most `alpha` chance of
/// any false rejection. Step-down on the maximum over the rows not yet rejected, all flipped by the same patterns (Westfall and
/// Young 1993, Romano and Wolf 2005): like Holm, but it uses how the rows depend on each other.
pub fn step_down(differences: &[Vec<f64>], patterns: &Patterns, alpha: f64) -> Vec<bool> {
    let mut rejected = vec![false; differences.len()];
    let mut statistics = Vec::with_capacity(patterns.count());
    let mut observed = vec![0.0; differences.len()];
    loop {
        let mut maxima = vec![0.0f64; patterns.count()];
        for (row, differences) in differences.iter().enumerate().filter(|(row, _)| !rejected[*row]) {
            patterns.statistics(differences, &mut statistics);
            observed[row] = statistics[0];
            for (max, s) in maxima.iter_mut().zip(&statistics) {
                *max = max.max(*s);
            }
        }
        maxima.sort_by(f64::total_cmp);
        let mut progress = false;
        for row in 0..differences.len() {
            if !rejected[row] && share_at_least(&maxima, observed[row]) <= alpha {
                rejected[row] = true;
                progress = true;
            }
        }
        if !progress {
            return rejected;
        }
    }
}

/// Letters by which two entries share one exactly if they are not told apart (Piepho 2004: insert and absorb). `apart(i, j)` is
/// symmetric; entries come in the order in which letters are to be given.
pub fn letters(count: usize, apart: impl Fn(usize, usize) -> bool) -> Vec<String> {
    let mut groups: Vec<Vec<bool>> = vec![vec![true; count]];
    for i in 0..count {
        for j in i + 1..count {
            if !apart(i, j) {
                continue;
            }
            let (both, mut kept): (Vec<_>, Vec<_>) = groups.into_iter().partition(|g| g[i] && g[j]);
            for group in both {
                for leave in [i, j] {
                    let mut half = group.clone();
                    half[leave] = false;
                    let covers = |g: &Vec<bool>| g.iter().zip(&half).all(|(has, needs)| *has || !needs);
                    if !kept.iter().any(covers) {
                        kept.push(half);
                    }
                }
            }
            groups = kept;
        }
    }
    // A group inserted early may be part of a later one.
    let whole = groups.clone();
    let covered = |g: &Vec<bool>, other: &Vec<bool>| g != other && g.iter().zip(other).all(|(a, b)| *b || !a);
    groups.retain(|g| !whole.iter().any(|other| covered(g, other)));
    groups.sort_by_key(|g| g.iter().position(|&member| member));
    (0..count)
        .map(|entry| groups.iter().enumerate().filter(|(_, g)| g[entry]).map(|(index, _)| letter(index)).collect())
        .collect()
}

/// a to z, then a2 to z2, ...
fn letter(index: usize) -> String {
    let first = char::from(b'a' + (index % 26) as u8);
    if index < 26 { first.to_string() } else { format!("{first}{}", index / 26 + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_pcg::Pcg64;

    #[test]
    fn holm_as_in_the_textbook() {
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (a, b) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((a - b).abs() < 1e-12, "{adjusted:?}");
        }
        assert!(holm(&[]).is_empty());
    }

    #[test]
    fn letters_say_exactly_who_is_told_apart() {
        // A chain: neighbours are alike, others are not.
        assert_eq!(letters(4, |i, j| i.abs_diff(j) > 1), ["a", "ab", "bc", "c"]);
        assert_eq!(letters(3, |_, _| true), ["a", "b", "c"]);
        assert_eq!(letters(3, |_, _| false), ["a", "a", "a"]);
        assert!(letters(0, |_, _| true).is_empty());
        // Not an order: 0 and 2 are alike, 1 differs from both.
        assert_eq!(letters(3, |i, j| i == 1 || j == 1), ["a", "b", "a"]);
        assert_eq!(letter(27), "b2");
    }

    proptest::proptest! {
        #[test]
        fn a_shared_letter_means_not_apart(bits in proptest::collection::vec(proptest::bool::weighted(0.7), 28)) {
            let apart = |i: usize, j: usize| { let (i, j) = (i.min(j), i.max(j)); bits[j * (j - 1) / 2 + i] };
            let groups = letters(8, apart);
            for j in 0..8 {
                for i in 0..j {
                    let share = groups[i].chars().any(|c| groups[j].contains(c));
                    proptest::prop_assert_eq!(share, !apart(i, j));
                }
            }
        }
    }

    #[test]
    fn step_down_finds_the_clear_rows_and_then_looks_closer() {
        let patterns = Patterns::new(12, 10_000, &mut Pcg64::seed_from_u64(1));
        let noise = |row: usize, round: usize| ((row * 37 + round * 101) as f64).sin();
        let differences: Vec<Vec<f64>> =
            (0..10).map(|row| (0..12).map(|r| noise(row, r) + if row < 3 { 5.0 } else { 0.0 }).collect()).collect();
        let rejected = step_down(&differences, &patterns, 0.05);
        assert_eq!(rejected.iter().filter(|r| **r).count(), 3);
        assert!(rejected[..3].iter().all(|r| *r));
    }
}
