//! The randomisation test that every comparison here stands on.
//!
//! Two submissions are measured in the same rounds. If neither is faster, swapping their labels in a round changes nothing: the
//! round's difference is as likely to be `d` as `-d`. So the signs of the observed differences are flipped in all ways (or, where
//! there are too many ways, in random ones), and the p-value is the share of sign patterns whose statistic is at least the
//! observed one. It is exact for any noise with that symmetry, normal or not; the noise of two submissions that are disturbed alike
//! has it, since the difference of two exchangeable quantities is symmetric, however skewed each of them is.
//!
//! The statistic is that of Student's t after clipping: differences beyond 1.25 times the median absolute difference count as if
//! they lay there, so that two disturbed rounds of twelve do not hide what the others show. Clipping is odd and its limit depends on the
//! absolute values alone, which keeps the test exact.
//!
//! The same pattern is applied to all pairs at once: maxima over pairs then have their true joint distribution, and a family of
//! comparisons needs no independence.

use rand::RngExt;
use rand_pcg::Pcg64;

/// Rounds to a table of partial sums.
const CHUNK: usize = 8;

/// Sign patterns for a number of rounds. The first is the observed one: no sign flipped.
#[derive(Debug, Clone)]
pub struct Patterns {
    rounds: usize,
    /// `chunks` bytes a pattern; a set bit flips its round.
    bytes: Vec<u8>,
    chunks: usize,
    exact: bool,
}

impl Patterns {
    /// All patterns, if they are at most `limit`, else `limit` random ones. A pattern and its opposite are one: statistics are
    /// absolute values.
    pub fn new(rounds: usize, limit: usize, rng: &mut Pcg64) -> Self {
        let chunks = rounds.div_ceil(CHUNK).max(1);
        let all = rounds.checked_sub(1).and_then(|bits| 1usize.checked_shl(bits as u32));
        let mut bytes = Vec::new();
        let exact = all.is_some_and(|n| n <= limit.max(1));
        if let Some(all) = all.filter(|_| exact) {
            // The last round's sign stays: this picks one of each pattern and its opposite.
            for pattern in 0..all {
                bytes.extend(pattern.to_le_bytes().iter().copied().chain(std::iter::repeat(0)).take(chunks));
            }
        } else {
            bytes.resize(chunks * limit.max(1), 0);
            rng.fill(&mut bytes[chunks..]);
        }
        Patterns { rounds, bytes, chunks, exact }
    }

    /// How many patterns there are.
    pub fn count(&self) -> usize {
        self.bytes.len() / self.chunks
    }

    /// Whether these are all of them, so that p-values are exact rather than estimated.
    pub fn exact(&self) -> bool {
        self.exact
    }

    /// The statistic of `differences` under every pattern, into `out`: `|sum of signed clipped differences| / their norm`,
    /// which grows with |t|. Between 0 and the square root of the number of rounds.
    pub fn statistics(&self, differences: &[f64], out: &mut Vec<f64>) {
        debug_assert_eq!(differences.len(), self.rounds);
        let scores = clipped(differences);
        let norm = scores.iter().map(|s| s * s).sum::<f64>().sqrt();
        out.clear();
        if norm == 0.0 {
            out.resize(self.count(), 0.0);
            return;
        }
        // One table of 256 signed sums for each eight rounds.
        let mut tables = vec![[0.0f64; 1 << CHUNK]; self.chunks];
        for (table, scores) in tables.iter_mut().zip(scores.chunks(CHUNK)) {
            table[0] = scores.iter().sum::<f64>() / norm;
            for (bit, score) in scores.iter().enumerate() {
                for index in 0..1 << bit {
                    table[index | 1 << bit] = table[index] - 2.0 * score / norm;
                }
            }
            // Bits beyond the last round flip nothing.
            let used = 1 << scores.len();
            for index in used..1 << CHUNK {
                table[index] = table[index % used];
            }
        }
        match tables.as_slice() {
            [low] => out.extend(self.bytes.iter().map(|&b| low[usize::from(b)].abs())),
            [low, high] => {
                out.extend(self.bytes.chunks_exact(2).map(|b| (low[usize::from(b[0])] + high[usize::from(b[1])]).abs()))
            }
            tables => {
                out.extend(self.bytes.chunks_exact(self.chunks).map(|pattern| {
                    pattern.iter().zip(tables).map(|(&b, table)| table[usize::from(b)]).sum::<f64>().abs()
                }))
            }
        }
    }

