//! Sessions with known noise.

use rand::{RngExt, SeedableRng, seq::SliceRandom};
use rand_pcg::Pcg64;

/// What disturbs a session. Unless said otherwise: 1 % of log-normal noise for each process, and 3 % that a round has in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Noise {
    /// Nothing besides.
    Gaussian,
    /// One process in ten is 20 % slow.
    Heavy,
    /// Heavy, the common drift autocorrelated (0.8), with a slope over the position in the round.
    Drift,
    /// Neighbouring positions of a round are 10 to 30 % slow together.
    Bursts,
    /// Each entry has its own share (2 to 18 %) and size (5 to 40 %) of slow processes.
    UnequalShares,
    /// Heavy, and the spread of an entry's own noise varies (log-normal, 0.7).
    UnequalSpread,
    /// Student's t with three degrees of freedom instead of the normal distribution.
    StudentT,
    /// A skewed own noise: log-normal (0.8) less its mean.
    Skewed,
    /// Heavy, an entry's own noise autocorrelated (0.6): outside the assumptions.
    Lasting,
    /// A Laplace distribution of the same variance instead of the normal one.
    Laplace,
    /// Each process runs in one of two modes, 8 % apart, as on cores of two kinds; three in ten are in the slower one.
    TwoModes,
    /// One process in twenty is 10 % fast, one in twenty 40 % slow.
    BothWays,
    /// The first three rounds are slower (15, 8 and 4 %), each entry to its own degree (half to one and a half of that).
    WarmingUp,
    /// One round in six is 50 % slow, each entry to its own degree (0.8 to 1.2 of that).
    SlowRounds,
}

impl Noise {
    pub(crate) const ALL: [Noise; 9] = [
        Noise::Gaussian,
        Noise::Heavy,
        Noise::Drift,
        Noise::Bursts,
        Noise::UnequalShares,
        Noise::UnequalSpread,
        Noise::StudentT,
        Noise::Skewed,
        Noise::Lasting,
    ];

    /// Noises that no method was tuned on.
    pub(crate) const HELD_OUT: [Noise; 5] =
        [Noise::Laplace, Noise::TwoModes, Noise::BothWays, Noise::WarmingUp, Noise::SlowRounds];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Noise::Gaussian => "Gaussian",
            Noise::Heavy => "heavy tails",
            Noise::Drift => "autocorrelated drift",
            Noise::Bursts => "bursts",
            Noise::UnequalShares => "unequal disturbance",
            Noise::UnequalSpread => "unequal spread",
            Noise::StudentT => "Student's t, 3",
            Noise::Skewed => "skewed",
            Noise::Lasting => "own AR(1) 0.6",
            Noise::Laplace => "held out: Laplace",
            Noise::TwoModes => "held out: two modes",
            Noise::BothWays => "held out: fast and slow",
            Noise::WarmingUp => "held out: warming up",
            Noise::SlowRounds => "held out: slow rounds",
        }
    }
}

/// A standard normal number.
pub(crate) fn normal(rng: &mut Pcg64) -> f64 {
    let (u, v): (f64, f64) = (rng.random_range(f64::MIN_POSITIVE..1.0), rng.random());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// Milliseconds by entry, then by round, of entries whose true runtimes are `truth`.
pub(crate) fn session(truth: &[f64], rounds: usize, noise: Noise, rng: &mut Pcg64) -> Vec<Vec<f64>> {
    let count = truth.len();
    let mut out = vec![Vec::with_capacity(rounds); count];
    let size: Vec<f64> = (0..count).map(|_| rng.random_range(0.05..0.40)).collect();
    let share: Vec<f64> = (0..count).map(|_| rng.random_range(0.02..0.18)).collect();
    let spread: Vec<f64> = (0..count).map(|_| (0.7 * normal(rng)).exp()).collect();
    let held_out = Noise::HELD_OUT.contains(&noise);
    let degree: Vec<f64> = (0..count).map(|_| if held_out { rng.random_range(-0.5..0.5) } else { 0.0 }).collect();
    let mut own: Vec<f64> = (0..count).map(|_| normal(rng)).collect();
    let mut common = normal(rng);
    let mut order: Vec<usize> = (0..count).collect();
    for round in 0..rounds {
        // Shuffled, then mirrored.
        if round % 2 == 0 {
            order.shuffle(rng)
        } else {
            order.reverse()
        }
        common = if noise == Noise::Drift { 0.8 * common + 0.6 * normal(rng) } else { normal(rng) };
        let slope = if noise == Noise::Drift { 0.02 * normal(rng) } else { 0.0 };
        let burst = (noise == Noise::Bursts && rng.random_bool(0.6)).then(|| {
            let first = rng.random_range(0..count);
            first..first + 1 + rng.random_range(0..=(2 * count / 5))
        });
        let whole: f64 = match noise {
            Noise::WarmingUp => [0.15, 0.08, 0.04].get(round).copied().unwrap_or(0.0),
            Noise::SlowRounds if rng.random_bool(1.0 / 6.0) => 0.5,
            _ => 0.0,
        };
        for (position, &entry) in order.iter().enumerate() {
            let fresh = normal(rng);
            own[entry] = match noise {
                Noise::Lasting => 0.6 * own[entry] + 0.8 * fresh,
                Noise::StudentT => {
                    let squares: f64 = (0..3).map(|_| normal(rng).powi(2)).sum();
                    fresh / (squares / 3.0).sqrt()
                }
                Noise::Skewed => (0.8 * fresh).exp() - 0.32f64.exp(),
                Noise::UnequalSpread => spread[entry] * fresh,
                Noise::Laplace => {
                    let u: f64 = rng.random_range(-0.5..0.5);
                    -u.signum() * (1.0 - 2.0 * u.abs()).max(f64::MIN_POSITIVE).ln() / std::f64::consts::SQRT_2
                }
                _ => fresh,
            };
            let slow: f64 = match noise {
                Noise::Heavy | Noise::Drift | Noise::UnequalSpread | Noise::Lasting if rng.random_bool(0.1) => 1.2,
                Noise::Bursts if burst.as_ref().is_some_and(|b| b.contains(&position)) => rng.random_range(1.1..1.3),
                Noise::UnequalShares if rng.random_bool(share[entry]) => 1.0 + size[entry],
                Noise::TwoModes if rng.random_bool(0.3) => 1.08,
                Noise::BothWays if rng.random_bool(0.05) => 0.9,
                Noise::BothWays if rng.random_bool(0.05) => 1.4,
                Noise::WarmingUp => 1.0 + whole * (1.0 + degree[entry]),
                Noise::SlowRounds => 1.0 + whole * (1.0 + 0.4 * degree[entry]),
                _ => 1.0,
            };
            let place = position as f64 / count as f64 - 0.5;
            out[entry].push(truth[entry] * slow * (0.03 * common + slope * place + 0.01 * own[entry]).exp());
        }
    }
    out
}

/// A generator for a cell: equal names, equal sessions.
pub(crate) fn generator(seed: u64) -> Pcg64 {
    Pcg64::seed_from_u64(seed)
}
