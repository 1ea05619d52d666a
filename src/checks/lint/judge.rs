//! The checks that run the submission.

use crate::checks::lint::finding::{Check, CheckResult, Finding};
use crate::checks::lint::outputs;
use crate::checks::lint::running::{RunningSubmission, Stop};
use crate::error::Result;
use crate::graph;
use crate::graph::Counter;
use crate::graph::{OpGraph, Role, TensorInfo};
use crate::submission::Precision;

/// Odd sizes (height, width), none a multiple of another or of a window.
const SIZES: [[u32; 2]; 3] = [[33, 47], [64, 39], [51, 80]];

/// The size at which the field counts operations.
const RECORDED: [u32; 2] = [256, 256];

/// A common size (height, width) of LR images in the field.
const PHOTOGRAPH: [u32; 2] = [339, 510];

/// Runs the network and judges it. `bound` are the LR sizes that it is bound to; empty: any.
pub(super) fn run(mut running: RunningSubmission<'_>, bound: &[[u32; 2]], findings: &mut Vec<Finding>) -> Result<()> {
    let loaded = match running.load() {
        Ok(loaded) => loaded,
        Err(Stop::Failed { why, .. }) => {
            findings.push(Finding::fail(Check::Loads, why));
            skip(findings, "the network does not load");
            return Ok(());
        }
        Err(Stop::Broken(error)) => return Err(error),
    };
    findings.push(Finding::pass(Check::Loads));
    findings.push(match loaded.parameters {
        // The registry knows which of its networks have none.
        0 if running.submission.card.is_none() => Finding::fail(Check::Parameters, "the network has none"),
        _ => Finding::pass(Check::Parameters),
    });
    let graph = match record(&mut running, bound) {
        Ok(graph) => {
            findings.extend(of_graph(&graph, running.submission.precision));
            if findings.iter().all(|f| f.check != Check::Ops || f.verdict == CheckResult::Pass) && bound.is_empty() {
                at_a_real_size(&mut running, &graph, findings)?;
            }
            Some(graph)
        }
        Err(Stop::Failed { why, .. }) => {
            findings.push(Finding::fail(Check::Ops, why));
            let skip = |check| Finding::skip(check, "the operations could not be recorded");
            findings.extend([Check::Precision, Check::Dtype].map(skip));
            None
        }
        Err(Stop::Broken(error)) => return Err(error),
    };
    if graph.as_ref().is_some_and(|graph| !float_output(graph)) {
        skip(findings, "the output is not an image");
        return Ok(());
    }
    let overlap = running.submission.tile.map_or(0, |tile| tile.overlap);
    findings.extend(outputs::check(&mut running, &sizes(bound, overlap))?);
    findings.push(probes(&mut running)?);
    Ok(())
}

/// Skips every check that needs a running network and has no result yet.
pub(super) fn skip(findings: &mut Vec<Finding>, why: &str) {
    for check in Check::RUNNING {
        if !findings.iter().any(|finding| finding.check == check) {
            findings.push(Finding::skip(check, why));
        }
    }
}

/// An image must be larger than the tiles' overlap.
fn sizes(bound: &[[u32; 2]], overlap: u32) -> Vec<[usize; 2]> {
    if bound.is_empty() {
        SIZES.map(|size| size.map(|side| (side + overlap) as usize)).to_vec()
    } else {
        bound.iter().take(SIZES.len()).map(|size| size.map(|side| side as usize)).collect()
    }
}

fn record(running: &mut RunningSubmission<'_>, bound: &[[u32; 2]]) -> Result<OpGraph, Stop> {
    let size = bound.iter().find(|size| **size == RECORDED).or(bound.first()).copied().unwrap_or(RECORDED);
    let [height, width] = size.map(i64::from);
    let doing = format!("recording at {height} x {width}");
    running.ask(|worker| worker.record([height, width], None, &doing))
}

/// Records at the size of a photograph: a network must not do more there than where its operations are counted.
fn at_a_real_size(running: &mut RunningSubmission<'_>, graph: &OpGraph, findings: &mut Vec<Finding>) -> Result<()> {
    let side = running.submission.tile.map_or(u32::MAX, |tile| tile.size);
    let [height, width] = PHOTOGRAPH.map(|n| i64::from(n.min(side)));
    let doing = format!("recording at {height} x {width}");
    let why = match running.ask(|worker| worker.record([height, width], None, &doing)) {
        Ok(real) => graph::scaling(graph, &real).err(),
        Err(Stop::Failed { why, .. }) => Some(why),
        Err(Stop::Broken(error)) => return Err(error),
    };
    if let Some(why) = why {
        findings.retain(|finding| finding.check != Check::Ops);
        findings.push(Finding::fail(Check::Ops, why));
    }
    Ok(())
}

fn of_graph(graph: &OpGraph, declared: Precision) -> [Finding; 3] {
    [
        match (ops(graph), graph::functional_convolutions(graph)) {
            (Ok(()), (n @ 1.., macs)) => {
                let macs = macs as f64 / 1e9;
                let what = format!("{n} convolutions of {macs:.3} G MACs are no modules: the hook does not see them");
                Finding::remark(Check::Ops, &what)
            }
            (known, _) => Finding::of(Check::Ops, known),
        },
        Finding::of(Check::Precision, graph::precision(graph, declared.dtype())),
        Finding::of(Check::Dtype, dtype(graph)),
    ]
}

fn ops(graph: &OpGraph) -> Result<(), String> {
    let unknown: Vec<String> = [Counter::Hook, Counter::Fvcore, Counter::Macs]
        .into_iter()
        .map(|counter| (counter, graph::count(graph, counter).unknown))
        .filter(|(_, ops)| !ops.is_empty())
        .map(|(counter, ops)| format!("the {counter} counter does not know {}", ops.join(", ")))
        .collect();
    if unknown.is_empty() { Ok(()) } else { Err(unknown.join("; ")) }
}

fn output(graph: &OpGraph) -> Option<&TensorInfo> {
    graph.tensors.iter().find(|tensor| tensor.role == Role::Output)
}

fn float_output(graph: &OpGraph) -> bool {
    output(graph).is_none_or(|tensor| tensor.dtype.contains("float"))
}

fn dtype(graph: &OpGraph) -> Result<(), String> {
    match output(graph) {
        Some(tensor) if !tensor.dtype.contains("float") => {
            Err(format!("expected floats as the output, found {}", tensor.dtype))
        }
        _ => Ok(()),
    }
}

fn probes(running: &mut RunningSubmission<'_>) -> Result<Finding> {
    let probes = &running.submission.checked;
    if probes.is_empty() {
        return Ok(Finding::skip(Check::Probes, "the manifest has none"));
    }
    let doing = "the check against the exporter's outputs";
    match running.ask(|worker| worker.check(probes, doing)) {
        Ok(()) => Ok(Finding::pass(Check::Probes)),
        Err(Stop::Failed { why, .. }) => Ok(Finding::fail(Check::Probes, why)),
        Err(Stop::Broken(error)) => Err(error),
    }
}
