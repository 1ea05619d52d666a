//! One block: one round of one label, timed in one fresh process, and recorded as a whole or not at all.

use std::collections::HashSet;

use crate::machine::activity;
use crate::measure::stages::conditions::Block;
use crate::measure::stages::context::{Context, Stop, describe};
use crate::measure::stages::variants::{Use, secret_order, variant};
use crate::protocol::Timed;
use crate::run::{Check, Checked, Event, Planned, RoundImage, RoundTimes};
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
        if warmup > 0 {
            // The last of them is timed, and its time is of no use.
            time(context, &mut worker, planned, (at, Use::WarmUp), warmup - 1, key.round)?;
        }
        images.push(repeats(context, &mut worker, planned, at, key.round)?);
        context.progress.step(1);
    }
    let used = activity::process_use(&worker.id().to_string());
    let conditions = conditions.end(used);
    worker.finish("the end of a timed round")?;
    let cold_start_ms = cold_start_ms.or_else(|| images.first().and_then(|image| image.ms.first().copied()));
    let BlockKey { label, round, position } = key;
    // An output that differs from its reference is a failure of the block.
    let near = context.references.far.get(&planned.submission.name).cloned().map_or(Ok(()), Err);
    let mut checks = vec![Checked::new(Check::TimedOutputs, Ok(()))];
    // Without a measured quality there is nothing to be near to.
    if planned.has_quality(context.loaded(planned)) && context.plan.images.iter().any(|image| image.hr().is_some()) {
        checks.push(Checked::new(Check::NearbyPixels, near));
    }
    let times = RoundTimes { round, label: label.to_owned(), position, images, cold_start_ms, conditions, checks };
    Ok(context.writer.append(Event::Round(times))?)
}

/// The first forward of the process, where it is not itself a timed one.
fn cold_start(context: &Context<'_>, worker: &mut Worker, planned: &Planned, round: u32) -> Result<Option<f64>, Stop> {
    if context.plan.warmup == 0 || context.plan.images.is_empty() {
        return Ok(None);
    }
    let timed = verified(context, worker, planned, (0, Use::ColdStart), round)?;
    Ok(timed.ms.first().copied())
}

/// Times an image as often as the plan says, each time with other pixels and in an order that nobody knows before.
fn repeats(
    context: &Context<'_>,
    worker: &mut Worker,
    planned: &Planned,
    at: usize,
    round: u32,
) -> Result<RoundImage, Stop> {
    let (mut all_ms, mut all_cpu_ms) = (Vec::new(), Vec::new());
    for n in secret_order(context.plan.repeats) {
        let Timed { ms, cpu_ms, .. } = verified(context, worker, planned, (at, Use::Timed(n)), round)?;
        all_ms.extend(ms);
        all_cpu_ms.extend(cpu_ms);
    }
    let (split, image) = context.plan.images[at].key();
    Ok(RoundImage { split, image, ms: all_ms, cpu_ms: all_cpu_ms })
}

/// Times one forward, and compares its output with what another process gave for these pixels.
fn verified(
    context: &Context<'_>,
    worker: &mut Worker,
    planned: &Planned,
    (at, of): (usize, Use),
    round: u32,
) -> Result<Timed, Stop> {
    let timed = time(context, worker, planned, (at, of), 0, round)?;
    if context.references.hashes.get(&(planned.submission.name.clone(), at, of)) == Some(&timed.sha256) {
        return Ok(timed);
    }
    let doing = doing(context, at, round);
    Err(Stop::Failed(format!("output differs between runs: {doing} against the reference pass")))
}

/// Times one forward of an image's pixels for one use, after `warmup` untimed ones.
fn time(
    context: &Context<'_>,
    worker: &mut Worker,
    planned: &Planned,
    (at, of): (usize, Use),
    warmup: u32,
    round: u32,
) -> Result<Timed, Stop> {
    let pixels = variant(&context.image(at).rgb, context.secret, at, of);
    let slot = context.put_pixels(at, &pixels, planned)?;
    Ok(worker.time(&slot, warmup, 1, &doing(context, at, round))?)
}

fn doing(context: &Context<'_>, at: usize, round: u32) -> String {
    format!("round {}, {}", round + 1, describe(&context.plan.images[at]))
}
