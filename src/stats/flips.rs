//! The randomisation test that every comparison here stands on.
//!
//! Two submissions are measured in the same rounds. If neither is faster, swapping their labels in a round changes nothing: the
//! round's difference is as likely to be `d` as `-d`. So the signs of the observed differences are flipped in all ways (or, where
//! there are too many ways, in random ones), and the p-value is the share of sign patterns whose statistic is at least the
//! observed one. It is exact for any noise with that symmetry, normal or not; the noise of two submissions that are disturbed alike
//! has it, since the difference of two exchangeable quantities is symmetric, however skewed each of them is.
//!
//! The statistic is that of Student's t on scores: each difference with its own sign, and a size that may depend on anything
//! that a swap of the two labels leaves as it is (see [`super::screen`]). A score of zero takes its round out.
//!
//! The same pattern is applied to all pairs at once, so that maxima over pairs have their joint distribution, and a family of
//! comparisons needs no independence.

use rand::RngExt;
use rand_pcg::Pcg64;

/// Rounds to a table of partial sums.
const CHUNK: usize = 8;

/// Sign patterns for a number of rounds. The first is the observed one: no sign flipped.
#[derive(Debug, Clone)]
pub struct Patterns {
    rounds: usize,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// All of them; a pattern and its opposite are one, so that the last round's sign stays.
    All,
    /// Random ones: `chunks` bytes each; a set bit flips its round.
    Random { bytes: Vec<u8>, chunks: usize },
}

impl Patterns {
    /// All patterns, if they are at most `limit`, else `limit` random ones. A pattern and its opposite are one: statistics are
    /// absolute values.
    pub fn new(rounds: usize, limit: usize, rng: &mut Pcg64) -> Self {
        let all = 1usize.checked_shl(rounds.saturating_sub(1) as u32);
        if all.is_some_and(|n| n <= limit.max(1)) {
            return Patterns { rounds, kind: Kind::All };
        }
        let chunks = rounds.div_ceil(CHUNK);
        let mut bytes = vec![0; chunks * limit.max(1)];
        rng.fill(&mut bytes[chunks..]);
        Patterns { rounds, kind: Kind::Random { bytes, chunks } }
    }

    /// How many patterns there are.
    pub fn count(&self) -> usize {
        match &self.kind {
            Kind::All => 1 << self.rounds.saturating_sub(1),
            Kind::Random { bytes, chunks } => bytes.len() / chunks,
        }
    }

    /// Whether these are all of them, so that p-values are exact rather than estimated.
    pub fn exact(&self) -> bool {
        matches!(self.kind, Kind::All)
    }

    /// The statistic of `scores` as observed: `|sum| / norm`, which grows with |t|. Between 0 and the square root of the number
    /// of scores that are not zero.
    pub fn observed(scores: &[f64]) -> f64 {
        let norm = scores.iter().map(|s| s * s).sum::<f64>().sqrt();
        if norm > 0.0 { scores.iter().sum::<f64>().abs() / norm } else { 0.0 }
    }

    /// Raises each pattern's maximum to the statistic of `scores` under that pattern. `maxima` holds [`Patterns::count`] values.
    pub fn raise(&self, scores: &[f64], maxima: &mut [f64]) {
        debug_assert_eq!((scores.len(), maxima.len()), (self.rounds, self.count()));
        let norm = scores.iter().map(|s| s * s).sum::<f64>().sqrt();
        if norm == 0.0 {
            return;
        }
        let scaled: Vec<f64> = scores.iter().map(|s| s / norm).collect();
        match &self.kind {
            Kind::All => {
                let (flipped, last) = scaled.split_at(self.rounds.saturating_sub(1));
                let (low, high) = flipped.split_at(flipped.len().min(CHUNK));
                let low = signed_sums(low);
                let rest: f64 = last.iter().sum();
                for (block, high) in maxima.chunks_exact_mut(low.len()).zip(signed_sums(high)) {
                    for (max, low) in block.iter_mut().zip(&low) {
                        let value = (low + high + rest).abs();
                        *max = if value > *max { value } else { *max };
                    }
                }
            }
            Kind::Random { bytes, chunks } => {
                let tables: Vec<Vec<f64>> = scaled.chunks(CHUNK).map(signed_sums).collect();
                // Bits beyond the last round flip nothing.
                let masks: Vec<usize> = tables.iter().map(|t| t.len() - 1).collect();
                for (max, pattern) in maxima.iter_mut().zip(bytes.chunks_exact(*chunks)) {
                    let parts = pattern.iter().zip(&tables).zip(&masks);
                    let sum: f64 = parts.map(|((&b, table), mask)| table[usize::from(b) & mask]).sum();
                    *max = max.max(sum.abs());
                }
            }
        }
    }

    /// The two-sided p-value of "the scores are symmetric about zero".
    pub fn p_value(&self, scores: &[f64]) -> f64 {
        let mut statistics = vec![0.0; self.count()];
        self.raise(scores, &mut statistics);
        share_at_least(&statistics, Patterns::observed(scores))
    }

