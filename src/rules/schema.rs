//! The schema of `rules.toml`: everything that an edition must fix before a ranking can be computed.
//!
//! An unknown key is an error that names the line and the nearest key. Conditions on several keys are checked in
//! [`crate::rules::validate`]; editions and published tables are found in [`crate::rules::edition`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::entry::Metric;
use crate::graph::Counter;
use crate::stats::Protocol;
use std::path::PathBuf;
/// The origin of rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origin {
    /// The binary: the edition of that id.
    #[default]
    Embedded,
    /// A file.
    File(PathBuf),
}

/// The rules of one edition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The edition's id: its folder's name, or the file's stem.
    #[serde(skip_deserializing)]
    pub id: String,
    /// Where it was read from.
    #[serde(skip)]
    pub origin: Origin,
    /// For people: `NTIRE 2022 Efficient SR`.
    pub title: String,
    /// The year of the challenge.
    pub year: u16,
    /// SR size over LR size.
    #[serde(default = "four")]
    pub scale: u32,
    /// The default track.
    pub default_track: String,
    /// Notes for the reader of every ranking by these rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The published table beside the rules.
    #[serde(default)]
    pub published: PublishedTable,
    /// The splits, in the order in which their metrics are named `val` and `test`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub splits: Vec<Split>,
    /// Which splits the runtime (`val`, `test`, `mean_of_both`) and the peak memory (`val`, `test`) are of; a metric that is
    /// not named is taken as it is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub averages: BTreeMap<Metric, Average>,
    /// How costs are counted.
    pub costs: Costs,
    /// How runtime is measured.
    #[serde(default)]
    pub runtime: Runtime,
    /// Least values of a metric.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cuts: Vec<Cut>,
    /// The baseline of the scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// Metrics in which an entry may not be worse than the baseline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
    /// How ranks by a single metric are given.
    #[serde(default)]
    pub metric_ranks: MetricRanks,
    /// Metrics that every table shows, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<Metric>,
    /// The tracks.
    pub tracks: Vec<Track>,
}

fn four() -> u32 {
    4
}

/// How much of the edition's printed table is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PublishedTable {
    /// Whether `published.csv` holds every row of the printed table.
    pub complete: bool,
    /// A description, or what is missing.
    pub note: String,
}

/// One split of the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// `val` or `test`.
    pub name: String,
    /// The data set and its images.
    pub dataset: String,
    /// The number of images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<u32>,
}

/// How the splits' values become one figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Average {
    /// The validation split's value.
    Val,
    /// The test split's value.
    Test,
    /// The mean of both splits' values, whatever their numbers of images.
    MeanOfBoth,
}

/// How FLOPs and activations are counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// The convention: `hook`, `fvcore` or `macs`.
    pub counter: Counter,
    /// The input's channels, height and width: where `measure --rules` records the operations. There are three channels.
    #[serde(default = "input_256")]
    pub input: [u32; 3],
    /// Operations that may stay uncounted, by their full names: `aten::upsample_bicubic2d`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exempt_ops: Vec<String>,
}

fn input_256() -> [u32; 3] {
    [3, 256, 256]
}

/// How runtime is measured; what is absent is not stated by the organisers. `measure --rules` takes its defaults from here, and
/// a ranking says where a run departs from it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Runtime {
    /// The device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Runs that are averaged: rounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs: Option<u32>,
    /// Whether the network is warmed up before it is timed. If not, timings are taken by the published protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<bool>,
    /// cuDNN's search for the fastest algorithm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cudnn_benchmark: Option<bool>,
    /// TF32 in convolutions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tf32_convolutions: Option<bool>,
    /// TF32 in matrix products.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tf32_matmul: Option<bool>,
}

/// A least value: entries below it are not ranked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// The metric.
    pub metric: Metric,
    /// The least value that passes.
    pub at_least: f64,
    /// Decimals to which a value is rounded before it is compared; absent: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<usize>,
    /// The value that was announced, where another was applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced: Option<f64>,
    /// Whether the applied value is inferred from the table rather than stated.
    #[serde(default)]
    pub inferred: bool,
}

