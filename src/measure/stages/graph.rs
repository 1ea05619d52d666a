//! The record of the operations, in a fresh process: the first forward shows what the network is made of, later ones may have
//! been rewritten by the backend.

use crate::measure::stages::context::{Context, Stop};
use crate::run::Planned;

/// Records the operations, if they were not recorded yet.
pub(in crate::measure) fn graph(context: &mut Context<'_>, planned: &Planned) -> Result<(), Stop> {
    if !context.missing().graph(planned) {
        return Ok(());
    }
    let name = &planned.submission.name;
    context.progress.part(&format!("{name}: operations"));
    let [height, width] = context.plan.recorded_at;
    let doing = format!("recording at {height} x {width}");
    let mut worker = context.ready(planned)?;
    let graph = worker.record([height.into(), width.into()], None, &doing)?;
    worker.finish(&doing)?;
    context.writer.append_graph(name, &graph)?;
    context.progress.step(1);
    Ok(())
}