    /// The same with a sign test beside it: of the two statistics the larger counts, under each pattern.
    pub fn p_value_with_signs(&self, scores: &[f64]) -> f64 {
        let signs = signs(scores);
        let mut statistics = vec![0.0; self.count()];
        self.raise(scores, &mut statistics);
        self.raise(&signs, &mut statistics);
        share_at_least(&statistics, Patterns::observed(scores).max(Patterns::observed(&signs)))
    }
}

/// The signs of the scores; zeros stay.
pub(super) fn signs(scores: &[f64]) -> Vec<f64> {
    scores.iter().map(|s| if *s == 0.0 { 0.0 } else { s.signum() }).collect()
}

/// From so many rounds on, a pair that nothing screens is also tested by signs. Fewer have too few p-values for two tests.
pub const SIGNS_FROM: usize = 12;

/// The sums of `scores` with the signs that the bits of the index flip.
fn signed_sums(scores: &[f64]) -> Vec<f64> {
    let mut sums = Vec::with_capacity(1 << scores.len());
    sums.push(scores.iter().sum());
    for score in scores {
        for index in 0..sums.len() {
            sums.push(sums[index] - 2.0 * score);
        }
    }
    sums
}

/// The share of `values` that are at least `observed`, up to rounding.
pub(super) fn share_at_least(values: &[f64], observed: f64) -> f64 {
    let limit = observed - 1e-9 * observed.abs();
    values.iter().filter(|&&v| v >= limit).count() as f64 / values.len() as f64
}

/// The fewest rounds with which a two-sided test can reach `level` (0.95) at all: 2 / 2^n must not exceed 1 - level.
pub fn fewest_rounds(level: f64) -> usize {
    (2.0 / (1.0 - level) - 1e-9).log2().ceil().max(1.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::screen::{CLIP_ALONE, clipped};
    use rand::SeedableRng;

    fn patterns(rounds: usize, limit: usize) -> Patterns {
        Patterns::new(rounds, limit, &mut Pcg64::seed_from_u64(1))
    }

    #[test]
    fn all_patterns_are_taken_when_they_are_few() {
        assert_eq!((patterns(6, 10_000).count(), patterns(6, 10_000).exact()), (32, true));
        assert_eq!((patterns(12, 10_000).count(), patterns(12, 10_000).exact()), (2048, true));
        assert_eq!((patterns(20, 10_000).count(), patterns(20, 10_000).exact()), (10_000, false));
        assert_eq!((patterns(1, 10).count(), patterns(0, 10).count()), (1, 1));
    }

    #[test]
    fn the_p_value_is_that_of_counting_by_hand() {
        for n in [1usize, 6, 9, 11, 12] {
            let d: Vec<f64> = (0..n).map(|i| (i as f64 * 1.7).sin() + 0.4).collect();
            let scores = clipped(&d, CLIP_ALONE);
            let observed = scores.iter().sum::<f64>().abs();
            let as_extreme = (0..1usize << n)
                .filter(|bits| {
                    let sum: f64 =
                        scores.iter().enumerate().map(|(i, s)| if bits >> i & 1 == 1 { -s } else { *s }).sum();
                    sum.abs() >= observed - 1e-12
                })
                .count();
            assert_eq!(patterns(n, 10_000).p_value(&scores), as_extreme as f64 / (1 << n) as f64, "{n} rounds");
        }
    }

    #[test]
    fn random_patterns_approach_the_exact_p_value() {
        for rounds in [13, 19] {
            let d: Vec<f64> = (0..rounds).map(|i| (i as f64 * 2.3).cos() + 0.35).collect();
            let exact = patterns(rounds, 1 << 20).p_value(&d);
            let estimate = patterns(rounds, 4000).p_value(&d);
            assert!((exact - estimate).abs() < 0.03, "{exact} {estimate}");
        }
    }

    #[test]
    fn disturbed_rounds_do_not_hide_a_difference() {
        let mut d = vec![0.010, 0.012, 0.009, 0.011, 0.010, 0.013, 0.008, 0.011, 0.010, 0.009, 0.012];
        assert!(patterns(11, 10_000).p_value(&clipped(&d, CLIP_ALONE)) < 0.001);
        d[3] = -0.2;
        d.push(-0.2);
        assert!(patterns(12, 10_000).p_value(&clipped(&d, CLIP_ALONE)) < 0.05);
        // Their mean points the other way.
        assert!(d.iter().sum::<f64>() < 0.0);
    }

    #[test]
    fn a_sign_test_beside_it_sees_what_three_slow_processes_hide() {
        let d: Vec<f64> =
            (0..15).map(|i| if i % 6 == 1 { 0.05 } else { -0.02 + 0.012 * (i as f64 * 1.3).sin() }).collect();
        let scores = clipped(&d, 2.5);
        let (plain, with) = (patterns(15, 16_384).p_value(&scores), patterns(15, 16_384).p_value_with_signs(&scores));
        assert!(with < plain, "{with} {plain}");
        assert_eq!(signs(&[0.0, -3.0, 2.0]), [0.0, -1.0, 1.0]);
    }

    #[test]
    fn six_rounds_are_the_fewest_for_95_percent() {
        assert_eq!([0.9, 0.95, 0.99].map(fewest_rounds), [5, 6, 8]);
    }
}