/// The edition's baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The network: `IMDN`.
    pub network: String,
    /// Its team or submission in the published table.
    pub entry: String,
    /// Its figures, as the scores use them where no entry of the source is the baseline.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<Metric, f64>,
    /// The source of `metrics`.
    #[serde(default)]
    pub source: String,
    /// Other figures for it, from other places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherFigure>,
}

/// A figure of the baseline from another source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherFigure {
    /// The metric.
    pub metric: Metric,
    /// Its value in that source.
    pub value: f64,
    /// The source.
    pub source: String,
}

/// "No worse than the baseline in ...".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constraint {
    /// The metric.
    pub metric: Metric,
    /// The tracks in which it holds; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tracks: Vec<String>,
}

/// How ranks by a single metric are given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricRanks {
    /// The treatment of equal values.
    pub ties: Ties,
    /// Which values are compared.
    pub values: Values,
    /// The order of the successive sorts (`stable`), and the metrics that get ranks besides the track's own.
    pub order: Vec<Metric>,
}

/// The treatment of entries that are equal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ties {
    /// They share a rank, and as many ranks are skipped: 1, 1, 3.
    #[default]
    Competition,
    /// They get distinct ranks in the order of the previous sort: by the metric before, finally by name.
    Stable,
}

/// Which values are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Values {
    /// In full precision.
    #[default]
    Full,
    /// Rounded to the decimals that the challenge prints.
    Printed,
}

/// One track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Track {
    /// Its name on the command line.
    pub name: String,
    /// Other names for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// For people: `Sub-track 2: overall performance`.
    #[serde(default)]
    pub title: String,
    /// The quantity that is compared.
    pub by: By,
    /// Tie breakers, in order: metrics, or other tracks (by their figures).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tie_breakers: Vec<String>,
    /// The treatment of entries that are equal after that.
    #[serde(default)]
    pub ties: Ties,
    /// The columns of a published table that print this track.
    #[serde(default)]
    pub printed: PrintedColumns,
}

/// The quantity that a track ranks by. Less is better, unless it is a single metric of which more is better.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// One metric.
    Metric(Metric),
    /// The sum of the ranks by these metrics.
    RankSum(Vec<Metric>),
    /// The weighted sum of exp(k m / m_baseline).
    Score(ScoreRule),
}

impl By {
    /// The metrics that it needs, in the rules' order.
    pub fn metrics(&self) -> Vec<Metric> {
        match self {
            By::Metric(metric) => vec![*metric],
            By::RankSum(metrics) => metrics.clone(),
            By::Score(rule) => rule.weights.keys().copied().collect(),
        }
    }
}

/// The weighted score of 2024 and later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreRule {
    /// The factor in the exponent.
    pub k: f64,
    /// Each metric's weight.
    pub weights: BTreeMap<Metric, f64>,
}

/// The columns of a published table that print a track.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrintedColumns {
    /// The column of its ranks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank: Option<String>,
    /// The column of its rank sums or scores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<String>,
}

impl Rules {
    /// The track of that name or alias.
    pub fn track(&self, name: &str) -> crate::Result<&Track> {
        let found = self.tracks.iter().find(|t| t.name == name || t.aliases.iter().any(|a| a == name));
        found.ok_or_else(|| {
            let names: Vec<&str> = self.tracks.iter().map(|t| t.name.as_str()).collect();
            let all = self.tracks.iter().flat_map(|t| std::iter::once(&t.name).chain(&t.aliases));
            let hint = crate::util::toml_file::nearest(name, all.map(String::as_str));
            crate::Error::Usage(format!("{} has no track `{name}`{hint}; its tracks: {}", self.id, names.join(", ")))
        })
    }

    /// How these rules take timings; `None` where the organisers do not say.
    pub fn protocol(&self) -> Option<Protocol> {
        self.runtime.warm_up.map(|warm| if warm { Protocol::Robust } else { Protocol::Published })
    }

    /// Height and width at which these rules count operations.
    pub fn recorded_at(&self) -> [u32; 2] {
        let [_, height, width] = self.costs.input;
        [height, width]
    }

    /// The rules' own figure of the baseline.
    pub fn baseline_figure(&self, metric: Metric) -> Option<f64> {
        self.baseline.as_ref()?.metrics.get(&metric).copied()
    }
}
