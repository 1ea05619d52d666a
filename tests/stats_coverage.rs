//! Sessions simulated with known noise: do intervals cover the truth as often as they claim, and are verdicts as seldom wrong?
//!
//! Noise of a session: a slow drift common to each round, each process's own log-normal noise, and one process in twenty that is
//! 20 % slow (the size seen in ten published runs of one network). The ordinary test simulates few sessions with generous limits;
//! the full 2,000 are `cargo test --release --test stats_coverage -- --ignored --nocapture`.

use esr_bench::stats::ranks::competition_ranks;
use esr_bench::stats::{ImageTimes, Round, Samples};
use esr_bench::stats::{Settings, TieBand, Verdict, compare};
use esr_bench::stats::{Track, rank_uncertainty};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use statrs::distribution::{ContinuousCDF, Normal};

/// How a session is disturbed.
#[derive(Clone, Copy)]
struct Noise {
    /// Standard deviation of a process's own noise, as a fraction.
    own: f64,
    /// Of what is common to a round.
    common: f64,
    /// The share of processes that are 20 % slow.
    disturbed: f64,
}

const NOISE: Noise = Noise { own: 0.01, common: 0.03, disturbed: 0.05 };

fn session(truth: &[f64], rounds: u32, noise: Noise, rng: &mut Pcg64) -> Vec<Samples> {
    let standard = Normal::new(0.0, 1.0).unwrap();
    let normal = |rng: &mut Pcg64| standard.inverse_cdf(rng.random_range(1e-12..1.0));
    let common: Vec<f64> = (0..rounds).map(|_| (noise.common * normal(rng)).exp()).collect();
    let sample = |(i, ms): (usize, &f64)| Samples {
        label: format!("entry {i}"),
        rounds: (0..rounds)
            .map(|number| {
                let slow = if rng.random_bool(noise.disturbed) { 1.2 } else { 1.0 };
                let ms = ms * common[number as usize] * (noise.own * normal(rng)).exp() * slow;
                let images = vec![ImageTimes { split: "val".into(), image: "a".into(), ms: vec![ms] }];
                Round { number, images }
            })
            .collect(),
    };
    truth.iter().enumerate().map(sample).collect()
}

/// Shares of sessions or entries, counted.
#[derive(Default)]
struct Coverage {
    entries: usize,
    covered: usize,
    sessions: usize,
    all_covered: usize,
    runtimes_covered: usize,
    wide: f64,
}

impl Coverage {
    /// By entry.
    fn rate(&self) -> f64 {
        self.covered as f64 / self.entries as f64
    }

    /// All entries of a session at once.
    fn joint(&self) -> f64 {
        self.all_covered as f64 / self.sessions as f64
    }
}

/// Simulates sessions of one truth. An interval covers if it holds every rank of the entry's tie.
fn ranks(truth: &dyn Fn(&mut Pcg64) -> Vec<f64>, rounds: u32, sessions: usize, noise: Noise) -> Coverage {
    let mut rng = Pcg64::seed_from_u64(20_220_622);
    let mut out = Coverage::default();
    // The bootstrap plays no part in the intervals.
    let settings = Settings { resamples: 2048, ..Settings::default() };
    for seed in 0..sessions as u64 {
        let truth = truth(&mut rng);
        let best = competition_ranks(&truth);
        let samples = session(&truth, rounds, noise, &mut rng);
        let u = rank_uncertainty(&samples, Track::Runtime, Settings { seed, ..settings }).unwrap();
        let mut all = true;
        for (i, entry) in u.entries.iter().enumerate() {
            let worst = best[i] + truth.iter().filter(|&&t| t == truth[i]).count() as u32 - 1;
            let covers = |(low, high): (u32, u32)| low <= best[i] && worst <= high;
            let interval = entry.rank_interval.unwrap();
            out.covered += usize::from(covers(interval));
            all &= covers(entry.joint_rank_interval.unwrap());
            out.wide += f64::from(interval.1 - interval.0 + 1);
            out.runtimes_covered += usize::from(entry.runtime_interval.unwrap().contains(truth[i]));
        }
        out.entries += truth.len();
        out.sessions += 1;
        out.all_covered += usize::from(all);
    }
    out
}

/// Three groups of four exact ties, 10 % apart: the least favourable truth for an interval.
fn tied(_: &mut Pcg64) -> Vec<f64> {
    [20.0, 22.0, 24.2].iter().flat_map(|ms| [*ms; 4]).collect()
}

/// Twelve entries that all differ, by a hundredth of the noise.
fn nearly_tied(_: &mut Pcg64) -> Vec<f64> {
    (0..12).map(|i| 20.0 * (1.0 + 0.0001 * f64::from(i))).collect()
}

