//! Resuming: every option that is given again must agree with the run's plan, or be the number of rounds, which may grow.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::{Error, Result};
use crate::measure::plan::{PlanOptions, baseline, identified, images_of, named, settings, share};
use crate::run::{Plan, Planned};
use crate::stats::Protocol;

/// The options of a command line that were given, and not left at their defaults.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Long names without dashes: `device`, `rounds`. Submissions and data sets are seen by themselves.
    pub options: BTreeSet<String>,
    /// Rounds to add to those of the plan.
    pub add_rounds: Option<u32>,
}

impl Given {
    fn has(&self, option: &str) -> bool {
        self.options.contains(option)
    }
}

/// Options that would have no effect are refused.
pub(super) fn check_effect(options: &PlanOptions, given: &Given) -> Result<()> {
    let idle = ["warmup", "repeats"].into_iter().find(|option| given.has(option));
    match idle.filter(|_| options.protocol == Protocol::Published) {
        Some(option) => Err(Error::Usage(format!(
            "--{option}: the published protocol times one pass without warm-up: leave the option out, or add `--protocol robust`"
        ))),
        None => Ok(()),
    }
}

/// The rounds of the resumed run: those of the plan, or more if they were asked for.
///
/// # Errors
/// The first option that does not agree with the plan, with both values; files that cannot be read.
pub(super) fn rounds(dir: &Path, plan: &Plan, options: &PlanOptions, given: &Given) -> Result<u32> {
    let refuse = |option: &str, planned: &str, found: &str| {
        Err(Error::Usage(format!(
            "--{option}: the run in {} was planned with {planned}, found {found}: leave the option out, or begin another run",
            dir.display()
        )))
    };
    let mut asked = settings(options);
    // A part of the baseline's name stands for the whole.
    asked.baseline = baseline(options, plan.submissions.iter().map(|p| &p.submission)).unwrap_or(asked.baseline);
    let pairs = values(plan).into_iter().zip(values(&asked));
    for ((option, planned), (_, found)) in pairs {
        if given.has(option) && planned != found {
            return refuse(option, &planned, &found);
        }
    }
    same_submissions(dir, plan, options, given)?;
    if !options.data.is_empty() {
        let scale = plan.submissions.first().map_or(4, |p| p.submission.scale);
        let images = images_of(&options.data, scale, plan.seed)?;
        let differs = plan.images.iter().zip(&images).find(|(planned, found)| planned != found);
        if let Some((planned, found)) = differs {
            return refuse("data", &planned.label(), &format!("{} with other contents or name", found.label()));
        }
        if plan.images.len() != images.len() {
            let count = |n: usize| format!("{n} images");
            return refuse("data", &count(plan.images.len()), &count(images.len()));
        }
    }
    match given.add_rounds {
        Some(more) => plan.rounds.checked_add(more).ok_or_else(|| Error::Usage("--add-rounds: too many rounds".into())),
        None if given.has("rounds") && options.rounds < plan.rounds => Err(Error::Usage(format!(
            "--rounds: the run in {} has {} rounds, found {}: rounds can only be added",
            dir.display(),
            plan.rounds,
            options.rounds
        ))),
        None if given.has("rounds") => Ok(options.rounds),
        None => Ok(plan.rounds),
    }
}

/// Every option of one value, as it would be typed.
fn values(plan: &Plan) -> Vec<(&'static str, String)> {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
    let switch = |on: Option<bool>| or_none(on.map(|on| if on { "on" } else { "off" }.to_owned()));
    vec![
        ("device", plan.device.clone()),
        ("threads", or_none(plan.switches.threads.map(|n| n.to_string()))),
        ("tf32-conv", switch(plan.switches.tf32_conv)),
        ("tf32-matmul", switch(plan.switches.tf32_matmul)),
        ("cudnn-benchmark", switch(plan.switches.cudnn_benchmark)),
        ("deterministic", switch(plan.switches.deterministic)),
        ("protocol", plan.protocol.to_string()),
        ("warmup", plan.warmup.to_string()),
        ("repeats", plan.repeats.to_string()),
        ("seed", plan.seed.to_string()),
        ("baseline", or_none(plan.baseline.clone())),
        ("time-limit", plan.limit.forward_s.to_string()),
        ("memory-limit", or_none(plan.limit.memory_mib.map(|mib| mib.to_string()))),
        ("rules", or_none(plan.rules.clone())),
        ("keep-sr", plan.keep_sr.to_string()),
        ("shard", or_none(plan.shard.as_ref().map(|shard| shard.id().to_string()))),
    ]
}

