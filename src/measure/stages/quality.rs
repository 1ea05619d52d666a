//! SR of every image, each compared with its HR while the worker waits.

use crate::measure::keep::keep;
use crate::measure::stages::context::{Context, Stop, describe};
use crate::quality;
use crate::quality::Image;
use crate::run::{Event, ImageQuality, Planned};
use crate::worker_process::Worker;

/// Runs every image that was not run yet.
pub(in crate::measure) fn quality(context: &mut Context<'_>, planned: &Planned) -> Result<(), Stop> {
    let missing = context.missing().quality(planned);
    if missing.is_empty() {
        return Ok(());
    }
    context.progress.part(&format!("{}: quality of {} images", planned.submission.name, missing.len()));
    let mut worker = context.ready(planned)?;
    // Does a program give what its exporter saw? One that took on the size that it was exported at does not.
    let probes = &planned.submission.checked;
    if !probes.is_empty() {
        worker.check(probes, "the check against its exporter's records")?;
    }
    for at in missing {
        let event = of_image(context, &mut worker, planned, at)?;
        context.writer.append(Event::Quality(event))?;
        context.progress.step(1);
    }
    Ok(worker.finish("the end of the quality pass")?)
}

fn of_image(context: &Context<'_>, worker: &mut Worker, planned: &Planned, at: usize) -> Result<ImageQuality, Stop> {
    let image = &context.plan.images[at];
    let scale = planned.submission.scale;
    let doing = format!("the quality pass on {}", describe(image));
    let slot = context.put(at, planned)?;
    let inferred = worker.infer(&slot, &doing)?;
    let has_quality = planned.has_quality(context.loaded(planned));
    // Random weights may overflow; what they cost is the same.
    if inferred.non_finite > 0 && has_quality {
        let count = inferred.non_finite;
        return Err(Stop::Failed(format!("{count} values of the output are NaN or infinite during {doing}")));
    }
    let (height, width) = (slot.height * scale as usize, slot.width * scale as usize);
    if (inferred.height, inferred.width) != (height, width) {
        return Err(Stop::Failed(format!(
            "SR of {} x {} during {doing}, expected {height} x {width} (height x width)",
            inferred.height, inferred.width
        )));
    }
    let Some(rgb) = context.exchange.take(&slot, height, width)? else {
        return Err(Stop::Failed(format!("the exchange file was cut short during {doing}")));
    };
    if crate::util::sha256(&rgb) != inferred.sha256 {
        return Err(Stop::Failed(format!("SR differs from the hash that the worker stated during {doing}")));
    }
    let sr = Image::new(height, width, rgb)?;
    let quality = match image.hr() {
        Some(hr) if has_quality => Some(quality::compare(&Image::read(hr)?, &sr, scale)?),
        _ => None,
    };
    let seen = ImageQuality {
        submission: planned.submission.name.clone(),
        split: image.split.clone(),
        image: image.image.clone(),
        sr_sha256: inferred.sha256,
        quality,
        non_finite: inferred.non_finite,
        range: Some(inferred.range).filter(|r| r.iter().all(|v| v.is_finite())),
    };
    keep(context.writer.run(), &seen, &sr)?;
    Ok(seen)
}
