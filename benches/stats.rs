//! How long the statistics of a whole challenge take: 45 entries, 15 rounds, all tracks.
//!

#![allow(missing_docs, reason = "what criterion_group! makes has no docs")]

use criterion::{Criterion, criterion_group, criterion_main};
use esr_bench::stats::ranks::{competition_ranks, places_by};
use esr_bench::stats::{
    Basis, Field, Figures, Matrix, Place, Protocol, RankedTrack, Settings, TieBand, compare_pairs, quiet,
    rank_uncertainty, serial,
};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// Entries from 6 ms on, each 2 % slower than the one before, under 2 % of noise; the last two rows are the baseline and its control.
fn challenge(entries: usize, rounds: usize) -> Matrix {
    let mut rng = Pcg64::seed_from_u64(1);
    let mut row = |ms: f64| -> Vec<f64> { (0..rounds).map(|_| ms * rng.random_range(0.98..1.02)).collect() };
    let mut rows: Vec<Vec<f64>> = (0..entries).map(|entry| row(6.0 * 1.02f64.powi(entry as i32))).collect();
    rows.extend([row(8.0), row(8.0)]);
    Matrix::from_rows((0..rows.len()).map(|i| format!("entry {i}")).collect(), &rows, Protocol::Robust)
}

fn all_tracks(matrix: &Matrix) -> usize {
    let count = matrix.labels.len() - 2;
    let ranked: Vec<usize> = (0..count).collect();
    let field = Field { matrix, ranked: &ranked, baseline: &[count, count + 1], fixed_baseline: None };
    let rest: Vec<f64> = (0..count).map(|i| f64::from((i as u32 * 17) % count as u32)).collect();
    let score = |entry: usize, ms: f64, base: f64| 0.8 * (2.0 * ms / base).exp() + 0.1 * rest[entry];
    let by_runtime = |f: &Figures<'_>| -> esr_bench::Result<Vec<Place>> { Ok(places_by(f.runtimes)) };
    let by_sum = |f: &Figures<'_>| -> esr_bench::Result<Vec<Place>> {
        let sums: Vec<f64> =
            competition_ranks(f.runtimes).iter().zip(&rest).map(|(rank, rest)| rest + f64::from(*rank)).collect();
        Ok(places_by(&sums))
    };
    let by_score = |f: &Figures<'_>| -> esr_bench::Result<Vec<Place>> {
        let base = f.baseline.unwrap_or(8.0);
        let scores: Vec<f64> = f.runtimes.iter().enumerate().map(|(e, ms)| score(e, *ms, base)).collect();
        Ok(places_by(&scores))
    };
    let tracks = [
        RankedTrack { basis: Basis::Runtime, ranking: &by_runtime },
        RankedTrack { basis: Basis::RankSum(None), ranking: &by_sum },
        RankedTrack { basis: Basis::Score(&score), ranking: &by_score },
    ];
    let settings = Settings::default();
    tracks.iter().map(|t| rank_uncertainty(&field, t, settings).expect("intervals").before.len()).sum()
}

fn uncertainty(c: &mut Criterion) {
    let matrix = challenge(45, 15);
    let mut group = c.benchmark_group("45 entries x 15 rounds");
    group.sample_size(10);
    group.bench_function("runtime, rank sum and score", |b| b.iter(|| all_tracks(&matrix)));
    group.bench_function("disturbance and autocorrelation", |b| {
        b.iter(|| (quiet(&matrix, &[]).disturbed().count(), serial(&matrix, 1)))
    });
    group.bench_function("compare a pair", |b| {
        b.iter(|| compare_pairs(&matrix, &[(0, 1)], TieBand::DEFAULT, Settings::default()).expect("a verdict"))
    });
    group.finish();
}

criterion_group!(benches, uncertainty);
criterion_main!(benches);
