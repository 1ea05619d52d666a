//! `esr-bench measure`: measures submissions on images and writes a run directory.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches};
use esr_bench::graph::Counter;
use esr_bench::measure::{self, Given, Interrupt, Named, PlanOptions, Progress, ResumeOptions, Startup};
use esr_bench::measure::{Outcome, Session};
use esr_bench::protocol::Switches;
use esr_bench::results::Basis;
use esr_bench::rules::Rules;
use esr_bench::run::{KeepSr, Limit, Run, RunWriter, SUBMISSIONS, ShardNumber};
use esr_bench::stats::Protocol;
use esr_bench::submission::Submission;
use esr_bench::submission::clone::{Export, is_clone};
use esr_bench::submission::identify::Identifier;
use esr_bench::worker_process::{Launch, Launches, Limits};
use esr_bench::{Error, Result, exit, machine, report};

use super::clones::Clones;
use super::pairs::{self, Pairs};

/// Rounds where neither an option nor the rules say how many. A 95 % interval needs 6; with 10, one disturbed round does not set
/// the interval's end, and the comparisons of some twenty entries can be corrected for. The number is even: rounds are mirrored
/// in pairs.
const ROUNDS: u32 = 10;

/// Arguments of `measure`.
#[derive(Debug, clap::Args)]
struct Options {
    /// Submission folders (each with a submission.toml), weights files whose network is identified, or clones of organisers'
    /// repositories whose networks are imported into the run directory first
    #[arg(value_name = "SUBMISSION|FILE|CLONE")]
    submissions: Vec<PathBuf>,
    /// Largest value of input and output of the weights files [default: the data range of the card with the same network]
    #[arg(long, value_name = "MAX", value_parser = positive)]
    data_range: Option<f64>,
    #[command(flatten)]
    models: Pairs,
    #[command(flatten)]
    clones: Clones,
    /// Data set, as DIR or SPLIT=DIR; may be repeated. `val` and `test` are the challenge's splits; other splits are measured
    /// and shown, but not ranked. `synthetic` is a random image of 256 x 256 for efficiency figures alone [default: synthetic]
    #[arg(long, value_name = "DIR", value_parser = pairs::data)]
    data: Vec<(Option<String>, PathBuf)>,
    /// Take the defaults of --rounds, --protocol, TF32 and cuDNN switches, and the size at which operations are recorded, from
    /// these rules (see `esr-bench rules list`)
    #[arg(long, value_name = "ID|FILE")]
    rules: Option<String>,
    /// Device: cpu or cuda:N
    #[arg(long, default_value = "cpu", value_parser = device)]
    device: String,
    /// Threads of each operation on the CPU [default: libtorch's default]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    threads: Option<u32>,
    /// Run directory [default: a folder in results/ named after the time]
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Resume the run in --run: measure what is missing. Other options that are given must agree with the run's plan; only the
    /// number of rounds may grow
    #[arg(long, requires = "run")]
    resume: bool,
    /// Measure failed submissions again (with --resume)
    #[arg(long, requires = "resume")]
    retry_failed: bool,
    /// Add N rounds to those of the plan (with --resume)
    #[arg(long, value_name = "N", requires = "resume", conflicts_with = "rounds",
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    add_rounds: Option<u32>,
    /// Resume on another machine than the run's; every table of the run then says so (with --resume)
    #[arg(long, requires = "resume")]
    allow_machine_change: bool,
    /// Timed rounds; each round runs every submission in a fresh process. A 95 % interval needs 6 [default: the runs of
    /// --rules, else 10]
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    rounds: Option<u32>,
    /// Untimed forwards before the first timed forward of each image size in a process
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    warmup: u32,
    /// Timed forwards of each image in each round
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    repeats: u32,
    /// Seed for run order, random weights and the synthetic image
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Submission that is the baseline, by its name or a part of it that no other name has. With two or more rounds it runs
    /// under two labels, whose difference is the session's noise (A/A control) [default: network 0 of a repository]
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
    /// Measure shard K of N: the baseline, which every shard has, and every Nth of the other submissions. Name all submissions
    /// in the same order for every shard; `esr-bench merge` joins the N runs (needs --baseline)
    #[arg(long, value_name = "K/N")]
    shard: Option<ShardNumber>,
    /// How runtime is measured [default: the protocol of --rules, else robust]
    #[arg(long, value_enum)]
    protocol: Option<Protocol>,
    /// Time limit for one forward and for loading a network, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600.0, value_parser = positive)]
    time_limit: f64,
    /// Limit on the resident memory of a worker, in MiB [default: no limit]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..))]
    memory_limit: Option<u64>,
    /// Write SR images as PNG files to the run's folder sr/: all images, the image with the lowest PSNR of each submission
    /// and split, or the first N images of each split
    #[arg(long, value_name = "all|worst|N", default_value_t)]
    keep_sr: KeepSr,
    /// Worker program [default: esr-worker in the folder of esr-bench]
    #[arg(long, value_name = "FILE")]
    worker: Option<PathBuf>,
    /// TF32 in cuDNN's convolutions [default: the setting of --rules on a GPU, else libtorch's default]
    #[arg(long, value_name = "ON|OFF", value_parser = switch)]
    tf32_conv: Option<bool>,
    /// TF32 in matrix products [default: the setting of --rules on a GPU, else libtorch's default]
    #[arg(long, value_name = "ON|OFF", value_parser = switch)]
    tf32_matmul: Option<bool>,
    /// Let cuDNN try its algorithms and keep the fastest [default: the setting of --rules on a GPU, else libtorch's default]
    #[arg(long, value_name = "ON|OFF", value_parser = switch)]
    cudnn_benchmark: Option<bool>,
    /// Use deterministic algorithms only [default: libtorch's default]
    #[arg(long, value_name = "ON|OFF", value_parser = switch)]
    deterministic: Option<bool>,
}

