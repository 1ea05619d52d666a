//! A robust fit of entries plus rounds, by medians (Tukey's median polish), and what it leaves over.

use super::matrix::median_of;
use super::screen::MAD_TO_SD;
use super::summary::median;

/// Sweeps of the fit. Medians settle in two or three.
const SWEEPS: usize = 5;

/// `value = entry's level in the session + round's effect + residual`.
#[derive(Debug, Clone, PartialEq)]
pub struct TwoWay {
    /// By entry, then by session; absent where the entry has no round there.
    pub levels: Vec<Vec<Option<f64>>>,
    /// By round; their median in each session is 0.
    pub effects: Vec<f64>,
    /// By entry, then by round.
    pub residuals: Vec<Vec<Option<f64>>>,
}

impl TwoWay {
    /// Fits `values` (by entry and round); `sessions` holds each round's session.
    pub fn fit(values: &[Vec<Option<f64>>], sessions: &[usize]) -> Self {
        let count = sessions.iter().max().map_or(0, |s| s + 1);
        let rounds = sessions.len();
        let mut effects = vec![0.0; rounds];
        let mut levels = vec![vec![None; count]; values.len()];
        for sweep in 0..SWEEPS {
            for (row, levels) in values.iter().zip(&mut levels) {
                for (session, level) in levels.iter_mut().enumerate() {
                    let here = (0..rounds).filter(|&r| sessions[r] == session);
                    *level = median_of(here.filter_map(|r| Some(row[r]? - effects[r])));
                }
            }
            if sweep + 1 == SWEEPS {
                break;
            }
            for (round, effect) in effects.iter_mut().enumerate() {
                let rest = values.iter().zip(&levels).filter_map(|(v, l)| Some(v[round]? - l[sessions[round]]?));
                *effect = median_of(rest).unwrap_or(0.0);
            }
            for session in 0..count {
                let centre = median_of((0..rounds).filter(|&r| sessions[r] == session).map(|r| effects[r]));
                for round in (0..rounds).filter(|&r| sessions[r] == session) {
                    effects[round] -= centre.unwrap_or(0.0);
                }
            }
        }
        let residual =
            |row: &[Option<f64>], levels: &[Option<f64>], r: usize| Some(row[r]? - levels[sessions[r]]? - effects[r]);
        let residuals =
            values.iter().zip(&levels).map(|(v, l)| (0..rounds).map(|r| residual(v, l, r)).collect()).collect();
        TwoWay { levels, effects, residuals }
    }

    /// The pooled robust standard deviation of the residuals.
    pub fn spread(&self) -> f64 {
        let all: Vec<f64> = self.residuals.iter().flatten().flatten().map(|r| r.abs()).collect();
        if all.is_empty() { 0.0 } else { MAD_TO_SD * median(&all) }
    }

    /// `values` with residuals beyond `limit` pooled standard deviations brought back to that distance from the fit.
    pub fn winsorised(&self, values: &[Vec<Option<f64>>], limit: f64) -> Vec<Vec<Option<f64>>> {
        let most = limit * self.spread();
        let cell = |(v, r): (&Option<f64>, &Option<f64>)| Some((*v)? - (*r)? + (*r)?.clamp(-most, most));
        values.iter().zip(&self.residuals).map(|(v, r)| v.iter().zip(r).map(cell).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Vec<Vec<Option<f64>>> {
        (0..4).map(|e| (0..7).map(|r| Some(10.0 * e as f64 + r as f64 * r as f64)).collect()).collect()
    }

    #[test]
    fn entries_and_rounds_are_taken_apart() {
        let fit = TwoWay::fit(&values(), &[0; 7]);
        assert_eq!(fit.effects[0], -9.0);
        assert_eq!(fit.levels[2], [Some(29.0)]);
        assert!(fit.residuals.iter().flatten().flatten().all(|r| r.abs() < 1e-9));
    }

    #[test]
    fn a_slow_cell_is_brought_back_and_the_rest_stays() {
        let mut v = values();
        for (e, row) in v.iter_mut().enumerate() {
            for (r, cell) in row.iter_mut().enumerate() {
                *cell = cell.map(|c| c + 0.1 * ((e * 5 + r * 3) as f64).sin());
            }
        }
        v[1][2] = v[1][2].map(|c| c + 50.0);
        v[3][3] = None;
        let fit = TwoWay::fit(&v, &[0; 7]);
        let w = fit.winsorised(&v, 4.0);
        assert!((w[1][2].unwrap() - 14.0).abs() < 1.0, "{:?}", w[1][2]);
        assert!((w[1][3].unwrap() - v[1][3].unwrap()).abs() < 1e-9);
        assert_eq!(w[3][3], None);
    }

    #[test]
    fn each_session_has_its_own_levels() {
        let v =
            vec![vec![Some(1.0), Some(1.0), Some(5.0), Some(5.0)], vec![Some(2.0), Some(2.0), Some(9.0), Some(9.0)]];
        let fit = TwoWay::fit(&v, &[0, 0, 1, 1]);
        assert_eq!(fit.levels, [[Some(1.0), Some(5.0)], [Some(2.0), Some(9.0)]]);
    }
}
