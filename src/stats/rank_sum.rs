//! Places by a sum of ranks: from a joint set of runtimes.
//!
//! One entry's place by a rank sum hangs on the runtimes of all others, so that tests of pairs say little about it: taking each rival
//! at its worst gives intervals that are far too wide. Instead, runtimes are drawn that the rounds allow JOINTLY: each entry's level has Student's distribution about its
//! estimate, and draws in which some entry lies further out than 95 % of draws have any lie are dropped. Each remaining draw is ranked by the rules' own function. An entry's interval holds all places that it has in any of them.
//!
//! Levels are estimated after each round's common effect is taken out (a two-way fit by medians); cells further than four robust deviations from the fit are disturbed
//! processes and left out. Unlike the tests of pairs this is no exact method; `docs/statistics.md` has what simulations found.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use statrs::distribution::{ContinuousCDF, Normal};

use super::screen::MAD_TO_SD;
use super::settings::Settings;
use super::summary::{mean, median};
use super::track::{Field, Figures, Ranking};
use super::two_way::TwoWay;
use crate::error::Result;

/// Cells beyond so many robust standard deviations are left out.
const TRIM: f64 = 4.0;
/// Draws, before those outside the joint set are dropped.
const DRAWS: usize = 2_000;

/// Where an entry's log runtime lies: Student's distribution about `centre`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// The estimate.
    pub centre: f64,
    /// Its standard error.
    pub error: f64,
    /// Degrees of freedom.
    pub freedom: f64,
}

/// The levels of the ranked entries' log runtimes.
pub fn levels(field: &Field<'_>) -> Vec<Level> {
    let logs = field.matrix.logs();
    let sessions: Vec<usize> = field.matrix.rounds.iter().map(|k| k.session).collect();
    let fit = TwoWay::fit(&logs, &sessions);
    let pooled = fit.spread();
    let count = logs.len() as f64;
    // Medians over few entries follow each of them: residuals fall short by their share.
    let share = (count / (count - 1.0).max(1.0)).sqrt();
    field
        .ranked
        .iter()
        .map(|&row| {
            let all: Vec<f64> = fit.residuals[row].iter().flatten().map(|r| r.abs()).collect();
            let limit = TRIM * pooled.max(MAD_TO_SD * median(&all));
            let mut parts = Vec::new();
            for (session, level) in fit.levels[row].iter().enumerate() {
                let Some(level) = level else { continue };
                let here = fit.residuals[row].iter().zip(&sessions).filter(|(_, s)| **s == session);
                let kept: Vec<f64> = here.filter_map(|(r, _)| r.filter(|r| r.abs() <= limit)).collect();
                if !kept.is_empty() {
                    let rounds = kept.len() as f64;
                    let error = share * super::interval::deviation(&kept) / rounds.sqrt();
                    parts.push(Level { centre: level + mean(&kept), error, freedom: rounds - 1.0 });
                }
            }
            let sessions = parts.len() as f64;
            Level {
                centre: parts.iter().map(|p| p.centre).sum::<f64>() / sessions,
                error: parts.iter().map(|p| p.error * p.error).sum::<f64>().sqrt() / sessions,
                freedom: parts.iter().map(|p| p.freedom).sum::<f64>().max(1.0),
            }
        })
        .collect()
}

/// Between which places each entry lies, by `ranking` of runtimes from the joint set of `level` (0.95). `memory` holds several measurements of
/// each entry's memory, where there are any: each draw takes one of them.
///
/// # Errors
/// Those of the ranking function.
pub fn places(
    field: &Field<'_>,
    ranking: &Ranking<'_>,
    memory: Option<&[Vec<f64>]>,
    settings: Settings,
) -> Result<Vec<(u32, u32)>> {
    let levels = levels(field);
    let count = levels.len();
    let normal = Normal::standard();
    let mut rng = Pcg64::seed_from_u64(settings.seed ^ 0x7375_6d73);
    let mut draws: Vec<(f64, Vec<f64>)> = (0..DRAWS)
        .map(|_| {
            // Normal quantiles say how extreme a draw is whatever the entries' degrees of freedom are.
            let z: Vec<f64> = (0..count).map(|_| normal.inverse_cdf(rng.random_range(1e-12..1.0))).collect();
            let extreme = z.iter().map(|z| z.abs()).fold(0.0, f64::max);
            let at = |(l, z): (&Level, &f64)| (l.centre + l.error * student(*z, l.freedom)).exp();
            (extreme, levels.iter().zip(&z).map(at).collect())
        })
        .collect();
    draws.sort_by(|a, b| a.0.total_cmp(&b.0));
    draws.truncate(((1.0 - settings.alpha()) * DRAWS as f64).ceil() as usize);
    let mut windows = vec![(u32::MAX, 0); count];
    for (_, runtimes) in &draws {
        let drawn = memory.map(|all| all.iter().map(|m| m[rng.random_range(0..m.len())]).collect::<Vec<f64>>());
        let figures = Figures { runtimes, baseline: field.baseline_figure(), memory: drawn.as_deref() };
        let places = ranking(&figures)?;
        for (window, place) in windows.iter_mut().zip(&places) {
            // Of a shared place, all that the sharers take.
            let sharers = places.iter().filter(|p| p.rank == place.rank).count() as u32;
            *window = (window.0.min(place.rank), window.1.max(place.rank + sharers - 1));
        }
    }
    Ok(windows)
}