/// The arguments, and which of them were given.
#[derive(Debug)]
pub(crate) struct Args {
    options: Options,
    given: BTreeSet<String>,
}

impl clap::Args for Args {
    fn augment_args(command: clap::Command) -> clap::Command {
        Options::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Options::augment_args_for_update(command)
    }
}

impl FromArgMatches for Args {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Args, clap::Error> {
        let typed = |id: &clap::Id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
        let given = matches.ids().filter(|id| typed(id)).map(|id| id.as_str().replace('_', "-")).collect();
        Ok(Args { options: Options::from_arg_matches(matches)?, given })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Args::from_arg_matches(matches)?;
        Ok(())
    }
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let interrupt = Interrupt::listen()?;
    let options = &args.options;
    let rules = options.rules.as_deref().map(Rules::find).transpose()?;
    let (mut writer, launches, left) = opened(args, rules.as_ref(), &interrupt)?;
    let dir = writer.run().dir().to_path_buf();
    let progress = Progress::stderr();
    let session = Session::new(&mut writer, &launches, interrupt.flag(), &progress)?;
    interrupt.begin_measuring();
    let outcome = session.run();
    let interrupted = interrupt.end_measuring();
    let outcome = outcome?;
    let basis = rules.as_ref().map_or_else(|| Basis::new(Counter::Hook), Basis::from);
    let printed = measure::summary(writer.run(), basis, report::colour_on_stdout())
        .and_then(|text| super::output::print(&format!("{text}{left}Recorded in {}\n", dir.display())));
    // After SIGHUP the terminal may be gone.
    let say = |line: String| {
        let _ = writeln!(std::io::stderr(), "{line}");
        exit::INTERRUPTED
    };
    if interrupted || outcome == Outcome::Interrupted {
        return Ok(match outcome {
            Outcome::Interrupted => {
                say(format!("interrupted; `esr-bench measure --resume --run {}` resumes the run", dir.display()))
            }
            Outcome::Complete { .. } => say(format!("interrupted; the run in {} is complete", dir.display())),
        });
    }
    printed?;
    Ok(match outcome {
        Outcome::Interrupted => exit::INTERRUPTED,
        Outcome::Complete { failed: 0 } => exit::DONE,
        Outcome::Complete { .. } => exit::SOME_FAILED,
    })
}

