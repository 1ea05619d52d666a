//! Two submissions: which is faster, by how much, how sure, and how many rounds it would take.

use std::fmt;

use rand::SeedableRng;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::error::Result;
use crate::stats::flips::{Patterns, clipped, fewest_rounds};
use crate::stats::interval::{Interval, deviation};
use crate::stats::samples::Samples;
use crate::stats::summary::{Protocol, RoundTable, median};

/// What every statistic here is computed with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The confidence level.
    pub level: f64,
    /// Resamples of the bootstrap, and the most sign patterns of a test.
    pub resamples: usize,
    /// The random generator's seed: the same seed, the same figures.
    pub seed: u64,
    /// How timings become one figure.
    pub protocol: Protocol,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { level: 0.95, resamples: 10_000, seed: 2022, protocol: Protocol::Robust }
    }
}

/// The band of differences that count as none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TieBand {
    /// What the same network showed against itself under two labels, as a fraction of its runtime; absent: no such control.
    pub aa_floor: Option<f64>,
    /// The stated minimum, as a fraction.
    pub minimum: f64,
}

impl TieBand {
    /// The minimum that is used where none is stated: half a percent.
    pub const DEFAULT_MINIMUM: f64 = 0.005;

    /// A band of a stated minimum, without a control.
    pub fn of_minimum(minimum: f64) -> Self {
        TieBand { aa_floor: None, minimum }
    }

    /// The band with the floor that two labels of one network show: the absolute difference between them.
    ///
    /// # Errors
    /// As [`RoundTable::new`].
    pub fn with_control(minimum: f64, one: &Samples, other: &Samples, protocol: Protocol) -> Result<Self> {
        let table = RoundTable::new(&[one.clone(), other.clone()], protocol)?;
        Ok(TieBand { aa_floor: Some(median(&log_ratios(&table.ms[0], &table.ms[1])).abs().exp_m1()), minimum })
    }

    /// The larger of the two, as a fraction.
    pub fn width(&self) -> f64 {
        self.aa_floor.unwrap_or(0.0).max(self.minimum)
    }
}

/// What can be said of A against B.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// A is faster by more than the tie band.
    Faster,
    /// A is slower by more than the tie band.
    Slower,
    /// They differ by no more than the tie band.
    Same,
    /// The interval allows more than one of these.
    CannotTell,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Faster => "FASTER",
            Verdict::Slower => "SLOWER",
            Verdict::Same => "SAME",
            Verdict::CannotTell => "CANNOT TELL",
        })
    }
}

/// A against B.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// A's label.
    pub a: String,
    /// B's label.
    pub b: String,
    /// A's runtime over the paired rounds, ms.
    pub a_ms: f64,
    /// B's runtime over the paired rounds, ms.
    pub b_ms: f64,
    /// Paired rounds.
    pub rounds: usize,
    /// A's runtime relative to B's, less one: the median of the rounds' ratios. -0.03: A takes 3 % less.
    pub difference: f64,
    /// Its interval, by inverting the test: what differences the data do not reject. Absent: too few rounds.
    pub interval: Option<Interval>,
    /// The p-value of "neither is faster". Absent: too few rounds.
    pub p_value: Option<f64>,
    /// The standard deviation of the rounds' ratios, as a fraction; absent for one round.
    pub round_deviation: Option<f64>,
    /// The band of differences that count as none.
    pub tie_band: TieBand,
    /// The verdict: at most 1 - level of such verdicts are wrong, whatever the true difference is.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub reason: String,
    /// Rounds with which a verdict would be reached in four of five runs, were the difference and the noise as they look now.
    /// Absent: no noise to go by, or the difference lies on the edge of the tie band.
    pub rounds_needed: Option<usize>,
    /// What it was computed with.
    pub settings: Settings,
    /// What had to be left out.
    pub notes: Vec<String>,
}

