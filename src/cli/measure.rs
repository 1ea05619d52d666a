//! `esr-bench measure`: measures submissions on images and writes a run directory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use esr_bench::graph::Counter;
use esr_bench::measure;
use esr_bench::measure::Ask;
use esr_bench::measure::Progress;
use esr_bench::measure::{Outcome, Session};
use esr_bench::protocol::Switches;
use esr_bench::run::Event;
use esr_bench::run::Run;
use esr_bench::run::RunWriter;
use esr_bench::run::{FORMAT, Manifest};
use esr_bench::run::{Limit, Plan};
use esr_bench::stats::Protocol;
use esr_bench::submission::Submission;
use esr_bench::submission::identify::Identifier;
use esr_bench::worker_process;
use esr_bench::worker_process::Worker;
use esr_bench::worker_process::{Launch, Limits};
use esr_bench::{Error, Result, exit, machine, report};

use super::pairs::{self, Pairs};

/// Arguments of `measure`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folders with a submission.toml, or weights files whose network is identified
    #[arg(value_name = "SUBMISSION|FILE")]
    submissions: Vec<PathBuf>,
    /// Largest value of input and output of the weights files [default: the data range of the card with the same network]
    #[arg(long, value_name = "MAX", value_parser = positive)]
    data_range: Option<f64>,
    #[command(flatten)]
    models: Pairs,
    /// Data set, as DIR or SPLIT=DIR (the challenge's splits are val and test); may be repeated. `synthetic` is a seeded
    /// image of 256 x 256 for efficiency figures alone [default: synthetic]
    #[arg(long, value_name = "DIR", value_parser = pairs::data)]
    data: Vec<(Option<String>, PathBuf)>,
    /// Device: cpu or cuda:N
    #[arg(long, default_value = "cpu", value_parser = device)]
    device: String,
    /// Threads of each operation on the CPU [default: libtorch's default]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    threads: Option<u32>,
    /// Run directory [default: a folder in results/ named after the time]
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Resume the run in --run; options that are given as well must agree with its plan
    #[arg(long, requires = "run")]
    resume: bool,
    /// Measure failed submissions again (with --resume)
    #[arg(long, requires = "resume")]
    retry_failed: bool,
    /// Timed rounds; each round runs each submission in a fresh process
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    rounds: u32,
    /// Untimed forwards before the first timed forward of each image size in a process
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    warmup: u32,
    /// Timed forwards of each image in each round
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    repeats: u32,
    /// Seed for run order, random weights and the synthetic image
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Submission that is the baseline; with two or more rounds it runs under two labels as an A/A control
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
    /// How runtime is measured
    #[arg(long, value_enum, default_value_t)]
    protocol: Protocol,
    /// Time limit for one forward and for loading a network, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600.0, value_parser = positive)]
    time_limit: f64,
    /// Limit on the resident memory of a worker, in MiB [default: no limit]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..))]
    memory_limit: Option<u64>,
    /// Worker program [default: esr-worker in the folder of esr-bench]
    #[arg(long, value_name = "FILE")]
    worker: Option<PathBuf>,
    /// TF32 in cuDNN's convolutions [default: libtorch's default]
    #[arg(long, value_name = "ON|OFF", value_parser = switch)]
    tf32_conv: Option<bool>,
    /// TF32 in matrix products [default: libtorch's default]
    #[arg(long, value_name = "ON|OFF", value_parser = switch)]
    tf32_matmul: Option<bool>,
    /// Let cuDNN try its algorithms and keep the fastest [default: libtorch's default]
    #[arg(long, value_name = "ON|OFF", value_parser = switch)]
    cudnn_benchmark: Option<bool>,
    /// Use deterministic algorithms only [default: libtorch's default]
    #[arg(long, value_name = "ON|OFF", value_parser = switch)]
    deterministic: Option<bool>,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let interrupt = on_interrupt()?;
    let program = worker_process::locate(args.worker.as_deref())?;
    let (mut recorder, launch) = match &args.run {
        Some(dir) if args.resume && Run::is_at(dir) => resumed(args, dir, program, &interrupt)?,
        _ => begun(args, program, &interrupt)?,
    };
    let dir = recorder.run().dir().to_path_buf();
    let progress = Progress::stderr();
    let outcome = Session::new(&mut recorder, &launch, interrupt, &progress)?.run()?;
    super::output::print(&measure::summary(recorder.run(), Counter::Hook, report::colour_on_stdout())?)?;
    super::output::print(&format!("Run directory: {}\n", dir.display()))?;
    Ok(match outcome {
        Outcome::Complete { failed: 0 } => exit::DONE,
        Outcome::Complete { .. } => exit::SOME_FAILED,
        Outcome::Interrupted => {
            eprintln!("interrupted; `esr-bench measure --resume --run {}` resumes the run", dir.display());
            exit::INTERRUPTED
        }
    })
}

