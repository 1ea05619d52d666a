//! The record of the operations, at the size at which they are counted and at real sizes. Each network is recorded in a fresh
//! process: the first forward shows what it is made of, later ones may have been rewritten by the backend.

use crate::graph::{precision, scaling};
use crate::measure::stages::context::{Context, Stop};
use crate::protocol::Tile;
use crate::run::{Check, Checked, Plan, Planned};

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
    let told = context.loaded(planned).and_then(|loaded| loaded.network.as_ref()?.tile);
    let mut at_real_sizes = Ok(());
    for [height, width] in real_sizes(&context.plan, planned.submission.tile.or(told)) {
        let doing = format!("recording at {height} x {width}");
        let real = worker.record([height, width], None, &doing)?;
        at_real_sizes = at_real_sizes.and_then(|()| scaling(&graph, &real));
    }
    worker.finish(&doing)?;
    // What was imported from a repository declares nothing: its manifest was not written by its team.
    if planned.submission.origin.is_none() {
        precision(&graph, planned.submission.precision.dtype()).map_err(Stop::Failed)?;
    }
    // A record that is not complete is a failure of the request.
    let checks = [(Check::CompleteRecord, Ok(())), (Check::CostAtRealSizes, at_real_sizes)];
    let checks = checks.map(|(check, result)| Checked::new(check, result)).to_vec();
    context.writer.append_graph(name, &graph, checks)?;
    context.progress.step(1);
    Ok(())
}

/// The smallest and the largest size at which the network runs: of whole images, or of their tiles.
fn real_sizes(plan: &Plan, tile: Option<Tile>) -> Vec<[i64; 2]> {
    let mut sizes: Vec<[i64; 2]> = plan
        .images
        .iter()
        .map(|image| match tile {
            Some(tile) => [image.height.min(image.width).min(tile.size as usize) as i64; 2],
            None => [image.height as i64, image.width as i64],
        })
        .filter(|size| *size != plan.recorded_at.map(i64::from))
        .collect();
    sizes.sort_by_key(|[height, width]| (height * width, *height));
    sizes.dedup();
    match sizes[..] {
        [smallest, .., largest] => vec![smallest, largest],
        _ => sizes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Limit, PlannedImage, Source};

    #[test]
    fn the_smallest_and_the_largest_image_are_recorded_or_their_tiles() {
        let image = |height, width| PlannedImage {
            split: "val".into(),
            image: "x".into(),
            height,
            width,
            source: Source::Synthetic { seed: 0 },
        };
        let plan = Plan {
            submissions: Vec::new(),
            images: vec![image(256, 256), image(339, 510), image(120, 80), image(300, 500)],
            device: "cpu".into(),
            switches: crate::protocol::Switches::default(),
            protocol: crate::stats::Protocol::default(),
            rounds: 1,
            warmup: 0,
            repeats: 1,
            seed: 0,
            baseline: None,
            limit: Limit { forward_s: 1.0, memory_mib: None },
            keep_sr: crate::run::KeepSr::default(),
            recorded_at: [256, 256],
            memory_split: "val".into(),
            rules: None,
            shard: None,
        };
        assert_eq!(real_sizes(&plan, None), [[120, 80], [339, 510]]);
        assert_eq!(real_sizes(&plan, Some(Tile { size: 128, overlap: 8 })), [[80, 80], [128, 128]]);
    }
}
