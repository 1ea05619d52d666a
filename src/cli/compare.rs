//! `esr-bench compare`: which of two submissions is faster, and how sure that is.

use std::path::PathBuf;

use esr_bench::inputs::timings;
use esr_bench::report::colour_on_stdout;
use esr_bench::stats::interval;
use esr_bench::stats::planning::Plan;
use esr_bench::stats::ranks::units;
use esr_bench::stats::samples::CONTROL_SUFFIX;
use esr_bench::stats::{
    Comparison, Interval, Matrix, Protocol, Samples, Session, Settings, TieBand, Unit, Verdict, against_itself,
    compare_pairs,
};
use esr_bench::text::{Align, Cell, Style, Table, decimals_for, fixed};
use esr_bench::util::toml_file;
use esr_bench::{Error, Result, exit};

/// Arguments of `compare`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Two submissions or more: labels in --run, or files that hold the samples of one each. Of more than two every pair is
    /// compared, and the level is shared among the pairs
    #[arg(value_name = "NAME", num_args = 2.., required = true)]
    names: Vec<String>,
    /// Run directory, JSON file of samples, or organisers' results.json with per-image runtimes; may be repeated: each is one
    /// session, and rounds are paired within their session alone
    #[arg(long, value_name = "RUN")]
    run: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// How the timings of a run become one runtime [default: the protocol of the run, else robust]
    #[arg(long, value_enum)]
    protocol: Option<Protocol>,
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
    let (sessions, protocol) = sessions(args)?;
    let settings = Settings { protocol, seed: args.seed, patterns: args.resamples, ..Settings::default() };
    let given = Matrix::of_sessions(&sessions, protocol)?;
    let rows: Vec<usize> = args.names.iter().map(|name| row(args, &sessions, &given, name)).collect::<Result<_>>()?;
    let (unit, of_sessions, remarks) = units(&given);
    let matrix = of_sessions.unwrap_or_else(|| given.clone());
    let pairs: Vec<(usize, usize)> = (0..rows.len())
        .flat_map(|i| (i + 1..rows.len()).map(move |j| (i, j)))
        .map(|(i, j)| (rows[i], rows[j]))
        .collect();
    if let Some((a, _)) = pairs.iter().find(|(a, b)| a == b) {
        return Err(Error::Usage(format!("`{}` is named twice: expected different submissions", matrix.labels[*a])));
    }
    let band = TieBand(args.tie_band / 100.0);
    let control = match args.control.as_slice() {
        [one, again] => {
            let pair = (row(args, &sessions, &given, again)?, row(args, &sessions, &given, one)?);
            let found = compare_pairs(&matrix, &[pair], band, settings)?.pop();
            found.map(|c| (c.difference, c.interval))
        }
        _ => against_itself(&matrix, settings).into_iter().next().map(|aa| (aa.difference, aa.interval)),
    };
    let comparisons = compare_pairs(&matrix, &pairs, band, settings)?;
    let text = match (args.format, comparisons.as_slice()) {
        (Format::Json, [one]) => json(one)?,
        (Format::Json, all) => json(&all)?,
        (Format::Table, [one]) => {
            let samples = |row: usize| sessions.iter().flat_map(|s| &s.samples).find(|s| s.label == matrix.labels[row]);
            let over = |row: usize| interval::over_images(samples(row)?, protocol, settings.level);
            // Of several sessions images have no one figure.
            let images = if sessions.len() == 1 { [over(rows[0]), over(rows[1])] } else { [None, None] };
            shown(one, control, images, scope(unit), colour_on_stdout())
        }
        (Format::Table, all) => listed(all, scope(unit), colour_on_stdout()),
    };
    let notes: String = remarks.iter().map(|remark| format!("\nnote: {remark}\n")).collect();
    super::output::print(&if args.format == Format::Json { text } else { text + &notes })?;
    Ok(exit::DONE)
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(value);
    Ok(text.map_err(|e| Error::io("write", "JSON")(std::io::Error::from(e)))? + "\n")
}

