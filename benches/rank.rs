//! 10,000 entries x 5 metrics through the ranking function: under 100 ms on one core.

#![allow(missing_docs, reason = "what criterion_group! makes has no docs")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use esr_bench::entry::Entry;
use esr_bench::entry::Metric;
use esr_bench::rank::{Options, every_track, rank};
use esr_bench::rules::Rules;
use esr_bench::stats::samples::CONTROL_SUFFIX;
use esr_bench::stats::{ImageTimes, Protocol, Round, Samples, TimedSession, summarise};
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

/// What `rank --announce --track all` computes for 45 entries of 15 rounds, the baseline and its control: under a second.
fn announce(criterion: &mut Criterion) {
    let mut rng = rand_pcg::Pcg64::seed_from_u64(7);
    let mut samples = |label: String, ms: f64| Samples {
        label,
        rounds: (0..15)
            .map(|number| Round {
                number,
                images: vec![ImageTimes {
                    split: "val".into(),
                    image: "a".into(),
                    ms: vec![ms * rng.random_range(0.98..1.02)],
                }],
            })
            .collect(),
    };
    for edition in ["ntire2022", "ntire2023", "ntire2026"] {
        let rules = Rules::embedded(edition).expect("an embedded edition");
        let name = rules.baseline.as_ref().expect("a baseline").entry.clone();
        let mut entries = entries(46);
        entries[45].team = name.clone();
        let mut timed = Vec::new();
        for (i, entry) in entries.iter_mut().enumerate() {
            let own = samples(entry.team.clone(), 6.0 * 1.02f64.powi(i as i32));
            let runtime = summarise(&own, Protocol::Robust).expect("rounds").runtime_ms;
            entry.metrics.insert(Metric::RuntimeMs, runtime);
            timed.push(own);
        }
        timed.push(samples(format!("{name}{CONTROL_SUFFIX}"), 6.0 * 1.02f64.powi(45)));
        let sessions = [TimedSession::of_samples("run", timed)];
        let boards = || every_track(&entries, &rules, &sessions, &Options::default()).expect("leaderboards");
        assert!(boards().iter().all(|board| board.announcement.is_some()), "{edition}");
        criterion
            .bench_function(&format!("announce 45 entries x 15 rounds, every track of {edition}"), |b| b.iter(boards));
    }
}

criterion_group! {
    name = announcing;
    config = Criterion::default().sample_size(10);
    targets = announce
}
criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = bench
}
criterion_main!(benches, announcing);
