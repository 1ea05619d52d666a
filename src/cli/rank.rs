//! `esr-bench rank`: a leaderboard from measurements and an edition's rules.

use std::path::PathBuf;

use esr_bench::entry::Metric;
use esr_bench::inputs::sources::{self, Sources};
use esr_bench::inputs::{combine, variants};
use esr_bench::rank;
use esr_bench::rank::Leaderboard;
use esr_bench::report;
use esr_bench::report::{BOARD_FORMATS, Column, Format, Options, Sort};
use esr_bench::rules::Rules;
use esr_bench::rules::schema::Track;
use esr_bench::stats::{Sensitivity, Settings};
use esr_bench::util::files;
use esr_bench::{Error, Result, exit};

use super::output;

/// Places that --sensitivity compares.
const TOP: u32 = 3;

/// Arguments of `rank`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run directory, CSV file of measurements, edition's id (for its published table), or organisers' results.json with
    /// per-image runtimes. Several inputs are ranked together [default: the published table of the rules]
    #[arg(value_name = "INPUT")]
    inputs: Vec<String>,
    /// Rules: an edition's id (see `esr-bench rules list`), its folder, or a file [default: the rules of the input, else
    /// ntire2022]
    #[arg(long, value_name = "ID|FILE")]
    rules: Option<String>,
    /// Track, or `all`; may be repeated [default: the default track of the rules]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    track: Vec<String>,
    /// Output format [default: the format of the output file's extension, else table]
    #[arg(long, value_name = "FORMAT", value_parser = output::formats(BOARD_FORMATS))]
    format: Option<Format>,
    /// Write to a file, which appears only when it is complete [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Columns, by their names in the CSV format
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    columns: Vec<Column>,
    /// Sort the rows by a column, best first (`mem_m`) or worst first (`mem_m:reverse`); ranks do not change
    #[arg(long, value_name = "COLUMN")]
    sort: Option<Sort>,
    /// Show the first N rows only
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// Mark the entries on the Pareto front of two metrics
    #[arg(long, value_name = "A,B", value_parser = report::parse_pareto)]
    pareto: Option<(Metric, Metric)>,
    /// With --format latex: write a document that compiles on its own instead of a table to include
    #[arg(long)]
    standalone: bool,
    /// Entry to use as the baseline [default: the baseline of the rules]
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
    /// Show intervals of ranks and runtimes from the timings of rounds, and mark entries that cannot be told apart
    #[arg(long)]
    uncertainty: bool,
    /// Print what may be announced of each track, in plain sentences, instead of the table; with --format json or html, beside it
    #[arg(long)]
    announce: bool,
    /// Print whether another protocol, edition, convention of FLOPs or estimator changes the first three places of each track,
    /// instead of the table; the input is one run directory
    #[arg(long, conflicts_with_all = ["announce", "uncertainty"])]
    sensitivity: bool,
    /// Rank several run directories as sessions of the same entries: each entry's runtime is the mean over the sessions. Without
    /// it, entries of different runs stay apart
    #[arg(long)]
    combine_sessions: bool,
    /// Bring runtimes further than N pooled standard deviations from the fit back to that distance before they are tested:
    /// narrower places with few, disturbed rounds, but intervals of 95 % then hold in 75 to 97 % of sessions with ties
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true,
          default_missing_value = "4", value_parser = deviations)]
    winsorise: Option<f64>,
    /// How often the results will have been looked at, this time included, if rounds are added until they suffice: each look
    /// takes an equal share of the 5 % error
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    looks: u32,
    /// Seed of the random generator of --uncertainty
    #[arg(long, value_name = "N", default_value_t = Settings::default().seed)]
    seed: u64,
    /// Number of resamples of --uncertainty
    #[arg(long, value_name = "N", default_value_t = Settings::default().resamples,
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(100..=1_000_000))]
    resamples: usize,
    /// Exit with code 7 if a ranked run is not fit to rank; the table is printed nevertheless
    #[arg(long)]
    require_fit: bool,
    /// Rank entries of which a check of their figures failed, each with a note; without it they are left out, with the reason
    #[arg(long)]
    include_untrusted: bool,
    /// Leave out the first image of each entry; the input needs per-image runtimes
    #[arg(long)]
    without_first_image: bool,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let rules = sources::rules_for(args.rules.as_deref(), &args.inputs)?;
    let sources = match args.combine_sessions {
        true => combine::read_combined(&args.inputs, &rules)?,
        false => sources::read(&args.inputs, &rules)?,
    };
    if args.without_first_image && sources.without_first.is_none() {
        return Err(Error::Usage("--without-first-image needs an input with per-image runtimes".into()));
    }
    for (given, name) in [(args.uncertainty, "--uncertainty"), (args.announce, "--announce")] {
        if given && args.without_first_image {
            return Err(Error::Usage(format!(
                "{name} uses every image and cannot be combined with --without-first-image"
            )));
        }
    }
    let format = args.format.or_else(|| args.output.as_deref().and_then(Format::of_path)).unwrap_or_default();
    if args.standalone && format != Format::Latex {
        return Err(Error::Usage(format!(
            "--standalone writes a LaTeX document: expected --format latex, found {format}"
        )));
    }
    if args.sensitivity {
        return sensitivity(args, &rules, &sources, format);
    }
    let boards = boards(args, &rules, &sources, format == Format::Table)?;
    let mut options = Options {
        columns: args.columns.clone(),
        sort: args.sort,
        top: args.top,
        pareto: args.pareto,
        standalone: args.standalone,
        ..Options::default()
    };
    if args.output.is_none() && format == Format::Table {
        options = options.on_stdout();
    }
    let mut text = match format {
        Format::Html => {
            let page = super::report::page(&args.inputs, &rules, &sources, &boards, &options)?;
            esr_bench::page::render(&page, esr_bench::page::Mode::File)?
        }
        Format::Json => report::render_all(&boards, format, &options)?,
        _ if args.announce => report::announcement::announcements(&boards, format)?,
        _ => report::render_all(&boards, format, &options)?,
    };
    if format == Format::Table {
        let verdicts: String = sources.fitness.iter().map(|(run, fitness)| format!("{run}: {fitness}")).collect();
        let gap = if verdicts.is_empty() { "" } else { "\n" };
        text = format!("{verdicts}{gap}{text}");
    }
    match &args.output {
        Some(path) => files::write(path, text.as_bytes())?,
        None => output::print(&text)?,
    }
    let unfit = sources.fitness.iter().any(|(_, fitness)| !fitness.is_fit());
    if args.require_fit && sources.fitness.is_empty() {
        return Err(Error::Usage("--require-fit: only a run directory says whether it is fit to rank".into()));
    }
    Ok(if args.require_fit && unfit { exit::CHECK_FAILED } else { exit::DONE })
}

