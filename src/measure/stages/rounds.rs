//! One block: one round of one label, timed in one fresh process, and recorded as a whole or not at all.

use std::collections::HashSet;

use crate::machine::activity;
use crate::measure::stages::conditions::Block;
use crate::measure::stages::context::{Context, Stop, describe};
use crate::protocol::Timed;
use crate::run::{Event, Planned, RoundImage, RoundTimes};
use crate::worker_process::Worker;

/// Which block is timed.
#[derive(Debug, Clone, Copy)]
pub(in crate::measure) struct BlockKey<'a> {
    /// The submission's name, or the baseline's second label.
    pub(in crate::measure) label: &'a str,
    /// From 0.
    pub(in crate::measure) round: u32,
    /// Its place in the round's order.
    pub(in crate::measure) position: usize,
}

/// Times a block.
pub(in crate::measure) fn block(context: &mut Context<'_>, planned: &Planned, key: BlockKey<'_>) -> Result<(), Stop> {
    context.progress.part(&format!("round {} of {}: {}", key.round + 1, context.plan.rounds, key.label));
    context.progress.pause_redrawing();
    let conditions = Block::begin(&context.plan.device);
    let mut worker = context.ready(planned)?;
    let cold_start_ms = cold_start(context, &mut worker, planned, key.round)?;
    let mut warm: HashSet<(usize, usize)> = HashSet::new();
    let mut images = Vec::new();
    for at in 0..context.plan.images.len() {
        let image = &context.plan.images[at];
        let first = warm.insert((image.height, image.width));
        // The cold start was the first of the untimed forwards.
        let done = u32::from(at == 0 && cold_start_ms.is_some());
        let warmup = if first { context.plan.warmup - done } else { 0 };
        images.push(time(context, &mut worker, planned, at, (warmup, context.plan.repeats), key.round)?);
        context.progress.step(1);
    }
    let used = activity::process_use(&worker.id().to_string());
    let conditions = conditions.end(used);
    worker.finish("the end of a timed round")?;
    let cold_start_ms = cold_start_ms.or_else(|| images.first().and_then(|image| image.ms.first().copied()));
    let BlockKey { label, round, position } = key;
    let times = RoundTimes { round, label: label.to_owned(), position, images, cold_start_ms, conditions };
    Ok(context.writer.append(Event::Round(times))?)
}

/// The first forward of the process, where it is not itself a timed one.
fn cold_start(context: &Context<'_>, worker: &mut Worker, planned: &Planned, round: u32) -> Result<Option<f64>, Stop> {
    if context.plan.warmup == 0 || context.plan.images.is_empty() {
        return Ok(None);
    }
    let image = time(context, worker, planned, 0, (0, 1), round)?;
    Ok(image.ms.first().copied())
}

fn time(
    context: &Context<'_>,
    worker: &mut Worker,
    planned: &Planned,
    at: usize,
    (warmup, repeats): (u32, u32),
    round: u32,
) -> Result<RoundImage, Stop> {
    let image = &context.plan.images[at];
    let doing = format!("round {}, {}", round + 1, describe(image));
    let slot = context.put(at, planned)?;
    let Timed { ms, cpu_ms, sha256 } = worker.time(&slot, warmup, repeats, &doing)?;
    if ms.len() != repeats as usize || !ms.iter().all(|ms| ms.is_finite() && *ms > 0.0) {
        return Err(Stop::Failed(format!("expected {repeats} positive times during {doing}, found {ms:?}")));
    }
    let key = image.key();
    let results = context.writer.run().results().submissions.get(&planned.submission.name);
    let expected = results.and_then(|r| r.images.get(&key)).map(|q| q.sr_sha256.as_str());
    if expected != Some(sha256.as_str()) {
        return Err(Stop::Failed(format!("output differs between runs: {doing} against the quality pass")));
    }
    Ok(RoundImage { split: key.0, image: key.1, ms, cpu_ms })
}
