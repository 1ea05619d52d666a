//! From options to a plan: every file is found, read once, and identified before anything is measured.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::measure::input;
use crate::protocol::{Network, PythonNetwork, Switches, Weights};
use crate::quality::Image;
use crate::run::{KeepSr, Limit, Plan, Planned, PlannedImage, Shard, ShardNumber, Source};
use crate::stats::Protocol;
use crate::submission::Submission;
use crate::submission::name::{NAMES, check_name};
use crate::util::toml_file;

/// What a run is to measure, and how; defaults are filled in.
#[derive(Debug, Clone)]
pub struct PlanOptions {
    /// What to measure. Equal names are told apart by a number.
    pub submissions: Vec<Submission>,
    /// On what: a split's name, if one was given, and a folder. Nothing at all, or the word `synthetic`: a synthetic image.
    pub data: Vec<(Option<String>, PathBuf)>,
    /// See [`Plan::device`].
    pub device: String,
    /// See [`Plan::switches`].
    pub switches: Switches,
    /// See [`Plan::protocol`].
    pub protocol: Protocol,
    /// See [`Plan::rounds`].
    pub rounds: u32,
    /// See [`Plan::warmup`]. The published protocol has none.
    pub warmup: u32,
    /// See [`Plan::repeats`]. The published protocol has one.
    pub repeats: u32,
    /// See [`Plan::seed`].
    pub seed: u64,
    /// See [`Plan::baseline`].
    pub baseline: Option<String>,
    /// See [`Plan::limit`].
    pub limit: Limit,
    /// See [`Plan::keep_sr`].
    pub keep_sr: KeepSr,
    /// See [`Plan::recorded_at`].
    pub recorded_at: [u32; 2],
    /// See [`Plan::memory_split`].
    pub memory_split: String,
    /// See [`Plan::rules`].
    pub rules: Option<String>,
    /// Which shard of these submissions is to be measured; absent: all of them in one run.
    pub shard: Option<ShardNumber>,
}

/// Makes the plan.
///
/// # Errors
/// A file that is missing or unreadable; names that collide; scales that differ.
pub fn plan(mut options: PlanOptions) -> Result<Plan> {
    let scale = one_scale(&options.submissions)?;
    let mut submissions = named(std::mem::take(&mut options.submissions))?;
    options.baseline = baseline(&options, &submissions)?;
    let mut shard = None;
    if let Some(number) = options.shard {
        let baseline = options.baseline.as_deref().ok_or_else(|| {
            Error::Usage("--shard needs `--baseline NAME`: shards are joined by their ratios to it".into())
        })?;
        let names = submissions.iter().map(|s| s.name.clone()).collect();
        submissions = share(submissions, number, baseline)?;
        shard = Some(Shard { number: number.number, of: number.of, submissions: names });
    }
    let submissions = submissions.into_iter().map(identified).collect::<Result<_>>()?;
    let images = images_of(&options.data, scale, options.seed)?;
    Ok(Plan { submissions, images, shard, ..settings(&options) })
}

/// The submissions of one shard, in their order.
pub(super) fn share(submissions: Vec<Submission>, shard: ShardNumber, baseline: &str) -> Result<Vec<Submission>> {
    let others = submissions.iter().filter(|s| s.name != baseline).count();
    if others < shard.of as usize {
        return Err(Error::Usage(format!(
            "--shard {shard}: {others} submissions besides the baseline make at most {others} shards"
        )));
    }
    let mut at = 0;
    let of_shard = |submission: &Submission| {
        let is_baseline = submission.name == baseline;
        at += usize::from(!is_baseline);
        is_baseline || shard.has(at - 1)
    };
    Ok(submissions.into_iter().filter(of_shard).collect())
}

/// The plan of no submissions and no images: what is fixed by options of one value.
pub(super) fn settings(options: &PlanOptions) -> Plan {
    let (warmup, repeats) = match options.protocol {
        Protocol::Robust => (options.warmup, options.repeats),
        Protocol::Published => (0, 1),
    };
    Plan {
        submissions: Vec::new(),
        images: Vec::new(),
        device: options.device.clone(),
        switches: options.switches.clone(),
        protocol: options.protocol,
        rounds: options.rounds,
        warmup,
        repeats,
        seed: options.seed,
        baseline: options.baseline.clone(),
        limit: options.limit,
        recorded_at: options.recorded_at,
        memory_split: options.memory_split.clone(),
        rules: options.rules.clone(),
        keep_sr: options.keep_sr,
        shard: options.shard.map(|ShardNumber { number, of }| Shard { number, of, submissions: Vec::new() }),
    }
}

/// The whole name of the baseline.
pub(super) fn baseline<'a>(
    options: &PlanOptions,
    submissions: impl IntoIterator<Item = &'a Submission>,
) -> Result<Option<String>> {
    let names: Vec<&str> = submissions.into_iter().map(|s| s.name.as_str()).collect();
    options.baseline.as_deref().map(|part| meant(part, &names)).transpose()
}

