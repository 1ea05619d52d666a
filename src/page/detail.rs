//! One entry of a run, with everything that its section shows.

use serde::Serialize;

use crate::error::Result;
use crate::graph::Counter;
use crate::page::checks::{Check, checks};
use crate::page::costs::{Costs, costs};
use crate::page::runtime::{Timings, short, timings};
use crate::protocol::{Network, Weights};
use crate::results::WorstImage;
use crate::run::{Moment, Planned, Run, SubmissionResults};
use crate::stats::Samples;

/// Everything of one entry.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Detail {
    /// Where it comes from: network, files, hashes, settings.
    pub provenance: Vec<Fact>,
    /// Checks of its records.
    pub checks: Vec<Check>,
    /// What failed, and when, retried failures included.
    pub incidents: Vec<Incident>,
    /// Its timings.
    pub timings: Timings,
    /// PSNR-RGB of each planned image, dB.
    pub psnr: Vec<Option<f64>>,
    /// SSIM of the luma of each planned image.
    pub ssim: Vec<Option<f64>>,
    /// The images on which it fails most.
    pub worst: Vec<WorstImage>,
    /// What its graph tells.
    pub costs: Option<Costs>,
}

/// A name and a value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fact {
    /// What.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Fact {
    pub(super) fn new(name: impl Into<String>, value: impl Into<String>) -> Fact {
        Fact { name: name.into(), value: value.into() }
    }
}

/// Something that went wrong, or was tried again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Incident {
    /// When.
    pub at: jiff::Timestamp,
    /// In which stage; `retry` where the failures were forgotten.
    pub stage: String,
    /// Why.
    pub reason: String,
}

/// Looks at one submission of a run.
///
/// # Errors
/// Its graph cannot be read, or is not the recorded one.
pub(super) fn detail(
    run: &Run,
    planned: &Planned,
    results: &SubmissionResults,
    (samples, history, counter): (&[Samples], &[Moment], Counter),
) -> Result<Detail> {
    let name = &planned.submission.name;
    let costs = run.graph(name)?.map(|graph| costs(&graph, counter));
    let images = &run.plan().images;
    let quality = |figure: fn(&crate::quality::Quality) -> f64| -> Vec<Option<f64>> {
        let of = |key| results.images.get(&key).and_then(|i| i.quality.as_ref()).map(|q| short(figure(q)));
        images.iter().map(|i| of(i.key())).collect()
    };
    let unknown = costs.as_ref().map(|c| c.unknown.as_slice());
    Ok(Detail {
        provenance: provenance(planned, results),
        checks: checks(run, planned, results, unknown),
        incidents: incidents(history, name),
        timings: samples.iter().find(|s| s.label == *name).map(|s| timings(run, s)).unwrap_or_default(),
        psnr: quality(|q| q.psnr_rgb),
        ssim: quality(|q| q.ssim_y),
        worst: Vec::new(),
        costs,
    })
}

fn incidents(history: &[Moment], name: &str) -> Vec<Incident> {
    let of = |moment: &Moment| {
        let (stage, reason) = match moment.event.as_str() {
            "failure" => (moment.stage?.to_string(), moment.reason.clone().unwrap_or_default()),
            "retry" => {
                ("retry".to_owned(), "its failures were forgotten, and what failed was measured again".to_owned())
            }
            _ => return None,
        };
        (moment.submission.as_deref() == Some(name)).then_some(Incident { at: moment.at, stage, reason })
    };
    history.iter().filter_map(of).collect()
}

/// File names without their folders: a page is published, and folders tell of people.
fn provenance(planned: &Planned, results: &SubmissionResults) -> Vec<Fact> {
    let submission = &planned.submission;
    let mut facts = Vec::new();
    match &submission.network {
        Network::Registry { arch, config, weights } => {
            facts.push(Fact::new("Network", format!("{arch} (registered)")));
            if !config.is_empty() {
                facts.push(Fact::new("Hyperparameters", serde_json::to_string(config).unwrap_or_default()));
            }
            if let Weights::Random { seed } = weights {
                facts.push(Fact::new("Weights", format!("random, seed {seed}")));
            }
        }
        other => facts.push(Fact::new("Network", kind(other))),
    }
    for file in &planned.files {
        let name = file.path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        facts.push(Fact::new(name, format!("SHA-256 {}", file.sha256)));
    }
    facts.push(Fact::new("Scale", format!("x{}", submission.scale)));
    facts.push(Fact::new("Data range", format!("0 to {}", submission.data_range)));
    if let Some(tile) = &submission.tile {
        facts.push(Fact::new("Tiles", format!("{} pixels, {} shared", tile.size, tile.overlap)));
    }
    if let Some(loaded) = &results.loaded {
        facts.push(Fact::new("Parameters", crate::text::grouped(loaded.parameters)));
        for (name, value) in &loaded.settings {
            facts.push(Fact::new(name, value.to_string()));
        }
        facts.extend(loaded.notes.iter().map(|note| Fact::new("Loader", note)));
    }
    if let Some(graph) = &results.graph {
        facts.push(Fact::new("Recorded graph", format!("{} operations, SHA-256 {}", graph.ops, graph.sha256)));
    }
    facts
}

/// What kind of network this is, by the name that records give it.
fn kind(network: &Network) -> String {
    let value = serde_json::to_value(network).unwrap_or_default();
    value.get("kind").and_then(|k| k.as_str()).unwrap_or("network").to_owned()
}
