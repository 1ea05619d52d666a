//! `esr-bench rank`: a leaderboard from measurements and an edition's rules.

use std::path::PathBuf;

use esr_bench::entry::Metric;
use esr_bench::rank;
use esr_bench::rank::Leaderboard;
use esr_bench::report;
use esr_bench::report::Column;
use esr_bench::report::Format;
use esr_bench::report::{Options, Sort};
use esr_bench::rules::Rules;
use esr_bench::rules::schema::Track;
use esr_bench::stats::Settings;
use esr_bench::util::files;
use esr_bench::{Error, Result, exit};

use super::sources::{self, Sources};

/// Arguments of `rank`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A run directory, a CSV of measurements, an edition's id (its published table), or an organisers' results.json with
    /// per-image runtimes; several are ranked together. None: the published table of the rules
    #[arg(value_name = "INPUT")]
    inputs: Vec<String>,
    /// The edition's id (see `esr-bench rules list`), its folder, or a file of rules [default: that of the input, else
    /// ntire2022]
    #[arg(long, value_name = "ID|FILE")]
    rules: Option<String>,
    /// The track, or `all`; may repeat [default: the edition's own]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    track: Vec<String>,
    /// How it is written [default: what the output file's name says, else table]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// A file instead of standard output; it appears only when it is complete
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The columns, by the names of the CSV export
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    columns: Vec<Column>,
    /// Sort the rows by a column, best first (`mem_m`) or worst first (`mem_m:reverse`); ranks stay what they are
    #[arg(long, value_name = "COLUMN")]
    sort: Option<Sort>,
    /// Only the first N rows
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// Mark the entries that no other beats in both metrics
    #[arg(long, value_name = "A,B", value_parser = report::parse_pareto)]
    pareto: Option<(Metric, Metric)>,
    /// With --format latex: a document that compiles on its own, instead of a table to include
    #[arg(long)]
    standalone: bool,
    /// The entry that is the baseline, instead of the rules' own
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
    /// Say how sure each place is, from the timings of rounds: intervals, and letters for entries that cannot be told apart
    #[arg(long)]
    uncertainty: bool,
    /// The random generator's seed of --uncertainty
    #[arg(long, value_name = "N", default_value_t = Settings::default().seed)]
    seed: u64,
    /// Resamples of --uncertainty
    #[arg(long, value_name = "N", default_value_t = Settings::default().resamples,
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(100..=1_000_000))]
    resamples: usize,
    /// Exit with code 7 if a run that is ranked is not fit to rank; the table is printed all the same
    #[arg(long)]
    require_fit: bool,
    /// Leave each entry's first image out (for inputs with per-image runtimes)
    #[arg(long)]
    without_first_image: bool,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let rules = sources::rules_for(args.rules.as_deref(), &args.inputs)?;
    let sources = sources::read(&args.inputs, &rules)?;
    if args.without_first_image && sources.without_first.is_none() {
        return Err(Error::Usage("--without-first-image needs an input with per-image runtimes".into()));
    }
    if args.uncertainty && args.without_first_image {
        return Err(Error::Usage("--uncertainty takes every image: not with --without-first-image".into()));
    }
    let format = args.format.or_else(|| args.output.as_deref().and_then(Format::of_path)).unwrap_or_default();
    if args.standalone && format != Format::Latex {
        return Err(Error::Usage(format!(
            "--standalone makes a LaTeX document, not {format}: give --format latex as well"
        )));
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
        _ => rendered(&boards, format, &options)?,
    };
    if format == Format::Table {
        let verdicts: String = sources.fitness.iter().map(|(run, fitness)| format!("{run}: {fitness}")).collect();
        let gap = if verdicts.is_empty() { "" } else { "\n" };
        text = format!("{verdicts}{gap}{text}");
    }
    match &args.output {
        Some(path) => files::write(path, text.as_bytes())?,
        None => super::print(&text)?,
    }
    let unfit = sources.fitness.iter().any(|(_, fitness)| !fitness.is_fit());
    if args.require_fit && sources.fitness.is_empty() {
        return Err(Error::Usage("--require-fit: only a run directory says whether it is fit to rank".into()));
    }
    Ok(if args.require_fit && unfit { exit::CHECK_FAILED } else { exit::DONE })
}

/// The tracks' boards. Runs' verdicts on themselves are their first notes, unless the report shows them above the table.
fn boards(args: &Args, rules: &Rules, sources: &Sources, shows_verdicts: bool) -> Result<Vec<Leaderboard>> {
    let tracks: Vec<&str> = match args.track.as_slice() {
        [] => vec![rules.default_track.as_str()],
        [all] if all == "all" => rules.tracks.iter().map(|t| t.name.as_str()).collect(),
        named => named.iter().map(String::as_str).collect(),
    };
    let options = rank::Options { baseline: args.baseline.clone().or_else(|| sources.baseline.clone()) };
    let entries = match &sources.without_first {
        Some(without) if args.without_first_image => without,
        _ => &sources.entries,
    };
    let mut swaps = Vec::new();
    for track in rules.tracks.iter().filter(|_| sources.without_first.is_some()) {
        let without = sources.without_first.as_deref().unwrap_or_default();
        let with = rank::rank_with(&sources.entries, rules, &track.name, &options)?;
        swaps.extend(rank::first_image::swaps(&with, &rank::rank_with(without, rules, &track.name, &options)?));
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
                board.notes.insert(0, "each entry's first image is left out".to_owned());
            }
            if args.uncertainty {
                let settings = Settings { seed: args.seed, resamples: args.resamples, ..Settings::default() };
                rank::add_uncertainty(&mut board, rules, &sources.samples, settings)?;
            }
            let fitness = sources.fitness.iter().filter(|_| !shows_verdicts);
            let verdicts = fitness.map(|(run, fitness)| format!("{run}: {}", fitness.to_string().trim_end()));
            board.notes.splice(0..0, verdicts);
            board.notes.extend(elsewhere.iter().chain(&sources.notes).chain(&swaps).cloned());
            Ok(board)
        })
        .collect()
}

fn is(track: &Track, name: &str) -> bool {
    track.name == name || track.aliases.iter().any(|a| a == name)
}

/// Several tracks in one document: CSV keeps one header, JSON becomes an array.
fn rendered(boards: &[Leaderboard], format: Format, options: &Options) -> Result<String> {
    let texts = boards.iter().map(|b| report::render(b, format, options)).collect::<Result<Vec<String>>>()?;
    Ok(match (texts.as_slice(), format) {
        ([only], f) if !(f == Format::Latex && options.standalone) => only.clone(),
        (_, Format::Json) => format!("[\n{}\n]\n", texts.iter().map(|t| t.trim_end()).collect::<Vec<_>>().join(",\n")),
        ([first, rest @ ..], Format::Csv) => {
            let without_header =
                |text: &String| text.split_once('\n').map_or_else(String::new, |(_, rows)| rows.to_owned());
            std::iter::once(first.clone()).chain(rest.iter().map(without_header)).collect()
        }
        (_, Format::Latex) if options.standalone => report::latex_document(&texts.concat()),
        _ => texts.join("\n"),
    })
}
