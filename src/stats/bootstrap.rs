//! How often resampled rounds put an entry at each place.
//!
//! This is a description, not an interval: among entries that are alike, percentiles of resampled ranks cover the true rank in 1
//! to 49 of 100 sessions. All entries take the same resampled rounds, because rounds are paired.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use rayon::prelude::*;

use super::summary::{Protocol, mean};
use super::track::{Field, Figures, Ranking};
use crate::error::Result;

/// Resamples to a task: each task has its own generator, so that figures do not depend on the number of threads.
const TASK: usize = 100;

/// The share of resamples that put each entry at place 1, 2, ...
///
/// # Errors
/// Those of the ranking function.
pub fn place_shares(field: &Field<'_>, ranking: &Ranking<'_>, resamples: usize, seed: u64) -> Result<Vec<Vec<f64>>> {
    let count = field.ranked.len();
    let rows: Vec<Resampled> =
        field.ranked.iter().chain(field.baseline.first()).map(|&r| Resampled::new(field, r)).collect();
    let sessions = by_session(field);
    let tasks: Vec<usize> = (0..resamples.div_ceil(TASK)).collect();
    let counted: Vec<Vec<Vec<u32>>> = tasks
        .into_par_iter()
        .map(|task| {
            let mut rng = Pcg64::seed_from_u64(seed ^ 0x626f_6f74 ^ ((task as u64) << 32));
            let mut times = vec![0u32; field.matrix.rounds.len()];
            let mut places = vec![vec![0u32; count]; count];
            for _ in 0..TASK.min(resamples - task * TASK) {
                times.fill(0);
                for rounds in &sessions {
                    for _ in 0..rounds.len() {
                        times[rounds[rng.random_range(0..rounds.len())]] += 1;
                    }
                }
                let figures: Vec<f64> = rows.iter().map(|r| r.figure(&times, field.matrix.protocol)).collect();
                let (runtimes, baseline) = figures.split_at(count);
                let figures = Figures { runtimes, baseline: baseline.first().copied(), memory: None };
                for (entry, place) in ranking(&figures)?.iter().enumerate() {
                    if let Some(n) = places.get_mut(entry).and_then(|p| p.get_mut(place.rank as usize - 1)) {
                        *n += 1;
                    }
                }
            }
            Ok(places)
        })
        .collect::<Result<_>>()?;
    let total = resamples.max(1) as f64;
    let share =
        |entry: usize, place: usize| f64::from(counted.iter().map(|places| places[entry][place]).sum::<u32>()) / total;
    Ok((0..count).map(|entry| (0..count).map(|place| share(entry, place)).collect()).collect())
}

fn by_session(field: &Field<'_>) -> Vec<Vec<usize>> {
    let rounds = &field.matrix.rounds;
    let of = |session: usize| (0..rounds.len()).filter(move |&r| rounds[r].session == session).collect::<Vec<usize>>();
    (0..field.matrix.sessions.len()).map(of).filter(|rounds| !rounds.is_empty()).collect()
}

/// An entry's rounds, sorted once: a resample's median is then a walk over multiplicities.
struct Resampled {
    /// By session: (figure, round), ascending.
    sorted: Vec<Vec<(f64, usize)>>,
    observed: f64,
}

impl Resampled {
    fn new(field: &Field<'_>, row: usize) -> Self {
        let values = &field.matrix.values[row];
        let sorted = by_session(field).into_iter().map(|rounds| {
            let mut here: Vec<(f64, usize)> = rounds.into_iter().filter_map(|r| Some((values[r]?, r))).collect();
            here.sort_by(|a, b| a.0.total_cmp(&b.0));
            here
        });
        Resampled { sorted: sorted.filter(|s| !s.is_empty()).collect(), observed: field.matrix.figure(row) }
    }

    /// The figure with each round counted `times`; the observed one where no round of the entry was drawn.
    fn figure(&self, times: &[u32], protocol: Protocol) -> f64 {
        let of = |sorted: &Vec<(f64, usize)>| {
            let total: u32 = sorted.iter().map(|(_, r)| times[*r]).sum();
            (total > 0).then(|| match protocol {
                Protocol::Robust => weighted_median(sorted, times, total),
                Protocol::Published => {
                    sorted.iter().map(|(v, r)| v * f64::from(times[*r])).sum::<f64>() / f64::from(total)
                }
            })
        };
        let sessions: Vec<f64> = self.sorted.iter().filter_map(of).collect();
        if sessions.is_empty() { self.observed } else { mean(&sessions) }
    }
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
}