/// Compares A with B over the rounds that they share.
///
/// # Errors
/// As [`RoundTable::new`].
pub fn compare(a: &Samples, b: &Samples, tie_band: TieBand, settings: Settings) -> Result<Comparison> {
    let table = RoundTable::new(&[a.clone(), b.clone()], settings.protocol)?;
    let ratios = log_ratios(&table.ms[0], &table.ms[1]);
    let rounds = table.rounds();
    let runtimes = table.runtimes();
    let needed = fewest_rounds(settings.level);
    let percent = 100.0 * settings.level;
    let centre = median(&ratios);
    let band = tie_band.width();
    let mut interval = None;
    let mut p_value = None;
    if rounds >= needed {
        let patterns = Patterns::new(rounds, settings.resamples, &mut Pcg64::seed_from_u64(settings.seed));
        let logs = invert(&ratios, &patterns, 1.0 - settings.level);
        interval = Some(Interval { low: logs.low.min(centre).exp_m1(), high: logs.high.max(centre).exp_m1() });
        p_value = Some(patterns.p_value(&ratios));
    }
    // The band is the same in either direction: A against B is the opposite of B against A.
    let (low_edge, high_edge) = (1.0 / (1.0 + band) - 1.0, band);
    let plural = if rounds == 1 { "" } else { "s" };
    let (verdict, reason) = match interval {
        None => (
            Verdict::CannotTell,
            format!(
                "{rounds} paired round{plural}: {percent} % take at least {needed}, so there is no interval and no p-value"
            ),
        ),
        Some(i) if i.high < low_edge => (Verdict::Faster, "the whole interval lies below the tie band".to_owned()),
        Some(i) if i.low > high_edge => (Verdict::Slower, "the whole interval lies above the tie band".to_owned()),
        Some(i) if i.low >= low_edge && i.high <= high_edge => {
            (Verdict::Same, "the whole interval lies within the tie band".to_owned())
        }
        Some(i) if i.contains(0.0) => (Verdict::CannotTell, "either could be the faster one".to_owned()),
        Some(_) => (Verdict::CannotTell, "the difference may or may not exceed the tie band".to_owned()),
    };
    let round_deviation = (rounds > 1).then(|| robust_deviation(&ratios));
    let margin = (centre.abs() - band.ln_1p()).abs();
    Ok(Comparison {
        a: a.label.clone(),
        b: b.label.clone(),
        a_ms: runtimes[0],
        b_ms: runtimes[1],
        rounds,
        difference: centre.exp_m1(),
        interval,
        p_value,
        round_deviation,
        tie_band,
        verdict,
        reason,
        rounds_needed: round_deviation.and_then(|sd| rounds_needed(sd, margin, settings.level)),
        settings,
        notes: table.notes,
    })
}

/// ln(a / b) by round: symmetric in A and B, and what is common to a round cancels.
pub(super) fn log_ratios(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| (a / b).ln()).collect()
}

/// The shifts that the test does not reject.
fn invert(differences: &[f64], patterns: &Patterns, alpha: f64) -> Interval {
    let shifted = |by: f64| -> Vec<f64> { differences.iter().map(|d| d - by).collect() };
    let (least, most) = differences.iter().fold((f64::MAX, f64::MIN), |(l, m), &d| (l.min(d), m.max(d)));
    // Beyond the extremes all differences have one sign: rejected. Where the clipped sum is zero: p = 1.
    let centre = bisect(least, most, |shift| clipped(&shifted(shift)).iter().sum::<f64>() > 0.0);
    let rejected = |shift: f64| patterns.p_value(&shifted(shift)) <= alpha;
    Interval { low: bisect(least, centre, rejected), high: bisect(centre, most, |shift| !rejected(shift)) }
}

/// Where `holds` turns from true to false between `from` and `to`.
fn bisect(mut from: f64, mut to: f64, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..50 {
        let middle = 0.5 * (from + to);
        if middle <= from || middle >= to {
            break;
        }
        if holds(middle) { from = middle } else { to = middle }
    }
    0.5 * (from + to)
}

/// The standard deviation after the test's own clipping.
fn robust_deviation(ratios: &[f64]) -> f64 {
    let centre = median(ratios);
    deviation(&clipped(&ratios.iter().map(|r| r - centre).collect::<Vec<_>>()))
}

