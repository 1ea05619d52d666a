//! `esr-bench fuse`: turns weights in training form into their deploy form.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use esr_bench::error::{Error, Place, Result};
use esr_bench::exit;
use esr_bench::protocol::{FailureKind, Fused, Reply, Request};
use esr_bench::submission::card::Card;
use esr_bench::submission::identify;
use esr_bench::submission::identify::Identifier;
use esr_bench::util::input;
use esr_bench::util::input::Kind;
use esr_bench::worker_process::Failure;
use esr_bench::worker_process::Worker;
use esr_bench::worker_process::{Launch, Limits, locate};
use serde_json::{Map, Value};

/// Arguments of `fuse`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Weights in training form: .pth, .pt or .safetensors
    weights: PathBuf,
    /// Name or file of the model card [default: the card of the network that the weights are identified as]
    #[arg(long, value_name = "CARD")]
    model: Option<String>,
    /// File for the deploy form: .safetensors
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Worker program [default: esr-worker in the folder of esr-bench]
    #[arg(long, value_name = "FILE")]
    worker: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    if args.output.extension().is_none_or(|e| e != "safetensors") {
        let output = args.output.display();
        return Err(Error::Usage(format!("--output {output}: expected a file name that ends in .safetensors")));
    }
    input::open(&args.weights, Kind::Weights)?;
    let launch = Launch::new(locate(args.worker.as_deref())?, Limits::default());
    let (name, arch, config) = network(args, &launch)?;
    let request = Request::Fuse { arch, config, weights: args.weights.clone(), output: args.output.clone() };
    let died = |reason: String| Error::Submission { submission: args.weights.display().to_string(), reason };
    let failed = |failure: Failure| match failure {
        Failure::Refused(refused) if matches!(refused.kind, FailureKind::Load | FailureKind::Output) => {
            let expected = format!("weights of `{name}` in training form");
            Error::input(&args.weights, Place::Whole, expected, refused.message)
        }
        Failure::Refused(refused) if refused.kind == FailureKind::Request => Error::Usage(refused.message),
        other => died(other.to_string()),
    };
    let mut worker = Worker::start(&launch, Arc::new(AtomicBool::new(false)))?;
    let fused = match worker.request(&request, "fusing").map_err(failed)? {
        Reply::Fused(fused) => fused,
        _ => return Err(died("the worker did not answer the request".to_owned())),
    };
    worker.finish("the end of fusing").map_err(failed)?;
    super::output::print(&summary(&name, &fused, &args.output))?;
    Ok(exit::DONE)
}

/// The network to fuse: a name for people, the architecture, its hyperparameters.
fn network(args: &Args, launch: &Launch) -> Result<(String, String, Map<String, Value>)> {
    if let Some(model) = &args.model {
        let card = Card::find(model)?;
        return Ok((card.name, card.arch, card.config));
    }
    let found = Identifier::new(launch.clone()).identify(&args.weights)?;
    let candidate = identify::only(&args.weights, &found)?;
    Ok((identify::describe(candidate), candidate.arch.clone(), candidate.config.clone()))
}

fn summary(model: &str, fused: &Fused, output: &Path) -> String {
    let kinds: Vec<String> = fused.blocks.iter().map(|(kind, count)| format!("{count} x {kind}")).collect();
    let (before, after) = (fused.parameters_before, fused.parameters_after);
    let saved = 100.0 * (1.0 - after as f64 / before as f64);
    format!(
        "{model}: fused {}\nparameters: {before} before, {after} after ({saved:.1} % saved)\nlargest relative difference of \
         both forms on random input, borders included: {:.1e}\nwritten: {}\n",
        kinds.join(", "),
        fused.relative_error,
        output.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_fused_blocks_and_saved_parameters() {
        let blocks = serde_json::from_str(r#"{ "Conv3XC": 20, "RRRB": 2 }"#).unwrap();
        let fused = Fused { parameters_before: 2000, parameters_after: 500, blocks, relative_error: 3.14e-8 };
        assert_eq!(
            summary("span", &fused, Path::new("span.safetensors")),
            "span: fused 20 x Conv3XC, 2 x RRRB\n\
             parameters: 2000 before, 500 after (75.0 % saved)\n\
             largest relative difference of both forms on random input, borders included: 3.1e-8\n\
             written: span.safetensors\n"
        );
    }
}