    /// The two-sided p-value of "the differences are symmetric about zero".
    pub fn p_value(&self, differences: &[f64]) -> f64 {
        let mut statistics = Vec::new();
        self.statistics(differences, &mut statistics);
        share_at_least(&statistics, statistics[0])
    }
}

/// The share of `values` that are at least `observed`, up to rounding.
pub(super) fn share_at_least(values: &[f64], observed: f64) -> f64 {
    let limit = observed - 1e-9 * observed.abs();
    values.iter().filter(|&&v| v >= limit).count() as f64 / values.len() as f64
}

/// Clipped to 1.25 times the median absolute difference: 0.84 standard deviations of normal noise, where Huber's estimator keeps
/// 87 % of the mean's efficiency. A wider limit would be more efficient there, and blind when processes are disturbed: far from
/// zero the median absolute difference is the difference itself, and each disturbed round outvotes as many others as the limit
/// allows.
pub(super) fn clipped(differences: &[f64]) -> Vec<f64> {
    let absolute: Vec<f64> = differences.iter().map(|d| d.abs()).collect();
    let limit = 1.25 * crate::stats::summary::median(&absolute);
    if limit > 0.0 { differences.iter().map(|d| d.clamp(-limit, limit)).collect() } else { differences.to_vec() }
}

/// The fewest rounds with which a two-sided test can reach `level` (0.95) at all: 2 / 2^n must not exceed 1 - level.
pub fn fewest_rounds(level: f64) -> usize {
    (2.0 / (1.0 - level) - 1e-9).log2().ceil().max(1.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn patterns(rounds: usize, limit: usize) -> Patterns {
        Patterns::new(rounds, limit, &mut Pcg64::seed_from_u64(1))
    }

    #[test]
    fn all_patterns_are_taken_when_they_are_few() {
        assert_eq!((patterns(6, 10_000).count(), patterns(6, 10_000).exact()), (32, true));
        assert_eq!((patterns(12, 10_000).count(), patterns(12, 10_000).exact()), (2048, true));
        assert_eq!((patterns(20, 10_000).count(), patterns(20, 10_000).exact()), (10_000, false));
    }

    #[test]
    fn the_p_value_is_that_of_counting_by_hand() {
        for n in [6usize, 9, 11] {
            let d: Vec<f64> = (0..n).map(|i| (i as f64 * 1.7).sin() + 0.4).collect();
            let scores = clipped(&d);
            let observed = scores.iter().sum::<f64>().abs();
            let as_extreme = (0..1usize << n)
                .filter(|bits| {
                    let sum: f64 =
                        scores.iter().enumerate().map(|(i, s)| if bits >> i & 1 == 1 { -s } else { *s }).sum();
                    sum.abs() >= observed - 1e-12
                })
                .count();
            assert_eq!(patterns(n, 10_000).p_value(&d), as_extreme as f64 / (1 << n) as f64, "{n} rounds");
        }
    }

    #[test]
    fn random_patterns_approach_the_exact_p_value() {
        let d: Vec<f64> = (0..13).map(|i| (i as f64 * 2.3).cos() + 0.35).collect();
        let exact = patterns(13, 10_000).p_value(&d);
        let estimate = patterns(13, 4000).p_value(&d);
        assert!((exact - estimate).abs() < 0.03, "{exact} {estimate}");
    }

    #[test]
    fn disturbed_rounds_do_not_hide_a_difference() {
        let mut d = vec![0.010, 0.012, 0.009, 0.011, 0.010, 0.013, 0.008, 0.011, 0.010, 0.009, 0.012];
        assert!(patterns(11, 10_000).p_value(&d) < 0.001);
        d[3] = -0.2;
        d.push(-0.2);
        assert!(patterns(12, 10_000).p_value(&d) < 0.05);
        // Their mean points the other way.
        assert!(d.iter().sum::<f64>() < 0.0);
    }

    #[test]
    fn six_rounds_are_the_fewest_for_95_percent() {
        assert_eq!([0.9, 0.95, 0.99].map(fewest_rounds), [5, 6, 8]);
    }
}
