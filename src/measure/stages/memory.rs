//! Peak memory, in a fresh process: a network's earlier forwards leave memory behind that would hide its needs.

use crate::measure::stages::context::{Context, Stop, describe};
use crate::protocol::Memory;
use crate::run::{Event, MeasuredMemory, Planned};

/// Measures the peak on every image that is left to measure it on.
pub(in crate::measure) fn memory(context: &mut Context<'_>, planned: &Planned) -> Result<(), Stop> {
    let missing = context.missing().memory(planned);
    if missing.is_empty() {
        return Ok(());
    }
    let name = &planned.submission.name;
    context.progress.part(&format!("{name}: memory at {} sizes", missing.len()));
    let mut worker = context.ready(planned)?;
    for at in missing {
        let slot = context.put(at, planned)?;
        let image = &context.plan.images[at];
        let Memory { peak_bytes, how } = worker.memory(&slot, &format!("the memory pass on {}", describe(image)))?;
        let (split, image) = image.key();
        let submission = name.clone();
        context.writer.append(Event::Memory(MeasuredMemory { submission, split, image, peak_bytes, how }))?;
        context.progress.step(1);
    }
    Ok(worker.finish("the end of the memory pass")?)
}
