//! The session's verdict on itself: whether its runtimes are fit to rank, and if not, why and what to do.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::results::basis::Basis;
use crate::results::control::Control;
use crate::results::scale::samples_of;
use crate::run::{Conditions, Origin, Run};
use crate::stats::{Samples, flips, summary};

/// The level at which intervals are asked for.
const LEVEL: f64 = 0.95;
/// How far one network may be from itself, as a fraction.
const CONTROL_BAND: f64 = 0.02;
/// How far the second half of the rounds may be from the first, for one network, as a fraction.
const DRIFT_BAND: f64 = 0.05;
/// How much of the machine's processors others may keep busy, as a fraction of all of them, in the median round.
const OTHERS: f64 = 0.1;
/// How much of the processors' time a hypervisor may take away, in the median round.
const STEAL: f64 = 0.02;

/// Whether a session is fit to rank.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fitness {
    /// Why it is not; empty: it is.
    pub reasons: Vec<Unfit>,
    /// How far the baseline is from itself, as a fraction: the noise floor. Absent without a control.
    pub noise_floor: Option<f64>,
    /// Rounds that were timed of every submission that did not fail.
    pub rounds: u32,
}

/// One reason why a session is not fit to rank.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Unfit {
    /// Fewer rounds than an interval needs.
    TooFewRounds {
        /// Rounds that all have.
        rounds: u32,
        /// Rounds that an interval needs.
        needed: u32,
    },
    /// No baseline ran under two labels.
    NoControl,
    /// The baseline differs from itself.
    ControlDiffers {
        /// By this fraction.
        difference: f64,
        /// More than this is too much.
        band: f64,
    },
    /// The baseline became slower or faster over the rounds.
    Drift {
        /// The second half relative to the first, less one.
        drift: f64,
        /// More than this is too much.
        band: f64,
    },
    /// Other processes used the processors.
    ForeignLoad {
        /// Processors that they kept busy in the median round.
        processors: f64,
        /// Processors of the machine.
        of: usize,
        /// Names of processes that were seen running, most frequent first.
        names: Vec<String>,
    },
    /// A hypervisor gave the processors to others.
    Steal {
        /// The share of time in the median round.
        share: f64,
    },
    /// A GPU lowered its clocks.
    Throttled {
        /// Rounds (of one submission each) that began so.
        blocks: usize,
        /// The driver's reasons.
        reasons: Vec<String>,
    },
    /// The rounds were measured on more than one machine.
    MachineChanged {
        /// How many.
        machines: usize,
    },
    /// One of the runs that a merged run consists of has a reason of its own.
    Origin {
        /// The run.
        run: String,
        /// Its reason.
        of: Box<Unfit>,
    },
}

impl Run {
    /// The session's verdict on itself.
    pub fn fitness(&self, basis: impl Into<Basis>) -> Result<Fitness> {
        let basis = basis.into();
        let samples = self.ranked_samples(basis.clone());
        let control = self.control(basis)?;
        let again = self.plan().control();
        let failed = |label: &str| {
            let name = self.plan().baseline.as_deref().filter(|_| again.as_deref() == Some(label)).unwrap_or(label);
            self.results().submissions.get(name).is_none_or(|s| !s.failures.is_empty())
        };
        let measured = samples.iter().filter(|s| !failed(&s.label)).map(|s| s.rounds.len()).min();
        let rounds = measured.unwrap_or_default() as u32;
        let mut reasons = Vec::new();
        let needed = flips::fewest_rounds(LEVEL) as u32;
        if rounds < needed {
            reasons.push(Unfit::TooFewRounds { rounds, needed });
        }
        reasons.extend(of_control(control.as_ref()));
        match &self.manifest().merged {
            None => {
                if let Some(control) = &control {
                    reasons.extend(self.drift(&control.baseline, &samples)?);
                }
                let rounds = self.results().rounds.values();
                let conditions: Vec<&Conditions> = rounds.map(|round| &round.conditions).collect();
                reasons.extend(disturbed(&conditions, self.manifest().machine.cpu.threads));
            }
            Some(merged) => {
                for (number, origin) in (1..).zip(&merged.origins) {
                    let of_origin = self.of_origin(number, origin)?.into_iter();
                    reasons.extend(of_origin.map(|of| Unfit::Origin { run: origin.run.clone(), of: Box::new(of) }));
                }
            }
        }
        let machines = self.results().machines.len();
        if machines > 1 {
            reasons.push(Unfit::MachineChanged { machines });
        }
        Ok(Fitness { reasons, noise_floor: control.as_ref().map(Control::floor), rounds })
    }

