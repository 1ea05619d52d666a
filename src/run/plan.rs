//! What a run sets out to do. It is fixed when the run begins, but for the number of rounds, which may grow.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::protocol::{FileHash, Loaded, Network, Switches, Weights};
use crate::run::keep::KeepSr;
use crate::run::shard::Shard;
use crate::stats::Protocol;
use crate::stats::samples::CONTROL_SUFFIX;
use crate::submission::Submission;

/// The whole plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Plan {
    /// What is measured; names are unique.
    pub submissions: Vec<Planned>,
    /// On what; (split, image) is unique.
    pub images: Vec<PlannedImage>,
    /// `cpu` or `cuda:N`.
    pub device: String,
    /// Precision and thread settings.
    pub switches: Switches,
    /// How timings are taken and summarised.
    pub protocol: Protocol,
    /// Timed rounds; a round runs every submission in a fresh process. A resumed run may have got more of them.
    pub rounds: u32,
    /// Untimed forwards before the first timed one of each distinct input shape in a process.
    pub warmup: u32,
    /// Timed forwards of each image in each round.
    pub repeats: u32,
    /// The seed of the order of submissions, of synthetic images, and of random weights.
    pub seed: u64,
    /// The name of the submission that runs under two labels, as a control.
    pub baseline: Option<String>,
    /// What a request may cost.
    pub limit: Limit,
    /// Which SR images are kept as files.
    #[serde(default, skip_serializing_if = "KeepSr::is_none")]
    pub keep_sr: KeepSr,
    /// Height and width at which the operations are recorded.
    #[serde(default = "recorded_at")]
    pub recorded_at: [u32; 2],
    /// The split whose images the peak memory is measured on, if the run has it; else all images.
    #[serde(default = "memory_split")]
    pub memory_split: String,
    /// The edition whose rules gave the defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<String>,
    /// Which shard of a larger plan this is, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

fn recorded_at() -> [u32; 2] {
    [256, 256]
}

fn memory_split() -> String {
    "val".to_owned()
}

/// A submission, and the files that it is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Planned {
    /// What to run.
    pub submission: Submission,
    /// SHA-256 of its weights or programs when the run began.
    pub files: Vec<FileHash>,
}

/// One LR image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedImage {
    /// `val`, `test`, or the data set's name.
    pub split: String,
    /// Its name in the split.
    pub image: String,
    /// LR rows.
    pub height: usize,
    /// LR columns.
    pub width: usize,
    /// Where it comes from.
    pub source: Source,
}

/// Where an LR image comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Source {
    /// A file, perhaps with its HR.
    File {
        /// LR.
        lr: FileHash,
        /// HR; absent: quality cannot be measured.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hr: Option<FileHash>,
    },
    /// Seeded noise: fit for efficiency alone.
    Synthetic {
        /// The seed.
        seed: u64,
    },
}

/// What a request may cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Limit {
    /// Seconds for each forward, and for loading.
    pub forward_s: f64,
    /// Resident memory of a worker, in units of 1024^2 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u64>,
}

impl Plan {
    /// The submission called `name`.
    pub fn submission(&self, name: &str) -> Option<&Planned> {
        self.submissions.iter().find(|p| p.submission.name == name)
    }

    /// The image called `image` in `split`.
    pub fn image(&self, split: &str, image: &str) -> Option<&PlannedImage> {
        self.images.iter().find(|i| i.split == split && i.image == image)
    }

    /// The second label of the baseline, if it has one: the A/A control is timed only where rounds can be compared.
    pub fn control(&self) -> Option<String> {
        self.baseline.as_ref().filter(|_| self.rounds > 1).map(|baseline| format!("{baseline}{CONTROL_SUFFIX}"))
    }

    /// Every label that rounds are timed under, with its submission's name. The control of the baseline comes last, and
    /// only where rounds can be compared.
    pub fn labels(&self) -> Vec<(String, String)> {
        let mut labels: Vec<(String, String)> =
            self.submissions.iter().map(|p| (p.submission.name.clone(), p.submission.name.clone())).collect();
        if let (Some(control), Some(baseline)) = (self.control(), &self.baseline) {
            labels.push((control, baseline.clone()));
        }
        labels
    }
}

impl Planned {
    /// Whether its outputs can be compared with HR: seeded weights are fit for efficiency alone. A network that turns out to
    /// have none (`loaded`) needs no file of them.
    pub fn has_quality(&self, loaded: Option<&Loaded>) -> bool {
        let random = matches!(&self.submission.network, Network::Registry { weights: Weights::Random { .. }, .. });
        !random || loaded.is_some_and(|l| l.parameters + l.buffers == 0)
    }
}

impl PlannedImage {
    /// (split, image): what records call it by.
    pub fn key(&self) -> (String, String) {
        (self.split.clone(), self.image.clone())
    }

    /// `Set5/baby`.
    pub fn label(&self) -> String {
        format!("{}/{}", self.split, self.image)
    }

    /// Its HR, if it has one.
    pub fn hr(&self) -> Option<&PathBuf> {
        match &self.source {
            Source::File { hr: Some(hr), .. } => Some(&hr.path),
            _ => None,
        }
    }
}
