//! How long the statistics of a whole challenge take: 43 entries, 12 rounds, 10,000 resamples.
//!
//! `scripts/bench_stats.py` does the bootstrap of the same data with numpy and scipy.

#![allow(missing_docs, reason = "what criterion_group! makes has no docs")]

use criterion::{Criterion, criterion_group, criterion_main};
use esr_bench::stats::{ImageTimes, Round, Samples};
use esr_bench::stats::{Settings, TieBand, compare};
use esr_bench::stats::{Track, rank_uncertainty};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// Entries from 6 ms on, each 4 % slower than the one before, under 2 % of noise.
fn challenge(entries: i32, rounds: u32, images: usize) -> Vec<Samples> {
    let mut rng = Pcg64::seed_from_u64(1);
    let mut times = |ms: f64| -> Vec<f64> { (0..3).map(|_| ms * rng.random_range(0.98..1.02)).collect() };
    (0..entries)
        .map(|entry| Samples {
            label: format!("entry {entry}"),
            rounds: (0..rounds)
                .map(|number| Round {
                    number,
                    images: (0..images)
                        .map(|i| ImageTimes {
                            split: if i % 2 == 0 { "val" } else { "test" }.into(),
                            image: format!("{i:04}"),
                            ms: times(6.0 * 1.04f64.powi(entry)),
                        })
                        .collect(),
                })
                .collect(),
        })
        .collect()
}

/// NTIRE 2024's main score, with the first entry as the baseline.
fn score(runtimes: &[f64]) -> Vec<f64> {
    runtimes.iter().enumerate().map(|(i, ms)| 0.7 * (2.0 * ms / runtimes[0]).exp() + 0.01 * (i % 7) as f64).collect()
}

fn uncertainty(c: &mut Criterion) {
    let samples = challenge(43, 12, 20);
    let settings = Settings::default();
    let mut group = c.benchmark_group("43 entries x 12 rounds x 10,000 resamples");
    group.sample_size(10);
    group.bench_function("by runtime", |b| b.iter(|| rank_uncertainty(&samples, Track::Runtime, settings).unwrap()));
    group
        .bench_function("by score", |b| b.iter(|| rank_uncertainty(&samples, Track::Score(&score), settings).unwrap()));
    group.finish();
    let band = TieBand::of_minimum(0.005);
    c.bench_function("compare a pair over 12 rounds", |b| {
        b.iter(|| compare(&samples[0], &samples[1], band, settings).unwrap())
    });
    let twenty = challenge(2, 40, 20);
    c.bench_function("compare a pair over 40 rounds, 10,000 patterns", |b| {
        b.iter(|| compare(&twenty[0], &twenty[1], band, settings).unwrap())
    });
}

criterion_group!(benches, uncertainty);
criterion_main!(benches);