/// The rounds with which a paired t-test at `level` tells a difference of `margin` from none with 80 % power, the rounds'
/// differences having standard deviation `deviation` (both as log ratios). At least what any test needs; `None` beyond a million.
pub fn rounds_needed(deviation: f64, margin: f64, level: f64) -> Option<usize> {
    const POWER: f64 = 0.8;
    let enough = |n: usize| {
        StudentsT::new(0.0, 1.0, (n - 1) as f64).is_ok_and(|t| {
            (t.inverse_cdf(0.5 + level / 2.0) + t.inverse_cdf(POWER)) * deviation <= margin * (n as f64).sqrt()
        })
    };
    let fewest = fewest_rounds(level).max(2);
    let mut high = fewest;
    while !enough(high) {
        high *= 2;
        if high > 1_000_000 {
            return None;
        }
    }
    let mut low = fewest.max(high / 2);
    while low < high {
        let middle = (low + high) / 2;
        if enough(middle) { high = middle } else { low = middle + 1 }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::samples::{ImageTimes, Round};

    /// One image a round.
    pub(crate) fn samples(label: &str, ms: &[f64]) -> Samples {
        let round = |(number, ms): (usize, &f64)| Round {
            number: number as u32,
            images: vec![ImageTimes { split: "val".into(), image: "a".into(), ms: vec![*ms] }],
        };
        Samples { label: label.into(), rounds: ms.iter().enumerate().map(round).collect() }
    }

    const NOISE: [f64; 8] = [0.4, -0.3, 0.1, -0.5, 0.6, -0.1, 0.3, -0.4];

    fn run(percent: f64, noise: f64, rounds: usize) -> Comparison {
        let a: Vec<f64> = NOISE.iter().map(|n| 10.0 * (1.0 + percent / 100.0) * (1.0 + n * noise / 100.0)).collect();
        let a = samples("a", &a[..rounds]);
        let b = samples("b", &[10.0; 8][..rounds]);
        compare(&a, &b, TieBand::of_minimum(0.005), Settings::default()).unwrap()
    }

    #[test]
    fn the_four_verdicts() {
        assert_eq!(run(-3.0, 1.0, 8).verdict, Verdict::Faster);
        assert_eq!(run(3.0, 1.0, 8).verdict, Verdict::Slower);
        assert_eq!(run(0.1, 0.5, 8).verdict, Verdict::Same);
        assert_eq!(run(0.1, 20.0, 8).verdict, Verdict::CannotTell);
        assert_eq!(run(0.1, 20.0, 8).reason, "either could be the faster one");
        assert_eq!(run(0.5, 0.3, 8).verdict, Verdict::CannotTell);
        assert_eq!(run(0.5, 0.3, 8).reason, "the difference may or may not exceed the tie band");
    }

    #[test]
    fn too_few_rounds_give_a_sentence_instead_of_a_p_value() {
        let c = run(-50.0, 0.0, 5);
        assert_eq!((c.verdict, c.p_value, c.interval), (Verdict::CannotTell, None, None));
        assert_eq!(c.reason, "5 paired rounds: 95 % take at least 6, so there is no interval and no p-value");
        let one = run(-50.0, 0.0, 1);
        assert_eq!((one.round_deviation, one.rounds_needed), (None, None));
    }

    #[test]
    fn the_other_way_round_is_the_opposite() {
        let a = samples("a", &NOISE.map(|n| 10.0 + n));
        let b = samples("b", &NOISE.map(|n| 10.7 - n * n));
        let there = compare(&a, &b, TieBand::of_minimum(0.01), Settings::default()).unwrap();
        let back = compare(&b, &a, TieBand::of_minimum(0.01), Settings::default()).unwrap();
        assert!(((1.0 + there.difference) * (1.0 + back.difference) - 1.0).abs() < 1e-12);
        let (i, j) = (there.interval.unwrap(), back.interval.unwrap());
        assert!(((1.0 + i.low) * (1.0 + j.high) - 1.0).abs() < 1e-9, "{i:?} {j:?}");
        assert_eq!(there.p_value, back.p_value);
    }

    #[test]
    fn the_interval_and_the_p_value_agree() {
        for percent in [0.0, 0.2, 0.4, 0.6] {
            let c = run(percent, 1.0, 8);
            assert_eq!(c.interval.unwrap().contains(0.0), c.p_value.unwrap() > 0.05, "{c:?}");
        }
    }

    #[test]
    fn the_control_widens_the_tie_band() {
        let a = samples("imdn", &[10.0; 8]);
        let again = samples("imdn again", &[10.2; 8]);
        let band = TieBand::with_control(0.005, &a, &again, Protocol::Robust).unwrap();
        assert!((band.width() - 0.02).abs() < 1e-12);
        assert_eq!(compare(&a, &again, band, Settings::default()).unwrap().verdict, Verdict::Same);
    }

    #[test]
    fn rounds_needed_as_power_tables_say() {
        // Paired t, effect of half a standard deviation, 80 % power, 5 %: 34 pairs.
        let n = rounds_needed(1.0, 0.5, 0.95).unwrap();
        assert!((33..=34).contains(&n), "{n}");
        assert_eq!(rounds_needed(0.01, 1.0, 0.95), Some(6));
        assert_eq!(rounds_needed(1.0, 0.0, 0.95), None);
        assert_eq!(rounds_needed(0.0, 0.0, 0.95), Some(6));
    }
}
