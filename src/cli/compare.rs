//! `esr-bench compare`: which of two submissions is faster, and how sure that is.

use std::path::PathBuf;

use esr_bench::inputs::timings;
use esr_bench::report::colour_on_stdout;
use esr_bench::stats::Interval;
use esr_bench::stats::Protocol;
use esr_bench::stats::Samples;
use esr_bench::stats::interval;
use esr_bench::stats::planning::Plan;
use esr_bench::stats::samples::CONTROL_SUFFIX;
use esr_bench::stats::{Comparison, Settings, TieBand, Verdict, compare};
use esr_bench::text::{Align, Cell, Style, Table, decimals_for, fixed};
use esr_bench::util::toml_file;
use esr_bench::{Error, Result, exit};

/// Arguments of `compare`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Label of a submission in --run, or a file with its samples
    a: String,
    /// The submission to compare it with: a label or a file
    b: String,
    /// Run directory, JSON file of samples, or organisers' results.json with per-image runtimes
    #[arg(long, value_name = "RUN")]
    run: Option<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// How the timings of a run become one runtime
    #[arg(long, value_enum, default_value_t)]
    protocol: Protocol,
    /// Smallest difference that counts, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 100.0 * TieBand::DEFAULT.0)]
    tie_band: f64,
    /// Two labels of one network; their difference is shown beside the tie band [default: the run's A/A control]
    #[arg(long, num_args = 2, value_names = ["LABEL", "LABEL"])]
    control: Vec<String>,
    /// Seed of the random generator; the same seed gives the same figures
    #[arg(long, default_value_t = Settings::default().seed)]
    seed: u64,
    /// Largest number of sign patterns that the test draws
    #[arg(long, value_name = "N", default_value_t = Settings::default().patterns,
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(100..=10_000_000))]
    resamples: usize,
}

/// What a comparison can be written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table for people
    #[default]
    Table,
    /// JSON in full precision
    Json,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    if !(0.0..100.0).contains(&args.tie_band) {
        return Err(Error::Usage(format!("--tie-band: expected a percentage from 0 to 100, found {}", args.tie_band)));
    }
    let settings =
        Settings { protocol: args.protocol, seed: args.seed, patterns: args.resamples, ..Settings::default() };
    let all = args.run.as_deref().map(timings::read).transpose()?.unwrap_or_default();
    let (a, b) = (find(args, &all, &args.a)?, find(args, &all, &args.b)?);
    let minimum = args.tie_band / 100.0;
    let control = match args.control.as_slice() {
        [one, other] => Some((find(args, &all, one)?, find(args, &all, other)?)),
        _ => all
            .iter()
            .find_map(|again| Some((again.control_of()?, again)))
            .and_then(|(label, again)| Some((all.iter().find(|s| s.label == label)?.clone(), again.clone()))),
    };
    let band = TieBand(minimum);
    let control = control.map(|(one, again)| compare(&again, &one, band, settings)).transpose()?;
    let comparison = compare(&a, &b, band, settings)?;
    if args.format == Format::Json {
        let text = serde_json::to_string_pretty(&comparison)
            .map_err(|e| Error::io("write", "JSON")(std::io::Error::from(e)))?;
        super::output::print(&(text + "\n"))?;
    } else {
        let images = [&a, &b].map(|s| interval::over_images(s, settings.protocol, settings.level));
        super::output::print(&shown(&comparison, control.as_ref(), images, colour_on_stdout()))?;
    }
    Ok(exit::DONE)
}

/// The samples of a label in the run, or of a file that holds one submission.
fn find(args: &Args, all: &[Samples], name: &str) -> Result<Samples> {
    if let Some(found) = all.iter().find(|s| s.label == name) {
        return Ok(found.clone());
    }
    if let Some(run) = &args.run {
        let labels = all.iter().map(|s| s.label.as_str()).filter(|l| !l.ends_with(CONTROL_SUFFIX));
        let hint = toml_file::nearest(name, labels.clone());
        let known: Vec<&str> = labels.collect();
        let run = run.display();
        return Err(Error::Usage(format!("{run}: no submission `{name}`{hint} (there are {})", known.join(", "))));
    }
    let path = PathBuf::from(name);
    let mut samples = timings::read(&path)?;
    match samples.len() {
        1 => Ok(samples.swap_remove(0)),
        n => Err(Error::Usage(format!("{name}: holds {n} submissions; name two of them and give the file with --run"))),
    }
}