/// The tracks' boards. Runs' verdicts on themselves are their first notes, unless the report shows them above the table.
fn boards(args: &Args, rules: &Rules, sources: &Sources, shows_verdicts: bool) -> Result<Vec<Leaderboard>> {
    let tracks = tracks(args, rules);
    let options = rank::Options {
        baseline: args.baseline.clone().or_else(|| sources.baseline.clone()),
        include_untrusted: args.include_untrusted,
    };
    let entries = match &sources.without_first {
        Some(without) if args.without_first_image => without,
        _ => &sources.entries,
    };
    let mut order_changes = Vec::new();
    for track in rules.tracks.iter().filter(|_| sources.without_first.is_some()) {
        let without = sources.without_first.as_deref().unwrap_or_default();
        let with = rank::rank_with(&sources.entries, rules, &track.name, &options)?;
        order_changes
            .extend(rank::first_image::order_changes(&with, &rank::rank_with(without, rules, &track.name, &options)?));
    }
    // A published table is compared with its rules in every track, also in those that are not shown.
    let mut elsewhere = Vec::new();
    let prints = |column: &Option<String>| {
        column.as_ref().is_some_and(|column| entries.iter().any(|entry| entry.printed.contains_key(column)))
    };
    for track in rules.tracks.iter().filter(|t| prints(&t.printed.rank) && !tracks.iter().any(|n| is(t, n))) {
        let board = rank::rank_with(entries, rules, &track.name, &options)?;
        elsewhere.extend(rank::departures(&board, track).into_iter().map(|n| format!("track {}: {n}", track.name)));
    }
    tracks
        .into_iter()
        .map(|track| {
            let mut board = rank::rank_with(entries, rules, track, &options)?;
            if args.without_first_image {
                board.notes.insert(0, "the first image of each entry is left out".to_owned());
            }
            let settings = Settings {
                seed: args.seed,
                resamples: args.resamples,
                winsorise: args.winsorise,
                looks: args.looks,
                ..Settings::default()
            };
            if args.announce {
                rank::add_announcement(&mut board, rules, &sources.sessions, settings)?;
            } else if args.uncertainty {
                rank::add_uncertainty(&mut board, rules, &sources.sessions, settings)?;
            }
            let fitness = sources.fitness.iter().filter(|_| !shows_verdicts);
            let verdicts = fitness.map(|(run, fitness)| format!("{run}: {}", fitness.to_string().trim_end()));
            board.notes.splice(0..0, verdicts);
            board.notes.extend(elsewhere.iter().chain(&sources.notes).chain(&order_changes).cloned());
            Ok(board)
        })
        .collect()
}