/// The run that is begun or resumed.
fn opened(args: &Args, rules: Option<&Rules>, interrupt: &Interrupt) -> Result<(RunWriter, Launches, String)> {
    let options = &args.options;
    let now = || Path::new("results").join(jiff::ZonedDateTime::now().strftime("%Y-%m-%d_%H-%M-%S").to_string());
    let dir = options.run.clone().unwrap_or_else(now);
    let Found { submissions, baseline, left } = found(options, &dir)?;
    let plan = plan_options(options, rules, submissions, baseline);
    let given = Given { options: args.given.clone(), add_rounds: options.add_rounds };
    let command = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    let startup = Startup { named: named(options), command, machine: machine::probe(), interrupt: interrupt.flag() };
    let (writer, launches) = match &options.run {
        Some(dir) if options.resume && Run::is_at(dir) => {
            let how = ResumeOptions {
                retry_failed: options.retry_failed,
                allow_machine_change: options.allow_machine_change,
            };
            measure::resume(dir, &plan, &given, &how, startup)
        }
        Some(dir) if options.resume && plan.submissions.is_empty() => {
            Err(Error::Usage(format!("no run in {}: there is nothing to resume", dir.display())))
        }
        _ => measure::begin(&dir, plan, &given, startup),
    }?;
    Ok((writer, launches, left))
}

/// What the command line names.
struct Found {
    submissions: Vec<Submission>,
    /// The baseline that was named, or that a repository has.
    baseline: Option<String>,
    /// The networks of repositories that are no submissions, with their reasons.
    left: String,
}

fn found(options: &Options, dir: &Path) -> Result<Found> {
    let launches = measure::launches(&named(options), &Limits::default(), false);
    // A worker is started only once there is a file to identify.
    let missing = || Launch::new(PathBuf::from("esr-worker"), Limits::default());
    let mut files = Identifier::new(launches.libtorch.unwrap_or_else(|_| missing()));
    let mut found = Found { submissions: Vec::new(), baseline: options.baseline.clone(), left: String::new() };
    for path in &options.submissions {
        if !is_clone(path) {
            found.submissions.push(pairs::submission(path, &mut files, options.data_range)?);
            continue;
        }
        let output = dir.join(SUBMISSIONS);
        let imported = options.clones.import(path, &output, options.worker.as_deref(), Export::default())?;
        for folder in imported.rows.iter().filter_map(|row| row.outcome.folder()) {
            found.submissions.push(Submission::read(folder)?);
        }
        found.baseline = found.baseline.or_else(|| imported.baseline().map(ToOwned::to_owned));
        found.left += &report::cloned::left(&imported);
    }
    found.submissions.extend(options.models.submissions(options.seed)?);
    Ok(found)
}

fn named(options: &Options) -> Named {
    options.clones.named(options.worker.as_deref())
}

fn plan_options(
    options: &Options,
    rules: Option<&Rules>,
    submissions: Vec<Submission>,
    baseline: Option<String>,
) -> PlanOptions {
    // Switches of a GPU's library say nothing on the CPU.
    let timing = rules.map(|rules| &rules.runtime);
    let on_gpu = timing.filter(|_| options.device.starts_with("cuda"));
    PlanOptions {
        submissions,
        data: options.data.clone(),
        device: options.device.clone(),
        switches: Switches {
            threads: options.threads,
            tf32_conv: options.tf32_conv.or_else(|| on_gpu?.tf32_convolutions),
            tf32_matmul: options.tf32_matmul.or_else(|| on_gpu?.tf32_matmul),
            cudnn_benchmark: options.cudnn_benchmark.or_else(|| on_gpu?.cudnn_benchmark),
            deterministic: options.deterministic,
        },
        protocol: options.protocol.or_else(|| rules?.protocol()).unwrap_or_default(),
        rounds: options.rounds.or_else(|| timing?.runs).unwrap_or(ROUNDS),
        warmup: options.warmup,
        repeats: options.repeats,
        seed: options.seed,
        baseline,
        limit: Limit { forward_s: options.time_limit, memory_mib: options.memory_limit },
        recorded_at: rules.map_or([256, 256], Rules::recorded_at),
        memory_split: rules.map_or("val", |rules| Basis::from(rules).memory).to_owned(),
        rules: rules.map(|rules| rules.id.clone()),
        keep_sr: options.keep_sr,
        shard: options.shard,
    }
}

fn device(text: &str) -> Result<String, String> {
    let number = text.strip_prefix("cuda:").map(str::parse::<u32>);
    match (text, number) {
        ("cpu", _) | (_, Some(Ok(_))) => Ok(text.to_owned()),
        ("cuda", _) => Ok("cuda:0".to_owned()),
        _ => Err("expected cpu or cuda:N".into()),
    }
}

fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "expected a number".to_owned())?;
    if number.is_finite() && number > 0.0 { Ok(number) } else { Err("expected a number above 0".into()) }
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected on or off".into()),
    }
}