    /// The reasons of one of the runs that this one was merged from: each had a machine, and a time, of its own.
    fn of_origin(&self, number: u32, origin: &Origin) -> Result<Vec<Unfit>> {
        let results = self.results();
        let mut reasons = Vec::new();
        let baselines = results.baselines.get(&number);
        if let (Some(baseline), Some(rounds)) = (self.plan().baseline.as_deref(), baselines) {
            let labels = self.plan().control().into_iter().chain([baseline.to_owned()]);
            let samples: Vec<Samples> = labels.map(|label| samples_of(rounds, &label)).collect();
            let timed: Vec<Samples> = samples.into_iter().filter(|s| !s.rounds.is_empty()).collect();
            reasons.extend(self.drift(baseline, &timed)?);
        }
        let of_origin = |label: &str| results.origins.get(label) == Some(&number);
        let others = results.rounds.iter().filter(|((label, _), _)| of_origin(label)).map(|(_, round)| round);
        // The first origin has the baseline's rounds in both.
        let shared =
            baselines.into_iter().flatten().filter(|((label, _), _)| !of_origin(label)).map(|(_, round)| round);
        let conditions: Vec<&Conditions> = others.chain(shared).map(|round| &round.conditions).collect();
        reasons.extend(disturbed(&conditions, origin.machine.cpu.threads));
        Ok(reasons)
    }

    /// Whether the baseline's second half differs from its first, both labels together.
    fn drift(&self, baseline: &str, samples: &[Samples]) -> Result<Option<Unfit>> {
        let mut by_round: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for own in samples.iter().filter(|s| s.label == baseline || s.control_of() == Some(baseline)) {
            for (round, ms) in own.rounds.iter().zip(summary::round_runtimes(own, self.plan().protocol)?) {
                by_round.entry(round.number).or_default().push(ms);
            }
        }
        let means: Vec<f64> = by_round.values().map(|ms| summary::mean(ms)).collect();
        Ok(drift_of(&means)
            .filter(|drift| drift.abs() > DRIFT_BAND)
            .map(|drift| Unfit::Drift { drift, band: DRIFT_BAND }))
    }
}

fn of_control(control: Option<&Control>) -> Option<Unfit> {
    match control {
        None => Some(Unfit::NoControl),
        Some(control) if control.floor() > CONTROL_BAND => {
            Some(Unfit::ControlDiffers { difference: control.floor(), band: CONTROL_BAND })
        }
        Some(_) => None,
    }
}

/// The second half relative to the first, less one; of fewer than four rounds nothing can be said.
fn drift_of(rounds: &[f64]) -> Option<f64> {
    let half = rounds.len() / 2;
    (half >= 2).then(|| summary::median(&rounds[rounds.len() - half..]) / summary::median(&rounds[..half]) - 1.0)
}

/// What disturbed a session from outside.
fn disturbed(conditions: &[&Conditions], processors: Option<usize>) -> Vec<Unfit> {
    foreign(conditions, processors).into_iter().chain(throttled(conditions)).collect()
}

fn foreign(conditions: &[&Conditions], processors: Option<usize>) -> Vec<Unfit> {
    let median = |of: fn(&Conditions) -> Option<f64>| {
        let known: Vec<f64> = conditions.iter().filter_map(|c| of(c)).collect();
        (!known.is_empty()).then(|| summary::median(&known))
    };
    let mut reasons = Vec::new();
    if let (Some(busy), Some(of)) = (median(|c| c.activity.others_busy), processors)
        && busy > OTHERS * of as f64
    {
        let mut counts = BTreeMap::<&str, usize>::new();
        conditions.iter().flat_map(|c| &c.running).for_each(|name| *counts.entry(name).or_default() += 1);
        let mut names: Vec<(&str, usize)> = counts.into_iter().collect();
        names.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        let names = names.into_iter().take(3).map(|(name, _)| name.to_owned()).collect();
        reasons.push(Unfit::ForeignLoad { processors: busy, of, names });
    }
    if let Some(share) = median(|c| c.activity.steal).filter(|share| *share > STEAL) {
        reasons.push(Unfit::Steal { share });
    }
    reasons
}

