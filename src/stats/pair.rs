//! Two submissions: which is faster, by how much, how sure, and how many rounds it would take.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::flips::fewest_rounds;
use super::interval::{Interval, deviation};
use super::matrix::Matrix;
use super::planning::{Plan, plan};
use super::remark::percent;
use super::samples::Samples;
use super::settings::Settings;
use super::shift::PairRounds;
use crate::error::{Error, Result};

/// The band of differences that count as none, as a fraction. The rules or the user state it; what a control happened to show is
/// reported beside it (see [`super::control`]) and never widens it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TieBand(pub f64);

impl TieBand {
    /// The band that is used where none is stated: half a percent.
    pub const DEFAULT: TieBand = TieBand(0.005);
}

/// What can be said of A against B.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Comparison {
    /// A's label.
    pub a: String,
    /// B's label.
    pub b: String,
    /// A's runtime, ms, at the ratio that the paired rounds give: `a_ms / b_ms - 1` is `difference`.
    pub a_ms: f64,
    /// B's runtime, ms, likewise. The geometric mean of the two is that of their own figures.
    pub b_ms: f64,
    /// Their own figures, each over all its rounds, as a leaderboard shows them, ms.
    pub figures_ms: (f64, f64),
    /// Rounds that both have.
    pub rounds: usize,
    /// Of these, rounds in which one of the two was disturbed, which the test leaves out.
    pub disturbed: usize,
    /// A's runtime relative to B's, less one: the median of the rounds' ratios. -0.03: A takes 3 % less.
    pub difference: f64,
    /// Its interval, by inverting the test: what differences the data do not reject; jointly for all pairs that were asked for. Absent: too few rounds.
    pub interval: Option<Interval>,
    /// The p-value of "neither is faster", adjusted for all pairs that were asked for. Absent: too few rounds.
    pub p_value: Option<f64>,
    /// The standard deviation of the rounds' ratios, as a fraction, disturbed rounds left out; absent for one round.
    pub round_deviation: Option<f64>,
    /// The band of differences that count as none.
    pub tie_band: TieBand,
    /// The verdict: at most 1 - level of such verdicts are wrong, whatever the true differences are, over all pairs that were asked for.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub reason: String,
    /// Rounds for a verdict: a planning figure. Absent: no noise to go by.
    pub plan: Option<Plan>,
    /// Pairs that were asked for at once, and looks: what the level was shared among.
    pub pairs: usize,
    /// What it was computed with.
    pub settings: Settings,
}

/// Compares two submissions of one session, with nothing else to go by.
///
/// # Errors
/// As [`compare_pairs`] and [`Matrix::of_sessions`].
pub fn compare(a: &Samples, b: &Samples, tie_band: TieBand, settings: Settings) -> Result<Comparison> {
    // Equal labels would be one entry: the rows are named by position.
    let mut matrix = Matrix::of_session(&[named("a", a), named("b", b)], settings.protocol)?;
    let rows = [matrix.row("a"), matrix.row("b")];
    let [Some(row_a), Some(row_b)] = rows else {
        let submission = if rows[0].is_none() { a.label.clone() } else { b.label.clone() };
        return Err(Error::Submission { submission, reason: "no round was timed".into() });
    };
    (matrix.labels[row_a], matrix.labels[row_b]) = (a.label.clone(), b.label.clone());
    compare_pairs(&matrix, &[(row_a, row_b)], tie_band, settings)?
        .pop()
        .ok_or_else(|| Error::Usage("there is nothing to compare".into()))
}

fn named(name: &str, samples: &Samples) -> Samples {
    Samples { label: name.into(), rounds: samples.rounds.clone() }
}

/// Compares pairs of rows of `matrix`. Rounds are paired within a session only, and all other rows help to find disturbed ones. The level is shared
/// among the pairs (Bonferroni): all statements hold together.
///
/// # Errors
/// A pair that shares no round.
pub fn compare_pairs(
    matrix: &Matrix,
    pairs: &[(usize, usize)],
    tie_band: TieBand,
    settings: Settings,
) -> Result<Vec<Comparison>> {
    pairs.iter().map(|&(a, b)| of_pair(matrix, a, b, pairs.len(), tie_band, settings)).collect()
}

