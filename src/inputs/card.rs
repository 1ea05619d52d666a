//! A model card or a submission as an entry: its costs, from a graph that a worker records.

use crate::entry::{Entry, Metric};
use crate::error::Result;
use crate::graph;
use crate::protocol::Weights;
use crate::rules::Rules;
use crate::submission::card::Card;
use crate::submission::{GraphRecorder, Submission};
use crate::worker_process::Launch;

/// The metrics that a graph gives.
pub const COSTS: [Metric; 4] = [Metric::ParamsM, Metric::FlopsG, Metric::ActsM, Metric::Convs];

/// The card's entry with the costs of the recorded network, by the rules' convention and input size; never with the
/// card's published figures. Also a remark that says so.
pub fn entry(card: &Card, rules: &Rules, launch: &Launch) -> Result<(Entry, String)> {
    // Costs do not depend on the weights' values.
    let submission = Submission::from_card(card, Weights::Random { seed: 0 });
    let (entry, note) = of_submission(&submission, rules, launch)?;
    Ok((Entry { team: card.name.clone(), submission: String::new(), ..entry }, note))
}

/// The submission's entry with its recorded costs, and the same remark.
pub fn of_submission(submission: &Submission, rules: &Rules, launch: &Launch) -> Result<(Entry, String)> {
    let mut recorder = GraphRecorder::start(launch, submission)?;
    let [_, height, width] = rules.costs.input;
    let graph = recorder.record([height.into(), width.into()], None)?;
    recorder.finish()?;
    let tally = graph::count(&graph, rules.costs.counter);
    let values =
        [tally.params as f64 / 1e6, tally.flops as f64 / 1e9, tally.activations as f64 / 1e6, tally.convs as f64];
    let (team, name) = (submission.team.clone(), submission.name.clone());
    let mut entry = Entry { team, submission: name, ..Entry::default() };
    entry.metrics.extend(COSTS.into_iter().zip(values));
    entry.unknown_ops = tally.unknown;
    let note = format!("costs are those of the recorded network, by {} at {height} x {width}", rules.costs.counter);
    Ok((entry, note))
}