fn throttled(conditions: &[&Conditions]) -> Option<Unfit> {
    let of = |c: &&&Conditions| c.gpus.iter().any(|gpu| !gpu.throttled.is_empty());
    let blocks = conditions.iter().filter(of).count();
    let mut reasons: Vec<String> =
        conditions.iter().flat_map(|c| &c.gpus).flat_map(|gpu| gpu.throttled.iter().cloned()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    (blocks > 0).then_some(Unfit::Throttled { blocks, reasons })
}

impl Fitness {
    /// Whether it is fit to rank.
    pub fn is_fit(&self) -> bool {
        self.reasons.is_empty()
    }

    /// The verdict in one line: the first line of every table that is made from the session.
    pub fn headline(&self) -> String {
        let floor = self
            .noise_floor
            .map_or_else(String::new, |f| format!("; one network differs from itself by {}", percent(f)));
        match self.reasons.len() {
            0 => format!("FIT TO RANK: {}{floor}", counted(self.rounds)),
            1 => "NOT FIT TO RANK, for one reason".to_owned(),
            n => format!("NOT FIT TO RANK, for {n} reasons"),
        }
    }
}

/// The headline, and a line for each reason.
impl fmt::Display for Fitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.headline())?;
        self.reasons.iter().try_for_each(|reason| writeln!(f, "  - {reason}"))
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::TooFewRounds { rounds, needed } => write!(
                f,
                "{}, and a 95 % interval needs {needed}: resume the run with `--rounds {needed}` or more",
                counted(*rounds)
            ),
            Unfit::NoControl => f.write_str(
                "no A/A control, so the noise is not known: measure with `--baseline NAME` and two rounds or more",
            ),
            Unfit::ControlDiffers { difference, band } => write!(
                f,
                "the baseline differs from itself by {}, more than {}: quiet the machine, fix its clocks, and measure again",
                percent(*difference),
                percent(*band)
            ),
            Unfit::Drift { drift, band } => write!(
                f,
                "the baseline's second half of rounds takes {}{} than its first, more than {}: let the machine warm up, fix its clocks, and measure again",
                percent(drift.abs()),
                if *drift > 0.0 { " longer" } else { " less" },
                percent(*band)
            ),
            Unfit::ForeignLoad { processors, of, names } => {
                let seen = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
                write!(
                    f,
                    "other processes{seen} kept {processors:.1} of {of} processors busy: stop them and measure again"
                )
            }
            Unfit::Steal { share } => write!(
                f,
                "the hypervisor took {} of the processors' time: measure on a machine that is not shared",
                percent(*share)
            ),
            Unfit::Throttled { blocks, reasons } => write!(
                f,
                "the GPU had lowered its clocks before {blocks} of the timed blocks ({}): cool it, or lock its clocks lower",
                reasons.join(", ")
            ),
            Unfit::MachineChanged { machines } => {
                write!(f, "the rounds were measured on {machines} machines: measure all of them on one")
            }
            Unfit::Origin { run, of } => write!(f, "{run}: {of}"),
        }
    }
}

fn counted(rounds: u32) -> String {
    if rounds == 1 { "1 round".to_owned() } else { format!("{rounds} rounds") }
}

fn percent(fraction: f64) -> String {
    format!("{:.1} %", 100.0 * fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Gpu;
    use crate::machine::activity::Activity;

    fn busy(others: f64, steal: f64) -> Conditions {
        let activity = Activity { others_busy: Some(others), steal: Some(steal), ..Activity::default() };
        Conditions { activity, running: vec!["cc1plus".into()], ..Conditions::default() }
    }

    #[test]
    fn a_quiet_machine_has_no_reason_and_a_busy_one_has_its_own() {
        let quiet = [busy(0.1, 0.0), busy(0.05, 0.0), busy(3.0, 0.5)];
        assert!(
            foreign(&quiet.iter().collect::<Vec<_>>(), Some(4)).is_empty(),
            "one disturbed block is not the session"
        );
        let loud = [busy(1.5, 0.1), busy(1.0, 0.1), busy(0.0, 0.0)];
        let reasons = foreign(&loud.iter().collect::<Vec<_>>(), Some(4));
        assert_eq!(
            reasons,
            [Unfit::ForeignLoad { processors: 1.0, of: 4, names: vec!["cc1plus".into()] }, Unfit::Steal { share: 0.1 }]
        );
    }

    #[test]
    fn drift_is_the_second_half_against_the_first() {
        assert_eq!(drift_of(&[10.0, 10.0, 10.0]), None);
        assert!(drift_of(&[10.0, 10.0, 50.0, 10.0, 10.0, 10.0]).unwrap().abs() < 1e-12, "one slow round is no drift");
        assert!((drift_of(&[10.0, 10.0, 11.0, 11.0]).unwrap() - 0.1).abs() < 1e-12);
    }

    #[test]
    fn a_control_beyond_its_band_is_a_reason_and_one_within_is_none() {
        let control = |difference| Control { baseline: "a".into(), rounds: 8, difference, interval: None };
        assert_eq!(of_control(Some(&control(-0.01))), None);
        assert!(matches!(of_control(Some(&control(-0.1))), Some(Unfit::ControlDiffers { .. })));
        assert_eq!(of_control(None), Some(Unfit::NoControl));
    }

    #[test]
    fn throttling_is_told_with_the_drivers_reasons() {
        let gpu = |throttled: &[&str]| Conditions {
            gpus: vec![Gpu { throttled: throttled.iter().map(|&t| t.to_owned()).collect(), ..Gpu::default() }],
            ..Conditions::default()
        };
        let (cool, hot) = (gpu(&[]), gpu(&["power cap"]));
        assert_eq!(throttled(&[&cool, &cool]), None);
        assert_eq!(throttled(&[&cool, &hot]), Some(Unfit::Throttled { blocks: 1, reasons: vec!["power cap".into()] }));
    }

    #[test]
    fn the_verdict_is_the_first_line() {
        let fit = Fitness { reasons: Vec::new(), noise_floor: Some(0.004), rounds: 10 };
        assert_eq!(fit.to_string(), "FIT TO RANK: 10 rounds; one network differs from itself by 0.4 %\n");
        let unfit = Fitness { reasons: vec![Unfit::TooFewRounds { rounds: 2, needed: 6 }], ..fit };
        let text = unfit.to_string();
        assert!(
            text.starts_with("NOT FIT TO RANK, for one reason\n  - 2 rounds, and a 95 % interval needs 6"),
            "{text}"
        );
    }
}