/// Student's quantile at the probability at which the normal quantile is `z` (Wallace 1959); within half a percent from three degrees of freedom on.
fn student(z: f64, freedom: f64) -> f64 {
    let stretched = z * (8.0 * freedom + 3.0) / (8.0 * freedom + 1.0);
    (freedom * (stretched * stretched / freedom).exp_m1()).sqrt().copysign(z)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::matrix::Matrix;
    use crate::stats::ranks::{competition_ranks, places_by};
    use crate::stats::summary::Protocol;
    use crate::stats::track::Place;

    #[test]
    fn students_quantiles_as_in_the_tables() {
        for (z, freedom, t) in [
            (1.959_964, 5.0, 2.570_58),
            (1.959_964, 9.0, 2.262_16),
            (2.575_829, 9.0, 3.249_84),
            (-1.959_964, 14.0, -2.144_79),
        ] {
            assert!((student(z, freedom) / t - 1.0).abs() < 0.005, "{} {t}", student(z, freedom));
        }
    }

    fn rows(levels: &[f64], rounds: usize) -> Matrix {
        let noise = |e: usize, r: usize| (((e * 7919 + r * 104_729 + 13) as f64).sin() * 43_758.5).fract() - 0.5;
        let row = |(e, ms): (usize, &f64)| (0..rounds).map(|r| ms * (1.0 + 0.02 * noise(e, r))).collect::<Vec<f64>>();
        let rows: Vec<Vec<f64>> = levels.iter().enumerate().map(row).collect();
        Matrix::from_rows((0..levels.len()).map(|e| format!("e{e}")).collect(), &rows, Protocol::Robust)
    }

    fn windows(levels: &[f64], rest: &[f64], memory: Option<&[Vec<f64>]>) -> Vec<(u32, u32)> {
        let matrix = rows(levels, 10);
        let ranked: Vec<usize> = (0..levels.len()).collect();
        let field = Field { matrix: &matrix, ranked: &ranked, baseline: &[], fixed_baseline: None };
        let ranking = |f: &Figures<'_>| -> Result<Vec<Place>> {
            let mut sums: Vec<f64> = competition_ranks(f.runtimes).into_iter().map(f64::from).collect();
            let memory = f.memory.map(competition_ranks).unwrap_or_else(|| vec![0; sums.len()]);
            sums.iter_mut().zip(rest).zip(memory).for_each(|((sum, rest), memory)| *sum += rest + f64::from(memory));
            Ok(places_by(&sums))
        };
        places(&field, &ranking, memory, Settings::default()).unwrap()
    }

    #[test]
    fn distant_runtimes_leave_the_sum_certain() {
        assert_eq!(windows(&[10.0, 12.0, 15.0], &[3.0, 1.5, 0.0], None), [(3, 3), (2, 2), (1, 1)]);
    }

    #[test]
    fn close_runtimes_leave_open_what_the_rest_does_not_decide() {
        // Ranks 1 and 2 or 2 and 1: with equal rests either may be first, with a rest of 2 more it is certain.
        assert_eq!(windows(&[10.0, 10.001, 15.0], &[0.0, 0.0, 0.0], None)[..2], [(1, 2), (1, 2)]);
        assert_eq!(windows(&[10.0, 10.001, 15.0], &[0.0, 2.0, 0.0], None)[0], (1, 1));
    }

    #[test]
    fn memory_that_varies_opens_places() {
        let apart = [vec![1.0, 1.1], vec![2.0, 2.1]];
        let overlapping = [vec![1.0, 2.05], vec![2.0, 2.1]];
        assert_eq!(windows(&[10.0, 12.0], &[0.0, 0.0], Some(&apart)), [(1, 1), (2, 2)]);
        assert_eq!(windows(&[10.0, 12.0], &[0.0, 0.0], Some(&overlapping)), [(1, 2), (1, 2)]);
    }

    #[test]
    fn disturbed_processes_do_not_move_a_level() {
        let mut matrix = rows(&[10.0, 11.0, 12.0, 13.0], 10);
        matrix.values[1][4] = Some(14.0);
        let field = Field { matrix: &matrix, ranked: &[0, 1, 2, 3], baseline: &[], fixed_baseline: None };
        let level = levels(&field)[1];
        assert!((level.centre - 11f64.ln()).abs() < 0.02 && level.freedom == 8.0, "{level:?}");
    }
}