/// Neighbours differ by 0.4 %: about one standard error of a difference over 12 rounds.
fn close(_: &mut Pcg64) -> Vec<f64> {
    (0..12).map(|i| 20.0 * 1.004f64.powi(i)).collect()
}

/// Neighbours differ by 10 %.
fn apart(_: &mut Pcg64) -> Vec<f64> {
    (0..12).map(|i| 20.0 * 1.1f64.powi(i)).collect()
}

/// A verdict is wrong if it claims what is not so.
fn verdicts(true_difference: f64, band: f64, sessions: usize) -> (f64, f64) {
    let mut rng = Pcg64::seed_from_u64(7);
    let (mut wrong, mut claimed) = (0, 0);
    for seed in 0..sessions as u64 {
        let samples = session(&[20.0 * (1.0 + true_difference), 20.0], 12, NOISE, &mut rng);
        let settings = Settings { seed, ..Settings::default() };
        let c = compare(&samples[0], &samples[1], TieBand::of_minimum(band), settings).unwrap();
        let right = match c.verdict {
            Verdict::CannotTell => continue,
            Verdict::Faster => true_difference < 0.0 && 1.0 / (1.0 + true_difference) - 1.0 > band,
            Verdict::Slower => true_difference > band,
            Verdict::Same => true_difference <= band && 1.0 / (1.0 + true_difference) - 1.0 <= band,
        };
        claimed += 1;
        wrong += usize::from(!right);
    }
    (wrong as f64 / sessions as f64, claimed as f64 / sessions as f64)
}

fn report(name: &str, c: &Coverage) {
    eprintln!(
        "{name}: {:.2} % by entry, {:.2} % all at once, {:.2} places wide, runtimes {:.2} %",
        100.0 * c.rate(),
        100.0 * c.joint(),
        c.wide / c.entries as f64,
        100.0 * c.runtimes_covered as f64 / c.entries as f64,
    );
}

#[test]
fn rank_intervals_cover_ties_as_often_as_they_claim() {
    let c = ranks(&tied, 10, 150, NOISE);
    report("tied", &c);
    // 1,800 intervals, in groups that share their rounds: two standard errors are about 2 %.
    assert!((0.92..=0.98).contains(&c.rate()), "{}", c.rate());
    assert!(c.joint() >= 0.90, "{}", c.joint());
}

#[test]
fn verdicts_are_seldom_wrong_and_do_come() {
    for (difference, band) in [(0.0, 0.0), (0.005, 0.005), (-0.003, 0.0), (0.05, 0.005)] {
        let (wrong, claimed) = verdicts(difference, band, 300);
        eprintln!("difference {difference}, band {band}: wrong {wrong:.4}, claimed {claimed:.4}");
        // 5 % and two standard errors.
        assert!(wrong <= 0.075, "difference {difference}: {wrong}");
        if difference == 0.05 {
            assert!(claimed > 0.9, "{claimed}");
        }
    }
}

#[test]
#[ignore = "2,000 sessions of each kind take minutes without optimisation"]
fn two_thousand_sessions() {
    let quiet = Noise { disturbed: 0.0, ..NOISE };
    for (name, noise) in [("normal", quiet), ("disturbed", NOISE)] {
        for rounds in [8, 12] {
            let run = |truth: &dyn Fn(&mut Pcg64) -> Vec<f64>| ranks(truth, rounds, 2000, noise);
            let c = run(&tied);
            report(&format!("{name}, {rounds} rounds, tied in groups of four"), &c);
            assert!((0.93..=0.97).contains(&c.rate()), "{}", c.rate());
            assert!(c.joint() >= 0.93, "{}", c.joint());
            for (kind, truth) in [
                ("nearly tied", &nearly_tied as &dyn Fn(&mut Pcg64) -> Vec<f64>),
                ("a standard error apart", &close),
                ("10 % apart", &apart),
            ] {
                let c = run(truth);
                report(&format!("{name}, {rounds} rounds, {kind}"), &c);
                assert!(c.rate() >= 0.95 && c.joint() >= 0.94, "{} {}", c.rate(), c.joint());
            }
        }
    }
    for band in [0.0, 0.005] {
        for difference in [0.0, 0.002, 0.005, -0.005, 0.01, 0.02, -0.05] {
            let (wrong, claimed) = verdicts(difference, band, 2000);
            eprintln!(
                "difference {difference}, band {band}: wrong {:.2} %, claimed {:.2} %",
                100.0 * wrong,
                100.0 * claimed
            );
            assert!(wrong <= 0.06, "difference {difference}: {wrong}");
        }
    }
}