/// What an interval is about.
fn scope(unit: Unit) -> &'static str {
    match unit {
        Unit::Rounds => "this session",
        Unit::RoundsOfSessions { .. } => "these sessions",
        Unit::Sessions { .. } => "sessions like these",
    }
}

/// The sessions of --run, or one of the files that are named; and the protocol that they are summarised by.
fn sessions(args: &Args) -> Result<(Vec<Session>, Protocol)> {
    if args.run.is_empty() {
        let mut all = Vec::new();
        for name in &args.names {
            let mut samples = timings::read(&PathBuf::from(name))?;
            if samples.len() != 1 {
                let n = samples.len();
                return Err(Error::Usage(format!(
                    "{name}: holds {n} submissions; name two of them and give the file with --run"
                )));
            }
            let mut own = samples.swap_remove(0);
            // Files of one label are two submissions.
            if all.iter().any(|other: &Samples| other.label == own.label) {
                own.label.clone_from(name);
            }
            all.push(own);
        }
        let session = Session { name: "files".to_owned(), samples: all };
        return Ok((vec![session], args.protocol.unwrap_or_default()));
    }
    let read: Vec<(Session, Option<Protocol>)> =
        args.run.iter().map(|run| timings::read_session(run)).collect::<Result<_>>()?;
    let own: Vec<Protocol> = read.iter().filter_map(|(_, protocol)| *protocol).collect();
    let protocol = match (args.protocol, own.as_slice()) {
        (Some(asked), _) => asked,
        (None, []) => Protocol::default(),
        (None, [first, rest @ ..]) if rest.iter().all(|other| other == first) => *first,
        (None, _) => {
            return Err(Error::Usage(
                "the runs were measured by different protocols: name one with --protocol".to_owned(),
            ));
        }
    };
    Ok((read.into_iter().map(|(session, _)| session).collect(), protocol))
}

/// The row of a submission that was named.
fn row(args: &Args, sessions: &[Session], matrix: &Matrix, name: &str) -> Result<usize> {
    if args.run.is_empty() {
        let at = args.names.iter().position(|n| n == name);
        let own = at.and_then(|at| sessions.first()?.samples.get(at));
        let Some(own) = own else {
            return Err(Error::Usage(format!("`{name}`: labels need the run that they are of: give it with --run")));
        };
        let reason = || "no round was timed".to_owned();
        let untimed = || Error::Submission { submission: own.label.clone(), reason: reason() };
        return matrix.row(&own.label).ok_or_else(untimed);
    }
    matrix.row(name).ok_or_else(|| {
        let labels = matrix.labels.iter().map(String::as_str).filter(|l| !l.ends_with(CONTROL_SUFFIX));
        let hint = toml_file::nearest(name, labels.clone());
        let known: Vec<&str> = labels.collect();
        let runs: Vec<String> = args.run.iter().map(|run| run.display().to_string()).collect();
        Error::Usage(format!("{}: no submission `{name}`{hint} (there are {})", runs.join(", "), known.join(", ")))
    })
}

/// Several comparisons, one line each.
fn listed(all: &[Comparison], scope: &str, colour: bool) -> String {
    let level = all.first().map_or(95.0, |c| 100.0 * c.settings.level);
    let interval = format!("{} % interval, {scope}", fixed(level, 0));
    let heads = [
        ("", Align::Left),
        ("is", Align::Left),
        ("than", Align::Left),
        ("difference", Align::Right),
        (&*interval, Align::Right),
        ("p, adjusted", Align::Right),
        ("rounds", Align::Right),
    ];
    let mut table = Table::new(heads).colour(colour);
    for c in all {
        let range = c.interval.map_or_else(String::new, |i| format!("{} to {}", percent(i.low, 2), percent(i.high, 2)));
        table.row([
            Cell::new(c.a.clone()),
            Cell::new(c.verdict.to_string()).style(style(c.verdict)),
            Cell::new(c.b.clone()),
            Cell::new(percent(c.difference, 2)),
            Cell::new(range),
            Cell::new(c.p_value.map_or_else(String::new, p_value)),
            Cell::new(c.rounds.to_string()),
        ]);
    }
    let mut out = format!(
        "{table}\n\nThe level is shared among {} pairs: all verdicts hold together with {} %.\n",
        all.len(),
        fixed(level, 0)
    );
    let mut reasons: Vec<&str> = all.iter().filter(|c| c.interval.is_none()).map(|c| c.reason.as_str()).collect();
    reasons.dedup();
    for reason in reasons {
        out.push_str(&format!("note: {reason}\n"));
    }
    out
}