/// The one of `names` that `part` names: the whole name, or any part of it that no other has, whatever its case.
fn meant(part: &str, names: &[&str]) -> Result<String> {
    if names.contains(&part) {
        return Ok(part.to_owned());
    }
    let lower = part.to_lowercase();
    let fits: Vec<&str> = names.iter().copied().filter(|name| name.to_lowercase().contains(&lower)).collect();
    match fits[..] {
        [one] => Ok(one.to_owned()),
        [] => {
            let hint = toml_file::nearest(part, names.iter().copied());
            Err(Error::Usage(format!("no submission `{part}` for the baseline{hint}; there are {}", names.join(", "))))
        }
        _ => Err(Error::Usage(format!("`{part}` for the baseline is part of several names: {}", fits.join(", ")))),
    }
}

fn one_scale(submissions: &[Submission]) -> Result<u32> {
    let first = submissions
        .first()
        .ok_or_else(|| Error::Usage("nothing to measure: name a submission folder, or `--model`".into()))?;
    match submissions.iter().find(|s| s.scale != first.scale) {
        None => Ok(first.scale),
        Some(other) => Err(Error::Usage(format!(
            "one run has one scale: `{}` is x{}, `{}` is x{}",
            first.name, first.scale, other.name, other.scale
        ))),
    }
}

/// The submissions under names that differ.
pub(super) fn named(submissions: Vec<Submission>) -> Result<Vec<Submission>> {
    let mut names = BTreeMap::new();
    let mut named = Vec::new();
    for mut submission in submissions {
        check_name(&submission.name).map_err(|found| Error::Usage(format!("expected {NAMES}, found {found}")))?;
        let own = submission.name.clone();
        let mut number = 2;
        // `A` and `a` would be one file on some file systems.
        // Forms of one network are told apart by their class.
        if names.get(&submission.name.to_lowercase()).is_some_and(|class| *class != submission.trust) {
            submission.name = format!("{own}-{}", submission.trust.name());
        }
        while names.contains_key(&submission.name.to_lowercase()) {
            submission.name = format!("{own}-{number}");
            number += 1;
        }
        names.insert(submission.name.to_lowercase(), submission.trust);
        named.push(submission);
    }
    Ok(named)
}

/// A submission with the hashes of its files.
pub(super) fn identified(mut submission: Submission) -> Result<Planned> {
    let mut files = Vec::new();
    let paths: Vec<&mut PathBuf> = match &mut submission.network {
        Network::Registry { weights: Weights::File { path }, .. } => vec![path],
        Network::Registry { weights: Weights::Random { .. }, .. } => Vec::new(),
        Network::Program { files } => files.iter_mut().collect(),
        // The worker tells which files of a repository it read.
        Network::Python(PythonNetwork::Call { .. }) => Vec::new(),
        Network::Python(PythonNetwork::File { file, weights, .. }) => match weights {
            Weights::File { path } => vec![file, path],
            Weights::Random { .. } => vec![file],
        },
    };
    for path in paths {
        let file = input::identify(path)?;
        // Names as the worker repeats them: what the manifest states is held against what was loaded.
        submission
            .stated_hashes
            .iter_mut()
            .filter(|(stated, _)| stated == path)
            .for_each(|(p, _)| *p = file.path.clone());
        *path = file.path.clone();
        files.push(file);
    }
    Ok(Planned { submission, files })
}

/// The images of some data sets; of none, the synthetic image.
pub(super) fn images_of(data: &[(Option<String>, PathBuf)], scale: u32, seed: u64) -> Result<Vec<PlannedImage>> {
    if data.is_empty() { Ok(vec![synthetic(SYNTHETIC, seed)]) } else { images(data, scale, seed) }
}

fn images(data: &[(Option<String>, PathBuf)], scale: u32, seed: u64) -> Result<Vec<PlannedImage>> {
    let mut images: Vec<PlannedImage> = Vec::new();
    for (split, folder) in data {
        let unique = |images: &[PlannedImage], split: &str| match images.iter().any(|i| i.split == split) {
            false => Ok(()),
            true => Err(Error::Usage(format!(
                "two data sets called `{split}`: `--data NAME={}` renames one",
                folder.display()
            ))),
        };
        if folder.as_os_str() == SYNTHETIC && !folder.exists() {
            let split = split.as_deref().unwrap_or(SYNTHETIC);
            unique(&images, split)?;
            images.push(synthetic(split, seed));
            continue;
        }
        let set = Dataset::open(folder, split.as_deref().unwrap_or_default(), scale)?;
        let split = split.as_ref().unwrap_or(&set.name);
        unique(&images, split)?;
        for pair in &set.pairs {
            let lr = Image::read(&pair.lr)?;
            images.push(PlannedImage {
                split: split.clone(),
                image: pair.image.clone(),
                height: lr.height,
                width: lr.width,
                source: Source::File {
                    lr: input::identify(&pair.lr)?,
                    hr: pair.hr.as_deref().map(input::identify).transpose()?,
                },
            });
        }
    }
    Ok(images)
}

/// What `--data` says for the synthetic image, and its split's name where none is given.
const SYNTHETIC: &str = "synthetic";

fn synthetic(split: &str, seed: u64) -> PlannedImage {
    let side = input::SYNTHETIC;
    PlannedImage {
        split: split.to_owned(),
        image: format!("noise_{side}x{side}"),
        height: side,
        width: side,
        source: Source::Synthetic { seed },
    }
}
