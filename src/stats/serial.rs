//! Whether an entry's noise in one round resembles that of the round before.
//!
//! Sign flips assume that rounds are independent once what is common to a round has cancelled. An entry that stays slow for several
//! rounds (a process pinned to a slower core, a cache that fills) breaks that, and intervals then cover too seldom. Drift that all
//! entries share does no harm.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

use super::matrix::Matrix;
use super::two_way::TwoWay;

/// Reorderings of the rounds that the test takes.
const SHUFFLES: usize = 999;
/// Residuals are clipped to so many pooled standard deviations, so that one disturbed process does not decide.
const CLIP: f64 = 3.0;
/// Fewer rounds than this have no order worth the name.
const FEWEST: usize = 6;

/// Lag-one autocorrelation of what entries and rounds leave over.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Serial {
    /// Pooled over the entries. Independent noise shows about -1 / rounds.
    pub autocorrelation: f64,
    /// How often reordered rounds show at least as much: a permutation test, the same order for all entries.
    pub p_value: f64,
}

impl Serial {
    /// Whether the rounds are not independent, at 1 %: the test is made for every session, and should seldom cry wolf.
    pub fn found(&self) -> bool {
        self.p_value <= 0.01
    }
}

/// Tests the rounds of a matrix in the order in which they were measured, within each session. `None`: fewer than three entries
/// or six rounds.
pub fn serial(matrix: &Matrix, seed: u64) -> Option<Serial> {
    if matrix.labels.len() < 3 || matrix.rounds.len() < FEWEST {
        return None;
    }
    let sessions: Vec<usize> = matrix.rounds.iter().map(|k| k.session).collect();
    let fit = TwoWay::fit(&matrix.logs(), &sessions);
    let most = CLIP * fit.spread();
    let residuals: Vec<Vec<Option<f64>>> =
        fit.residuals.iter().map(|row| row.iter().map(|r| r.map(|r| r.clamp(-most, most))).collect()).collect();
    let mut order: Vec<usize> = (0..sessions.len()).collect();
    let observed = autocorrelation(&residuals, &sessions, &order)?;
    let mut rng = Pcg64::seed_from_u64(seed);
    let mut as_much = 1;
    for _ in 0..SHUFFLES {
        for rounds in order.chunk_by_mut(|a, b| sessions[*a] == sessions[*b]) {
            rounds.shuffle(&mut rng);
        }
        as_much += usize::from(autocorrelation(&residuals, &sessions, &order)? >= observed);
    }
    Some(Serial { autocorrelation: observed, p_value: as_much as f64 / (SHUFFLES + 1) as f64 })
}

fn autocorrelation(residuals: &[Vec<Option<f64>>], sessions: &[usize], order: &[usize]) -> Option<f64> {
    let (mut products, mut squares) = (0.0, 0.0);
    for row in residuals {
        squares += row.iter().flatten().map(|r| r * r).sum::<f64>();
        for pair in order.windows(2).filter(|w| sessions[w[0]] == sessions[w[1]]) {
            if let (Some(a), Some(b)) = (row[pair[0]], row[pair[1]]) {
                products += a * b;
            }
        }
    }
    (squares > 0.0).then(|| products / squares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::summary::Protocol;
    use rand::RngExt;

    /// Twelve entries over twelve rounds; each keeps `memory` of its noise from one round to the next.
    fn session(memory: f64, seed: u64) -> Matrix {
        let mut rng = Pcg64::seed_from_u64(seed);
        let mut normal = || (0..12).map(|_| rng.random_range(-0.5..0.5)).sum::<f64>();
        let common: Vec<f64> = (0..12).map(|_| normal()).collect();
        let mut row = || {
            let mut own = normal();
            (0..12)
                .map(|r| {
                    own = memory * own + (1.0 - memory * memory).sqrt() * normal();
                    (2.0 + 0.01 * own + 0.03 * common[r]).exp()
                })
                .collect()
        };
        let rows: Vec<Vec<f64>> = (0..12).map(|_| row()).collect();
        Matrix::from_rows((0..12).map(|e| format!("e{e}")).collect(), &rows, Protocol::Robust)
    }

    #[test]
    fn noise_that_lasts_is_found_and_noise_that_does_not_is_not() {
        let found = |memory: f64| (0..20).filter(|&s| serial(&session(memory, s), 1).unwrap().found()).count();
        assert!(found(0.6) >= 19, "{}", found(0.6));
        assert!(found(0.0) <= 1, "{}", found(0.0));
    }

    #[test]
    fn too_few_rounds_have_no_order() {
        let short = Matrix::from_rows(
            ["a", "b", "c"].map(String::from).to_vec(),
            &[vec![1.0; 5], vec![2.0; 5], vec![3.0; 5]],
            Protocol::Robust,
        );
        assert_eq!(serial(&short, 1), None);
    }
}