fn same_submissions(dir: &Path, plan: &Plan, options: &PlanOptions, given: &Given) -> Result<()> {
    if options.submissions.is_empty() {
        if given.has("data-range") {
            return Err(Error::Usage(
                "--data-range: the run's plan holds it already; leave it out, or name the weights files as well".into(),
            ));
        }
        return Ok(());
    }
    let mut found = named(options.submissions.clone())?;
    if let (Some(shard), Some(baseline)) = (&plan.shard, &plan.baseline) {
        found = share(found, shard.id(), baseline)?;
    }
    let found = found.into_iter().map(identified).collect::<Result<Vec<_>>>()?;
    if found == plan.submissions {
        return Ok(());
    }
    let names = |all: &[Planned]| {
        let names: Vec<&str> = all.iter().map(|p| p.submission.name.as_str()).collect();
        names.join(", ")
    };
    let (stored, asked) = (names(&plan.submissions), names(&found));
    let what = if stored == asked {
        let differs = plan.submissions.iter().zip(&found).find(|(a, b)| a != b);
        let name = differs.map_or("", |(a, _)| a.submission.name.as_str());
        format!("`{name}` has another manifest, other weights or options than when the run began")
    } else {
        format!("it was planned with {stored}, found {asked}")
    };
    Err(Error::Usage(format!(
        "the submissions of the run in {} do not agree: {what}: name none of them to resume the run as it is",
        dir.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Switches;
    use crate::run::Limit;

    fn options() -> PlanOptions {
        PlanOptions {
            submissions: Vec::new(),
            data: Vec::new(),
            device: "cpu".into(),
            switches: Switches::default(),
            protocol: Protocol::Robust,
            rounds: 4,
            warmup: 2,
            repeats: 3,
            seed: 0,
            baseline: Some("imdn".into()),
            limit: Limit { forward_s: 600.0, memory_mib: None },
            recorded_at: [256, 256],
            memory_split: "val".into(),
            rules: None,
            keep_sr: crate::run::KeepSr::None,
            shard: None,
        }
    }

    fn given(names: &[&str]) -> Given {
        Given { options: names.iter().map(|&name| name.to_owned()).collect(), add_rounds: None }
    }

    fn message(options: &PlanOptions, given: &Given) -> String {
        let plan = settings(&self::options());
        rounds(Path::new("r"), &plan, options, given).map_or_else(|e| e.to_string(), |rounds| rounds.to_string())
    }

    #[test]
    fn an_option_that_was_given_must_agree_and_a_default_need_not() {
        let other = PlanOptions { device: "cuda:3".into(), seed: 9, baseline: Some("nosuch".into()), ..options() };
        assert_eq!(message(&other, &given(&[])), "4", "nothing was given");
        assert_eq!(message(&options(), &given(&["device", "seed", "baseline", "rounds", "warmup"])), "4");
        for (option, words) in [
            ("device", "--device: the run in r was planned with cpu, found cuda:3"),
            ("seed", "--seed: the run in r was planned with 0, found 9"),
            ("baseline", "--baseline: the run in r was planned with imdn, found nosuch"),
        ] {
            let found = message(&other, &given(&[option]));
            assert!(found.starts_with(words), "{found}");
        }
    }

    #[test]
    fn every_setting_is_compared() {
        let names: Vec<&str> = values(&settings(&options())).into_iter().map(|(name, _)| name).collect();
        let other = PlanOptions {
            switches: Switches {
                threads: Some(3),
                tf32_conv: Some(true),
                tf32_matmul: Some(true),
                cudnn_benchmark: Some(true),
                deterministic: Some(true),
            },
            device: "cuda:0".into(),
            protocol: Protocol::Published,
            seed: 1,
            baseline: None,
            limit: Limit { forward_s: 1.0, memory_mib: Some(5) },
            keep_sr: crate::run::KeepSr::All,
            rules: Some("ntire2022".into()),
            shard: Some("2/3".parse().unwrap()),
            ..options()
        };
        for name in names {
            let found = message(&other, &given(&[name]));
            assert!(found.starts_with(&format!("--{name}: the run in r was planned with ")), "{name}: {found}");
        }
    }

    #[test]
    fn rounds_may_grow_and_nothing_else() {
        let with = |rounds| PlanOptions { rounds, ..options() };
        assert_eq!(message(&with(9), &given(&["rounds"])), "9");
        assert_eq!(message(&with(9), &given(&[])), "4");
        assert!(message(&with(3), &given(&["rounds"])).starts_with("--rounds: the run in r has 4 rounds, found 3"));
        assert_eq!(message(&options(), &Given { add_rounds: Some(6), ..Given::default() }), "10");
    }

    #[test]
    fn an_option_without_effect_is_refused() {
        let published = PlanOptions { protocol: Protocol::Published, ..options() };
        assert!(check_effect(&published, &given(&[])).is_ok());
        assert!(check_effect(&options(), &given(&["warmup"])).is_ok());
        let message = check_effect(&published, &given(&["warmup"])).unwrap_err().to_string();
        assert!(message.starts_with("--warmup: the published protocol times one pass"), "{message}");
    }
}