fn of_pair(
    matrix: &Matrix,
    a: usize,
    b: usize,
    pairs: usize,
    tie_band: TieBand,
    settings: Settings,
) -> Result<Comparison> {
    let rounds = PairRounds::of(matrix, a, b);
    let label = |row: usize| matrix.labels[row].clone();
    if rounds.shared == 0 {
        let (a, b) = (label(a), label(b));
        return Err(Error::Usage(format!("{a}, {b} share no round: rounds are paired by number within one session")));
    }
    let alpha = settings.alpha() / pairs.max(1) as f64;
    let tested = rounds.test(alpha, settings);
    let interval = tested.map(|(logs, _)| Interval { low: logs.low.exp_m1(), high: logs.high.exp_m1() });
    let centre = if rounds.ratios.is_empty() { (matrix.figure(a) / matrix.figure(b)).ln() } else { rounds.centre() };
    let (verdict, reason) = verdict(interval, &rounds, tie_band.0, alpha, pairs);
    let figures_ms = (matrix.figure(a), matrix.figure(b));
    let level = (figures_ms.0 * figures_ms.1).sqrt();
    Ok(Comparison {
        a: label(a),
        b: label(b),
        a_ms: level * (0.5 * centre).exp(),
        b_ms: level * (-0.5 * centre).exp(),
        figures_ms,
        rounds: rounds.shared,
        disturbed: rounds.shared - rounds.ratios.len(),
        difference: centre.exp_m1(),
        interval,
        p_value: tested.map(|(_, p)| (p * pairs as f64).min(1.0)),
        round_deviation: (rounds.ratios.len() > 1).then(|| deviation(&rounds.ratios)),
        tie_band,
        verdict,
        reason,
        plan: plan(&rounds, tie_band.0.ln_1p(), alpha, settings.seed),
        pairs,
        settings,
    })
}

fn verdict(interval: Option<Interval>, rounds: &PairRounds, band: f64, alpha: f64, pairs: usize) -> (Verdict, String) {
    // The band is the same in either direction: A against B is the opposite of B against A.
    let (low_edge, high_edge) = (1.0 / (1.0 + band) - 1.0, band);
    let (verdict, reason) = match interval {
        None => return (Verdict::CannotTell, too_few(rounds, alpha, pairs)),
        Some(i) if i.high < low_edge => (Verdict::Faster, "the whole interval lies below the tie band"),
        Some(i) if i.low > high_edge => (Verdict::Slower, "the whole interval lies above the tie band"),
        Some(i) if i.low >= low_edge && i.high <= high_edge => {
            (Verdict::Same, "the whole interval lies within the tie band")
        }
        Some(i) if i.contains(0.0) => (Verdict::CannotTell, "either could be the faster one"),
        Some(_) => (Verdict::CannotTell, "the difference may or may not exceed the tie band"),
    };
    if matches!(verdict, Verdict::Faster | Verdict::Slower) && !rounds.sessions_agree() {
        return (Verdict::CannotTell, "the sessions contradict each other".to_owned());
    }
    (verdict, reason.to_owned())
}

