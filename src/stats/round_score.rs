//! A score for each round, with that round's own baseline.
//!
//! Between a table's medians and its score lies the baseline's own noise, which enters all scores at once and not alike: a slow entry's
//! score moves more. Scores of single rounds carry that noise themselves, so that the same test that tells runtimes apart tells scores apart.
//! The control is a second measurement of the baseline: both count, and where one was disturbed, the other alone.

use super::matrix::mean_of;
use super::track::{Field, RoundScore};
use super::two_way::TwoWay;
use crate::error::{Error, Result};

/// A baseline further than so many pooled standard deviations from its place in a round was disturbed there.
const BASELINE_SCREEN: f64 = 3.0;

/// Each round's scores.
pub(super) struct RoundScores {
    /// By row of the matrix, then by round.
    pub(super) scores: Vec<Vec<Option<f64>>>,
    /// The rounds in which the baseline was absent or disturbed.
    pub(super) left_out: Vec<bool>,
}

/// Scores the ranked entries in each round.
pub(super) fn round_scores(
    field: &Field<'_>,
    score: &RoundScore<'_>,
    logs: &[Vec<Option<f64>>],
    sessions: &[usize],
) -> Result<RoundScores> {
    let baselines: Vec<Option<f64>> = if field.baseline.is_empty() {
        let fixed = field.fixed_baseline.ok_or_else(|| {
            Error::Usage("scores need the baseline's runtime: none was measured, and the rules have none".into())
        })?;
        vec![Some(fixed); sessions.len()]
    } else {
        let fit = TwoWay::fit(logs, sessions);
        let limit = BASELINE_SCREEN * fit.spread();
        let of_round = |round: usize| {
            let sound =
                field.baseline.iter().filter(|&&row| fit.residuals[row][round].is_some_and(|r| r.abs() <= limit));
            mean_of(sound.filter_map(|&row| logs[row][round])).map(f64::exp)
        };
        (0..sessions.len()).map(of_round).collect()
    };
    let mut scores = vec![vec![None; sessions.len()]; logs.len()];
    for (entry, &row) in field.ranked.iter().enumerate() {
        for (round, cell) in scores[row].iter_mut().enumerate() {
            let ms = logs[row][round].map(f64::exp);
            // Beyond what a double holds, the largest double: such scores tie.
            *cell = ms.zip(baselines[round]).map(|(ms, base)| score(entry, ms, base).min(f64::MAX));
        }
    }
    Ok(RoundScores { scores, left_out: baselines.iter().map(Option::is_none).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::matrix::Matrix;
    use crate::stats::summary::Protocol;

    /// Baseline, control, three entries.
    fn matrix() -> Matrix {
        let wobble = |e: usize, r: usize| 1.0 + 0.002 * ((e * 31 + r * 17) as f64).sin();
        let rows: Vec<Vec<f64>> = [8.0, 8.0, 4.0, 16.0, 10.0]
            .iter()
            .enumerate()
            .map(|(e, ms)| (0..8).map(|r| ms * wobble(e, r) * (1.0 + 0.1 * (r % 3) as f64)).collect())
            .collect();
        Matrix::from_rows((0..5).map(|e| format!("e{e}")).collect(), &rows, Protocol::Robust)
    }

    fn of(matrix: &Matrix, baseline: &[usize]) -> Result<RoundScores> {
        let field = Field { matrix, ranked: &[2, 3], baseline, fixed_baseline: None };
        round_scores(&field, &|entry, ms, base| entry as f64 + ms / base, &matrix.logs(), &[0; 8])
    }

    #[test]
    fn what_a_round_has_in_common_cancels_against_its_own_baseline() {
        let RoundScores { scores, left_out: out } = of(&matrix(), &[0, 1]).unwrap();
        assert!(out.iter().all(|o| !o));
        assert!(scores[2].iter().all(|s| (s.unwrap() - 0.5).abs() < 0.01), "{:?}", scores[2]);
        assert!(scores[3].iter().all(|s| (s.unwrap() - 3.0).abs() < 0.02), "{:?}", scores[3]);
        assert_eq!(scores[4], [None; 8]);
    }

    #[test]
    fn where_the_baseline_was_disturbed_the_control_stands_in() {
        let mut matrix = matrix();
        matrix.values[0][3] = matrix.values[0][3].map(|v| 1.3 * v);
        let RoundScores { scores, left_out: out } = of(&matrix, &[0, 1]).unwrap();
        assert!(!out[3] && (scores[2][3].unwrap() - 0.5).abs() < 0.01);
        let RoundScores { scores, left_out: out } = of(&matrix, &[0]).unwrap();
        assert_eq!((out[3], scores[2][3]), (true, None));
    }

    #[test]
    fn scores_without_any_baseline_are_refused() {
        assert!(of(&matrix(), &[]).err().unwrap().to_string().starts_with("scores need the baseline's runtime"));
    }
}