fn percent(fraction: f64, decimals: usize) -> String {
    format!("{:+.decimals$} %", 100.0 * fraction)
}

fn p_value(p: f64) -> String {
    if p < 0.0001 { "< 0.0001".into() } else { fixed(p, 4) }
}

fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Faster | Verdict::Same => Style::Good,
        Verdict::Slower => Style::Bad,
        Verdict::CannotTell => Style::Warn,
    }
}

/// The comparison for people.
fn shown(
    c: &Comparison,
    control: Option<(f64, Option<Interval>)>,
    images: [Option<Interval>; 2],
    scope: &str,
    colour: bool,
) -> String {
    let half = c.interval.map_or(0.0, |i| 50.0 * (i.high - i.low));
    let decimals = decimals_for(half, 2).max(1);
    let level = fixed(100.0 * c.settings.level, 0);
    let mut table = Table::new([("", Align::Left), (&*c.a, Align::Right), (&*c.b, Align::Right)]).colour(colour);
    table.row(["runtime [ms]".to_owned(), fixed(c.a_ms, 3), fixed(c.b_ms, 3)]);
    if let [Some(a), Some(b)] = images {
        let range = |i: Interval| format!("{} to {}", fixed(i.low, 3), fixed(i.high, 3));
        table.row([format!("{level} % over IMAGES alone"), range(a), range(b)]);
    }
    let mut out = format!("{table}\n\n");
    let mut facts = Table::new([("", Align::Left), ("", Align::Left)]).colour(colour);
    let named = |name: String, value: String| [Cell::new(name), Cell::new(value)];
    facts.row([Cell::new(format!("{} is", c.a)), Cell::new(c.verdict.to_string()).style(style(c.verdict))]);
    facts.row(named("because".into(), c.reason.clone()));
    facts.row(named("difference".into(), percent(c.difference, decimals)));
    if let Some(i) = c.interval {
        let range = format!("{} to {}", percent(i.low, decimals), percent(i.high, decimals));
        facts.row(named(format!("{level} % interval, {scope}"), range));
    }
    if let Some(p) = c.p_value {
        facts.row(named("p (neither is faster)".into(), p_value(p)));
    }
    let floor = control.map_or_else(
        || "no A/A control".to_owned(),
        |(difference, interval)| match interval {
            Some(i) => format!("A/A control {} to {}", percent(i.low, 2), percent(i.high, 2)),
            None => format!("A/A control {}", percent(difference, 2)),
        },
    );
    let width = fixed(100.0 * c.tie_band.0, 2);
    facts.row(named("tie band".into(), format!("{width} % ({floor})")));
    facts.row(named("paired rounds".into(), c.rounds.to_string()));
    if let Some(sd) = c.round_deviation {
        facts.row(named("round-to-round deviation".into(), format!("{} %", fixed(100.0 * sd, 2))));
    }
    // A verdict needs no more rounds.
    if c.verdict == Verdict::CannotTell {
        let needed = match c.plan {
            Some(Plan { rounds: Some(n), .. }) => {
                format!("{n} (a planning figure: for a verdict in four of five sessions, were things as they look now)")
            }
            Some(_) => "more than 1,000, were things as they look now".to_owned(),
            None => "cannot be said: no noise to go by".to_owned(),
        };
        facts.row(named("rounds needed".into(), needed));
    }
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
