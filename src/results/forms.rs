//! The same network in two forms in one run: the team's own code run eagerly, and the same network without Python. What the
//! eager form takes longer is the cost of launching its operations one by one from Python.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::entry::Trust;
use crate::error::Result;
use crate::graph;
use crate::graph::{Counter, OpGraph};
use crate::run::{Planned, Run, SubmissionResults};
use crate::stats;
use crate::stats::summary::median;
use crate::stats::{Protocol, Samples};

/// Two forms of one network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forms {
    /// The submission that is Python code.
    pub eager: String,
    /// The submission that is not.
    pub other: String,
    /// What the other one is.
    pub class: Trust,
    /// Their times; absent where one of them has none.
    pub overhead: Option<Overhead>,
    /// How their SR images compare.
    pub sr: SameSr,
    /// The costs in which their recorded graphs differ; absent where one of them has no graph.
    pub costs: Option<Vec<CostDifference>>,
}

/// A cost that two recorders do not count alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CostDifference {
    /// `params`, `FLOPs (hook)` and the like.
    pub cost: String,
    /// By the graph of the eager form.
    pub eager: u64,
    /// By the graph of the other form.
    pub other: u64,
}

/// Times of two forms, over the rounds that both have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overhead {
    /// Milliseconds of the eager form.
    pub eager_ms: f64,
    /// Milliseconds of the other form.
    pub other_ms: f64,
    /// Eager minus other in each round, in milliseconds.
    pub rounds_ms: Vec<f64>,
    /// The median of these: the launch overhead.
    pub overhead_ms: f64,
}

/// How the SR images of two forms compare.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SameSr {
    /// Images that both have.
    pub images: usize,
    /// Images whose SR is the same to the byte.
    pub same: usize,
    /// The largest difference of the PSNR-RGB against HR over the other images, in dB; absent where there is no HR.
    pub largest_db: Option<f64>,
}

impl Run {
    /// Every Python submission of the run with every other form of its network: forms of one origin, or with the same weights
    /// file.
    pub fn forms(&self) -> Result<Vec<Forms>> {
        let plan = &self.manifest().plan;
        let samples: BTreeMap<String, Samples> = self.samples().into_iter().map(|s| (s.label.clone(), s)).collect();
        let is_python = |p: &&Planned| p.submission.trust == Trust::Python;
        let mut forms = Vec::new();
        for eager in plan.submissions.iter().filter(is_python) {
            for other in plan.submissions.iter().filter(|p| !is_python(p)) {
                if !self.is_same_network(eager, other) {
                    continue;
                }
                let [one, two] = [eager, other].map(|p| p.submission.name.clone());
                let overhead = match (samples.get(&one), samples.get(&two)) {
                    (Some(one), Some(two)) => overhead(one, two, plan.protocol)?,
                    _ => None,
                };
                let results = &self.results().submissions;
                let sr = match (results.get(&one), results.get(&two)) {
                    (Some(one), Some(two)) => same_sr(one, two),
                    _ => SameSr::default(),
                };
                let costs = match (self.graph(&one)?, self.graph(&two)?) {
                    (Some(one), Some(two)) => Some(different_costs(&one, &two)),
                    _ => None,
                };
                forms.push(Forms { eager: one, other: two, class: other.submission.trust, overhead, sr, costs });
            }
        }
        Ok(forms)
    }

    fn is_same_network(&self, eager: &Planned, other: &Planned) -> bool {
        match (&eager.submission.origin, &other.submission.origin) {
            (Some(one), Some(two)) => one == two,
            _ => {
                let loaded = self.results().submissions.get(&eager.submission.name).and_then(|r| r.loaded.as_ref());
                let read: BTreeSet<&str> = loaded.iter().flat_map(|l| &l.hashes).map(|f| f.sha256.as_str()).collect();
                other.submission.trust == Trust::Registered
                    && other.files.iter().any(|f| read.contains(f.sha256.as_str()))
            }
        }
    }
}

/// Eager against another form, over the rounds that both have; `None` if there are none.
pub fn overhead(eager: &Samples, other: &Samples, protocol: Protocol) -> Result<Option<Overhead>> {
    let common = |of: &Samples, with: &Samples| {
        let mut rounds = of.rounds.clone();
        rounds.retain(|r| with.rounds.iter().any(|o| o.number == r.number));
        rounds.sort_by_key(|r| r.number);
        Samples { label: of.label.clone(), rounds }
    };
    let (eager, other) = (common(eager, other), common(other, eager));
    if eager.rounds.is_empty() {
        return Ok(None);
    }
    let one_round = |samples: &Samples, at: usize| -> Result<f64> {
        let alone = Samples { label: samples.label.clone(), rounds: vec![samples.rounds[at].clone()] };
        Ok(stats::summarise(&alone, protocol)?.runtime_ms)
    };
    let rounds_ms = (0..eager.rounds.len())
        .map(|at| Ok(one_round(&eager, at)? - one_round(&other, at)?))
        .collect::<Result<Vec<f64>>>()?;
    Ok(Some(Overhead {
        eager_ms: stats::summarise(&eager, protocol)?.runtime_ms,
        other_ms: stats::summarise(&other, protocol)?.runtime_ms,
        overhead_ms: median(&rounds_ms),
        rounds_ms,
    }))
}