/// A new run.
fn begun(args: &Args, program: PathBuf, interrupt: &Arc<AtomicBool>) -> Result<(RunWriter, Launch)> {
    let submissions = submissions(args, &program)?;
    if args.resume && submissions.is_empty() {
        let dir = args.run.as_deref().unwrap_or(Path::new("."));
        return Err(Error::Usage(format!("expected a run to resume in {}, found none", dir.display())));
    }
    let plan = measure::plan(ask(args, submissions))?;
    let launch = Launch::new(program, limits(&plan.limit));
    // The worker is asked first: without one there is nothing to record.
    let hello = Worker::start(&launch, interrupt.clone())?.hello().clone();
    if !hello.devices.iter().any(|d| d.id == plan.device) {
        let known: Vec<&str> = hello.devices.iter().map(|d| d.id.as_str()).collect();
        return Err(Error::Usage(format!("no device `{}`; the worker has {}", plan.device, known.join(", "))));
    }
    let worker = hello.worker.clone();
    let manifest = Manifest {
        format: FORMAT,
        created: jiff::Timestamp::now(),
        esr_bench: env!("CARGO_PKG_VERSION").to_owned(),
        command: std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect(),
        machine: machine::probe(),
        worker: hello,
        plan,
    };
    let dir = match &args.run {
        Some(dir) => dir.clone(),
        None => Path::new("results").join(jiff::ZonedDateTime::now().strftime("%Y-%m-%d_%H-%M-%S").to_string()),
    };
    let mut recorder = RunWriter::create(&dir, manifest)?;
    recorder.append(Event::Started { torn_bytes: 0, worker })?;
    Ok((recorder, launch))
}

/// The rest of a run that is there.
fn resumed(args: &Args, dir: &Path, program: PathBuf, interrupt: &Arc<AtomicBool>) -> Result<(RunWriter, Launch)> {
    let (mut recorder, torn_bytes) = RunWriter::resume(dir)?;
    let stored = &recorder.run().manifest().plan;
    let submissions = submissions(args, &program)?;
    if !submissions.is_empty() {
        let asked = measure::plan(ask(args, submissions))?;
        if let Some(part) = difference(stored, &asked) {
            return Err(Error::Usage(format!(
                "the run in {} has other {part}: `--resume --run {0}` alone resumes it with its own plan",
                dir.display()
            )));
        }
    }
    let launch = Launch::new(program, limits(&stored.limit));
    let hello = Worker::start(&launch, interrupt.clone())?.hello().clone();
    let first = &recorder.run().manifest().worker;
    if (&hello.worker, &hello.backend) != (&first.worker, &first.backend) {
        return Err(Error::Worker(format!(
            "the run in {} was begun with {} on {}, this is {} on {}: figures of both do not belong in one table",
            dir.display(),
            first.worker,
            first.backend,
            hello.worker,
            hello.backend
        )));
    }
    recorder.append(Event::Started { torn_bytes, worker: hello.worker })?;
    if args.retry_failed {
        let failed = |(name, results): (&String, &esr_bench::run::SubmissionResults)| {
            (!results.failures.is_empty()).then(|| name.clone())
        };
        for submission in recorder.run().results().submissions.iter().filter_map(failed).collect::<Vec<_>>() {
            recorder.append(Event::Retry { submission })?;
        }
    }
    Ok((recorder, launch))
}

/// In what a run's plan is not the one that was asked for.
fn difference(stored: &Plan, asked: &Plan) -> Option<&'static str> {
    let parts = [
        ("submissions", stored.submissions == asked.submissions),
        ("images", stored.images == asked.images),
        ("device", stored.device == asked.device),
        ("precision or thread settings", stored.switches == asked.switches),
        ("protocol", stored.protocol == asked.protocol),
        ("rounds, warm-up or repeats", {
            let counts = |p: &Plan| (p.rounds, p.warmup, p.repeats);
            counts(stored) == counts(asked)
        }),
        ("seed", stored.seed == asked.seed),
        ("baseline", stored.baseline == asked.baseline),
        ("limits", stored.limit == asked.limit),
    ];
    parts.into_iter().find(|(_, same)| !same).map(|(part, _)| part)
}

fn submissions(args: &Args, program: &Path) -> Result<Vec<Submission>> {
    let mut files = Identifier::new(Launch::new(program.to_path_buf(), Limits::default()));
    let paths = args.submissions.iter();
    let mut submissions =
        paths.map(|path| pairs::submission(path, &mut files, args.data_range)).collect::<Result<Vec<_>>>()?;
    submissions.extend(args.models.submissions(args.seed)?);
    Ok(submissions)
}

fn ask(args: &Args, submissions: Vec<Submission>) -> Ask {
    Ask {
        submissions,
        data: args.data.clone(),
        device: args.device.clone(),
        switches: Switches {
            threads: args.threads,
            tf32_conv: args.tf32_conv,
            tf32_matmul: args.tf32_matmul,
            cudnn_benchmark: args.cudnn_benchmark,
            deterministic: args.deterministic,
        },
        protocol: args.protocol,
        rounds: args.rounds,
        warmup: args.warmup,
        repeats: args.repeats,
        seed: args.seed,
        baseline: args.baseline.clone(),
        limit: Limit { forward_s: args.time_limit, memory_mib: args.memory_limit },
    }
}

fn limits(limit: &Limit) -> Limits {
    Limits {
        forward: Duration::try_from_secs_f64(limit.forward_s).unwrap_or(Duration::MAX),
        memory: limit.memory_mib.map(|mib| mib.saturating_mul(1 << 20)),
        ..Limits::default()
    }
}

/// The first Ctrl-C (or SIGTERM) ends the run at the next check of the flag; the second one ends the harness and its worker at
/// once.
fn on_interrupt() -> Result<Arc<AtomicBool>> {
    let heard = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, exit::INTERRUPTED.into(), heard.clone())
            .and_then(|_| signal_hook::flag::register(signal, heard.clone()))
            .map_err(Error::io("set", "the handler of Ctrl-C"))?;
    }
    Ok(heard)
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
