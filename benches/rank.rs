//! 10,000 entries x 5 metrics through the ranking function: under 100 ms on one core.

#![allow(missing_docs, reason = "what criterion_group! makes has no docs")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use esr_bench::entry::Entry;
use esr_bench::entry::Metric;
use esr_bench::rank::rank;
use esr_bench::rules::Rules;
use rand::{RngExt, SeedableRng};

/// Entries with the spread of a challenge's metrics, and as many ties as its printed digits make.
fn entries(n: usize) -> Vec<Entry> {
    let mut rng = rand_pcg::Pcg64::seed_from_u64(2022);
    let mut figure = |low: f64, high: f64| low * (high / low).powf(rng.random::<f64>());
    (0..n)
        .map(|i| Entry {
            team: format!("team {i:05}"),
            metrics: [
                (Metric::RuntimeMs, figure(20.0, 300.0)),
                (Metric::ParamsM, figure(0.1, 1.0)),
                (Metric::FlopsG, figure(5.0, 150.0)),
                (Metric::ActsM, figure(40.0, 1000.0)),
                (Metric::MemM, figure(200.0, 2500.0)),
                (Metric::PsnrVal, 29.0),
                (Metric::PsnrTest, 28.7),
            ]
            .into(),
            ..Entry::default()
        })
        .collect()
}

fn bench(criterion: &mut Criterion) {
    let entries = entries(10_000);
    for (edition, track) in [("ntire2022", "overall"), ("ntire2023", "overall"), ("ntire2026", "main")] {
        let rules = Rules::embedded(edition).expect("an embedded edition");
        criterion.bench_function(&format!("rank 10000 entries, {edition} {track}"), |b| {
            b.iter(|| rank(black_box(&entries), &rules, track).expect("a leaderboard"))
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = bench
}
criterion_main!(benches);