fn too_few(rounds: &PairRounds, alpha: f64, pairs: usize) -> String {
    let needed = fewest_rounds(1.0 - alpha);
    let plural = if rounds.shared == 1 { "" } else { "s" };
    let lost = match rounds.shared - rounds.ratios.len() {
        0 => String::new(),
        n => format!(" ({n} of them disturbed)"),
    };
    let percent = percent(1.0 - alpha);
    let among = if pairs > 1 { format!(" for each of {pairs} pairs") } else { String::new() };
    format!(
        "{} paired round{plural}{lost}: {percent} %{among} take at least {needed}, so there is no interval and no p-value",
        rounds.shared
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::samples::{ImageTimes, Round};

    /// One image a round.
    fn samples(label: &str, ms: &[f64]) -> Samples {
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
        compare(&a, &b, TieBand::DEFAULT, Settings::default()).unwrap()
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
        assert_eq!((one.round_deviation, one.plan), (None, None));
    }

    #[test]
    fn the_other_way_round_is_the_opposite() {
        let a = samples("a", &NOISE.map(|n| 10.0 + n));
        let b = samples("b", &NOISE.map(|n| 10.7 - n * n));
        let there = compare(&a, &b, TieBand(0.01), Settings::default()).unwrap();
        let back = compare(&b, &a, TieBand(0.01), Settings::default()).unwrap();
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
    fn printed_runtimes_and_the_printed_difference_agree() {
        // Medians 10.0 and 10.0; the median of the ratios is not 1.
        let a = samples("a", &[9.0, 10.0, 20.0, 10.0, 10.0, 9.5]);
        let b = samples("b", &[10.0, 11.0, 10.0, 9.0, 10.5, 9.0]);
        let c = compare(&a, &b, TieBand::DEFAULT, Settings::default()).unwrap();
        assert!((c.a_ms / c.b_ms - 1.0 - c.difference).abs() < 1e-12);
        assert!((c.a_ms * c.b_ms - c.figures_ms.0 * c.figures_ms.1).abs() < 1e-9);
    }

    #[test]
    fn several_pairs_share_the_level() {
        let rows: Vec<Vec<f64>> = [0.0, 0.45, 4.0]
            .iter()
            .map(|p| {
                NOISE
                    .iter()
                    .enumerate()
                    .map(|(r, n)| 10.0 + p / 10.0 + n * 0.1 * ((r as f64 + p) * 1.3).sin())
                    .collect()
            })
            .collect();
        let labels = ["a", "b", "c"].map(String::from).to_vec();
        let matrix = Matrix::from_rows(labels, &rows, Settings::default().protocol);
        let one = compare_pairs(&matrix, &[(0, 2)], TieBand(0.0), Settings::default()).unwrap();
        let three = compare_pairs(&matrix, &[(0, 2), (0, 1), (1, 2)], TieBand(0.0), Settings::default()).unwrap();
        assert_eq!(three[0].p_value.unwrap(), 3.0 * one[0].p_value.unwrap());
        let (narrow, wide) = (one[0].interval.unwrap(), three[0].interval.unwrap());
        assert!(wide.low < narrow.low && wide.high > narrow.high);
        // 95 % for each of 8 pairs takes nine rounds.
        let many = compare_pairs(&matrix, &[(0, 2); 8], TieBand(0.0), Settings::default()).unwrap();
        assert_eq!(
            many[0].reason,
            "8 paired rounds: 99.375 % for each of 8 pairs take at least 9, so there is no interval and no p-value"
        );
    }

    #[test]
    fn rounds_of_different_sessions_are_not_paired() {
        use crate::stats::matrix::Session;
        let session =
            |name: &str, label: &str| Session { name: name.into(), samples: vec![samples(label, &[10.0; 8])] };
        let matrix =
            Matrix::of_sessions(&[session("one", "a"), session("two", "b")], Settings::default().protocol).unwrap();
        let error = compare_pairs(&matrix, &[(0, 1)], TieBand::DEFAULT, Settings::default()).unwrap_err();
        assert_eq!(error.to_string(), "a, b share no round: rounds are paired by number within one session");
    }

    #[test]
    fn sessions_that_contradict_each_other_give_no_verdict() {
        use crate::stats::matrix::Session;
        let session = |name: &str, a: f64, rounds: usize| Session {
            name: name.into(),
            samples: vec![samples("a", &vec![a; rounds]), samples("b", &vec![10.0; rounds])],
        };
        let of = |last: f64| {
            let sessions = [session("one", 9.0, 12), session("two", last, 2)];
            let matrix = Matrix::of_sessions(&sessions, Settings::default().protocol).unwrap();
            compare_pairs(&matrix, &[(0, 1)], TieBand::DEFAULT, Settings::default()).unwrap().swap_remove(0)
        };
        assert_eq!(of(9.1).verdict, Verdict::Faster);
        assert_eq!(
            (of(11.0).verdict, of(11.0).reason),
            (Verdict::CannotTell, "the sessions contradict each other".to_owned())
        );
    }
}