fn tracks<'a>(args: &'a Args, rules: &'a Rules) -> Vec<&'a str> {
    match args.track.as_slice() {
        [] => vec![rules.default_track.as_str()],
        [all] if all == "all" => rules.tracks.iter().map(|t| t.name.as_str()).collect(),
        named => named.iter().map(String::as_str).collect(),
    }
}

/// Whether other choices change the first three places of each track.
fn sensitivity(args: &Args, rules: &Rules, sources: &Sources, format: Format) -> Result<u8> {
    let options = rank::Options {
        baseline: args.baseline.clone().or_else(|| sources.baseline.clone()),
        include_untrusted: args.include_untrusted,
    };
    let mut found = Vec::new();
    for name in tracks(args, rules) {
        let reference = rank::rank_with(&sources.entries, rules, name, &options)?;
        let (mut others, mut refused) = (Vec::new(), Vec::new());
        for variant in variants::variants(sources, rules, name)? {
            match rank::rank_with(&variant.entries, &variant.rules, &variant.track, &options) {
                Ok(board) => others.push((variant.name, board)),
                Err(error) => refused.push((variant.name, error.to_string())),
            }
        }
        found.push((reference.title.clone(), rank::compare_tops(&reference, &others, TOP), refused));
    }
    let text = match format {
        Format::Table => {
            let colour = args.output.is_none() && report::colour_on_stdout();
            let one = |(title, all, refused): &(String, Sensitivity, Vec<(String, String)>)| {
                format!("{title}\n\n{}", report::sensitivity::table(all, refused, colour))
            };
            found.iter().map(one).collect::<Vec<_>>().join("\n")
        }
        Format::Json => {
            let all: Vec<&Sensitivity> = found.iter().map(|(_, all, _)| all).collect();
            let text = serde_json::to_string_pretty(&all);
            text.map_err(|e| Error::io("write", "JSON")(std::io::Error::from(e)))? + "\n"
        }
        other => {
            return Err(Error::Usage(format!("--sensitivity: expected --format table or json, found {other}")));
        }
    };
    match &args.output {
        Some(path) => files::write(path, text.as_bytes())?,
        None => output::print(&text)?,
    }
    Ok(exit::DONE)
}

/// Standard deviations: a positive, finite number.
fn deviations(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(n) if n.is_finite() && n >= 1.0 => Ok(n),
        _ => Err(format!("expected a number of standard deviations of 1 or more, found `{text}`")),
    }
}

fn is(track: &Track, name: &str) -> bool {
    track.name == name || track.aliases.iter().any(|a| a == name)
}