/// The comparison for people.
fn shown(c: &Comparison, control: Option<&Comparison>, images: [Option<Interval>; 2], colour: bool) -> String {
    let percent = |fraction: f64, decimals: usize| format!("{:+.decimals$} %", 100.0 * fraction);
    let half = c.interval.map_or(0.0, |i| 50.0 * (i.high - i.low));
    let decimals = decimals_for(half, 2).max(1);
    let level = fixed(100.0 * c.settings.level, 0);
    let style = match c.verdict {
        Verdict::Faster | Verdict::Same => Style::Good,
        Verdict::Slower => Style::Bad,
        Verdict::CannotTell => Style::Warn,
    };
    let mut table = Table::new([("", Align::Left), (&*c.a, Align::Right), (&*c.b, Align::Right)]).colour(colour);
    table.row(["runtime [ms]".to_owned(), fixed(c.a_ms, 3), fixed(c.b_ms, 3)]);
    if let [Some(a), Some(b)] = images {
        let range = |i: Interval| format!("{} to {}", fixed(i.low, 3), fixed(i.high, 3));
        table.row([format!("{level} % over IMAGES alone"), range(a), range(b)]);
    }
    let mut out = format!("{table}\n\n");
    let mut facts = Table::new([("", Align::Left), ("", Align::Left)]).colour(colour);
    let named = |name: String, value: String| [Cell::new(name), Cell::new(value)];
    facts.row([Cell::new(format!("{} is", c.a)), Cell::new(c.verdict.to_string()).style(style)]);
    facts.row(named("because".into(), c.reason.clone()));
    facts.row(named("difference".into(), percent(c.difference, decimals)));
    if let Some(i) = c.interval {
        let range = format!("{} to {}", percent(i.low, decimals), percent(i.high, decimals));
        facts.row(named(format!("{level} % interval"), range));
    }
    if let Some(p) = c.p_value {
        facts.row(named("p (neither is faster)".into(), if p < 0.0001 { "< 0.0001".into() } else { fixed(p, 4) }));
    }
    let floor = control.map_or_else(
        || "no A/A control".to_owned(),
        |aa| match aa.interval {
            Some(i) => format!("A/A control {} to {}", percent(i.low, 2), percent(i.high, 2)),
            None => format!("A/A control {}", percent(aa.difference, 2)),
        },
    );
    let width = fixed(100.0 * c.tie_band.0, 2);
    facts.row(named("tie band".into(), format!("{width} % ({floor})")));
    facts.row(named("paired rounds".into(), c.rounds.to_string()));
    if let Some(sd) = c.round_deviation {
        facts.row(named("round-to-round deviation".into(), format!("{} %", fixed(100.0 * sd, 2))));
    }
    let needed = match c.plan {
        Some(Plan { rounds: Some(n), .. }) => {
            format!("{n} (a planning figure: for a verdict in four of five sessions, were things as they look now)")
        }
        Some(_) => "more than 1,000, were things as they look now".to_owned(),
        None => "cannot be said: no noise to go by".to_owned(),
    };
    facts.row(named("rounds needed".into(), needed));
    let patterns = format!(
        "seed {}, at most {} sign patterns, {} protocol",
        c.settings.seed, c.settings.patterns, c.settings.protocol
    );
    facts.row(named("computed with".into(), patterns));
    out.push_str(&facts.to_string().lines().skip(2).collect::<Vec<_>>().join("\n"));
    out.push('\n');
    if c.rounds == 1 {
        out.push_str("\nnote: one round: it cannot tell run-to-run noise; the interval over images is not it\n");
    }
    out
}
