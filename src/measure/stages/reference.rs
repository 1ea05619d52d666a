//! What timed forwards must give: the outputs for their pixels, computed in another process before the rounds.

use crate::measure::stages::context::{Context, Stop, describe};
use crate::measure::stages::variants::{Use, variant};
use crate::protocol::{Inferred, Slot};
use crate::run::Planned;
use crate::util::sha256;
use crate::worker_process::Worker;

/// How near the output for changed pixels must be to the output for the image itself, whose PSNR was measured, in decibels.
/// The changes themselves are 63 dB from the image.
const NEAREST_DB: f64 = 40.0;

/// Computes the references of a submission for this session, unless none of its rounds is missing.
pub(in crate::measure) fn reference(context: &mut Context<'_>, planned: &Planned) -> Result<(), Stop> {
    let name = &planned.submission.name;
    let labels = context.plan.labels();
    let missing = context.missing();
    let mut of_it = labels.iter().filter(|(_, submission)| submission == name);
    let rounds = context.plan.rounds;
    if !of_it.any(|(label, _)| (0..rounds).any(|round| missing.round(label, round))) {
        return Ok(());
    }
    context.progress.part(&format!("{name}: reference outputs of {} images", context.plan.images.len()));
    let mut worker = context.ready(planned)?;
    for at in 0..context.plan.images.len() {
        let found = of_image(context, &mut worker, planned, at)?;
        context.references.far.extend(found.far.map(|why| (name.clone(), why)));
        let keyed = found.hashes.into_iter().map(|(of, hash)| ((name.clone(), at, of), hash));
        context.references.hashes.extend(keyed);
    }
    Ok(worker.finish("the end of the reference pass")?)
}

struct OfImage {
    hashes: Vec<(Use, String)>,
    far: Option<String>,
}

fn of_image(context: &Context<'_>, worker: &mut Worker, planned: &Planned, at: usize) -> Result<OfImage, Stop> {
    let image = &context.plan.images[at];
    let doing = format!("the reference pass on {}", describe(image));
    let has_quality = image.hr().is_some() && planned.has_quality(context.loaded(planned));
    let rgb = &context.image(at).rgb;
    let slot = context.put(at, planned)?;
    let (inferred, itself) = infer(context, worker, planned, &slot, &doing)?;
    let results = context.results(planned);
    let seen = results.and_then(|r| r.images.get(&image.key())).map(|q| q.sr_sha256.as_str());
    if seen != Some(inferred.sha256.as_str()) {
        return Err(Stop::Failed(format!("output differs between runs: {doing} against the quality pass")));
    }
    let mut found = OfImage { hashes: Vec::new(), far: None };
    // The cold start is a result as well; untimed forwards are none.
    let cold = (at == 0 && context.plan.warmup > 0).then_some(Use::ColdStart);
    for of in cold.into_iter().chain((0..context.plan.repeats).map(Use::Timed)) {
        let changed = variant(rgb, context.secret, at, of);
        let slot = context.put_pixels(at, &changed, planned)?;
        let (inferred, sr) = infer(context, worker, planned, &slot, &doing)?;
        let near = psnr(&itself, &sr);
        if has_quality && near < NEAREST_DB {
            found.far = Some(format!(
                "an image whose values differ by at most one step gives an output that is {near:.1} dB from that of the image \
                 itself, expected {NEAREST_DB} dB or more, during {doing}: the quality that was measured is not that of the \
                 network that is timed"
            ));
        }
        found.hashes.push((of, inferred.sha256));
    }
    Ok(found)
}

fn infer(
    context: &Context<'_>,
    worker: &mut Worker,
    planned: &Planned,
    slot: &Slot,
    doing: &str,
) -> Result<(Inferred, Vec<u8>), Stop> {
    let inferred = worker.infer(slot, doing)?;
    let scale = planned.submission.scale as usize;
    let Some(sr) = context.exchange.take(slot, slot.height * scale, slot.width * scale)? else {
        return Err(Stop::Failed(format!("the exchange file was cut short during {doing}")));
    };
    if sha256(&sr) != inferred.sha256 {
        return Err(Stop::Failed(format!("SR differs from the hash that the worker stated during {doing}")));
    }
    Ok((inferred, sr))
}

/// Of two images of the same size, over all bytes; infinite where they are equal.
fn psnr(a: &[u8], b: &[u8]) -> f64 {
    let squares: u64 = a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum();
    let mean = squares as f64 / a.len().max(1) as f64;
    10.0 * (255.0 * 255.0 / mean).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn psnr_is_infinite_between_equal_images_and_48_at_one_step() {
        assert_eq!(psnr(&[1, 2, 3], &[1, 2, 3]), f64::INFINITY);
        assert!((psnr(&[1, 2, 3], &[2, 1, 4]) - 48.13).abs() < 0.01);
    }
}