/// Compares the SR of every image that both have.
pub fn same_sr(one: &SubmissionResults, other: &SubmissionResults) -> SameSr {
    let mut sr = SameSr::default();
    for (key, a) in &one.images {
        let Some(b) = other.images.get(key) else { continue };
        sr.images += 1;
        if a.sr_sha256 == b.sr_sha256 {
            sr.same += 1;
        } else if let (Some(a), Some(b)) = (&a.quality, &b.quality) {
            let difference = (a.psnr_rgb - b.psnr_rgb).abs();
            sr.largest_db = Some(sr.largest_db.map_or(difference, |largest| largest.max(difference)));
        }
    }
    sr
}

/// Parameters, FLOPs by each convention, activations and #conv, where the graphs differ in them.
pub fn different_costs(eager: &OpGraph, other: &OpGraph) -> Vec<CostDifference> {
    let costs = |graph: &OpGraph| {
        let tallies = Counter::ALL.map(|counter| graph::count(graph, counter));
        let first = &tallies[0];
        let own = [("params", first.params), ("activations", first.activations), ("#conv", first.convs)];
        let flops = tallies.iter().map(|tally| (format!("FLOPs ({})", tally.counter), tally.flops));
        own.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(flops).collect::<Vec<_>>()
    };
    let pairs = costs(eager).into_iter().zip(costs(other));
    let differences = pairs.map(|((cost, eager), (_, other))| CostDifference { cost, eager, other });
    differences.filter(|found| found.eager != found.other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Builder;
    use crate::graph::build::Conv2d;
    use crate::quality::Quality;
    use crate::run::ImageQuality;
    use crate::stats::{ImageTimes, Round};

    fn samples(rounds: &[(u32, f64)]) -> Samples {
        let round = |&(number, ms): &(u32, f64)| {
            let image = ImageTimes { split: "val".into(), image: "a".into(), ms: vec![ms] };
            Round { number, images: vec![image] }
        };
        Samples { label: "x".into(), rounds: rounds.iter().map(round).collect() }
    }

    #[test]
    fn the_overhead_is_that_of_the_rounds_that_both_have() {
        let eager = samples(&[(0, 12.0), (1, 13.0), (2, 14.0), (3, 99.0)]);
        let program = samples(&[(2, 10.0), (1, 10.0), (0, 10.0)]);
        let found = overhead(&eager, &program, Protocol::Robust).unwrap().unwrap();
        assert_eq!((found.eager_ms, found.other_ms, found.overhead_ms), (13.0, 10.0, 3.0));
        assert_eq!(found.rounds_ms, [2.0, 3.0, 4.0]);
        assert_eq!(overhead(&eager, &samples(&[(7, 1.0)]), Protocol::Robust).unwrap(), None);
    }

    #[test]
    fn costs_of_two_records_are_the_same_or_named() {
        let graph = |channels: i64| {
            let mut build = Builder::new("x", [1, 3, 8, 8]);
            let y = build.conv2d("head", 0, Conv2d::same(channels, 3));
            build.finish(y)
        };
        assert_eq!(different_costs(&graph(4), &graph(4)), []);
        let found = different_costs(&graph(4), &graph(5));
        let params = CostDifference { cost: "params".into(), eager: 4 * (3 * 9 + 1), other: 5 * (3 * 9 + 1) };
        assert_eq!(found[0], params, "{found:?}");
        let names: Vec<&str> = found.iter().map(|c| c.cost.as_str()).collect();
        assert_eq!(names, ["params", "activations", "FLOPs (hook)", "FLOPs (fvcore)", "FLOPs (macs)"]);
    }

    fn results(images: &[(&str, &str, Option<f64>)]) -> SubmissionResults {
        let image = |&(name, sha, psnr): &(&str, &str, Option<f64>)| {
            let quality = psnr.map(|psnr_rgb| Quality { psnr_rgb, psnr_y: 0.0, ssim_y: 0.0, sse_rgb: 1, n_rgb: 1 });
            let image = ImageQuality {
                submission: "x".into(),
                split: "val".into(),
                image: name.into(),
                sr_sha256: sha.into(),
                quality,
                non_finite: 0,
                range: None,
            };
            (("val".to_owned(), name.to_owned()), image)
        };
        SubmissionResults { images: images.iter().map(image).collect(), ..SubmissionResults::default() }
    }

    #[test]
    fn sr_is_the_same_to_the_byte_or_differs_by_so_many_db() {
        let one = results(&[("a", "1", Some(30.0)), ("b", "2", Some(30.0)), ("c", "3", Some(30.0)), ("d", "4", None)]);
        let other = results(&[("a", "1", Some(30.0)), ("b", "9", Some(30.5)), ("c", "9", Some(29.75))]);
        assert_eq!(same_sr(&one, &other), SameSr { images: 3, same: 1, largest_db: Some(0.5) });
        assert_eq!(same_sr(&one, &one), SameSr { images: 4, same: 4, largest_db: None });
        let blind = results(&[("d", "5", None)]);
        assert_eq!(same_sr(&one, &blind), SameSr { images: 1, same: 0, largest_db: None });
    }
}
