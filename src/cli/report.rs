//! `esr-bench report`: writes runs as one HTML page.

use std::path::{Path, PathBuf};

use esr_bench::inputs::sources::{self, Sources};
use esr_bench::page::{Mode, Page, Pictures, render};
use esr_bench::rank::{self, Leaderboard};
use esr_bench::report::{self, Options};
use esr_bench::rules::Rules;
use esr_bench::run::Run;
use esr_bench::util::files;
use esr_bench::{Error, Result, exit};

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run directories
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<String>,
    /// HTML file, which appears only when it is complete
    #[arg(long, short, value_name = "FILE", default_value = "report.html")]
    output: PathBuf,
    /// Rules: an edition's id (see `esr-bench rules list`), its folder, or a file [default: ntire2022]
    #[arg(long, value_name = "ID|FILE")]
    rules: Option<String>,
    /// Heading of the page [default: the title of the rules]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Entry to use as the baseline [default: the baseline of the rules]
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
    /// Image to show side by side, as NAME or SPLIT/NAME, where the run kept SR (`measure --keep-sr`); may be repeated
    /// [default: the three images on which the entries differ most]
    #[arg(long, value_name = "IMAGE")]
    image: Vec<String>,
    /// Side of the shown part of each image, in HR pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 256, value_parser = clap::value_parser!(u32).range(16..=4096))]
    crop: u32,
    /// Limit on the size that images add to the page, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 8, value_parser = clap::value_parser!(u32).range(0..=1024))]
    image_budget: u32,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    if let Some(other) = args.runs.iter().find(|run| !Run::is_at(Path::new(run))) {
        return Err(Error::Usage(format!(
            "{other}: expected a run directory, found none; `esr-bench rank --format html` shows other tables"
        )));
    }
    let rules = sources::rules_for(args.rules.as_deref(), &args.runs)?;
    let sources = sources::read(&args.runs, &rules)?;
    let options = rank::Options {
        baseline: args.baseline.clone().or_else(|| sources.baseline.clone()),
        ..rank::Options::default()
    };
    let boards = rank::every_track(&sources.entries, &rules, &sources.sessions, &options)?;
    let pictures = Pictures {
        images: args.image.clone(),
        side: args.crop as usize,
        budget: (args.image_budget as usize) << 20,
        ..Pictures::default()
    };
    let mut page = page(&args.runs, &rules, &sources, &boards, &Options::default())?;
    let mut first = 0;
    for run in &sources.runs {
        page.add_pictures(run, first, &pictures)?;
        first += run.plan().submissions.len();
    }
    if let Some(title) = &args.title {
        page.title.clone_from(title);
    }
    files::write(&args.output, render(&page, Mode::File)?.as_bytes())?;
    super::output::print(&format!("Wrote {}\n", args.output.display()))?;
    Ok(exit::DONE)
}

/// The page of boards and of those inputs that are runs. Entries of the sources stand in the order of the inputs.
pub(crate) fn page(
    inputs: &[String],
    rules: &Rules,
    sources: &Sources,
    boards: &[Leaderboard],
    options: &Options,
) -> Result<Page> {
    let mut page = report::page(&rules.title, boards, options, &sources.entries);
    // Where every input is a run it is known which entries are whose.
    if inputs.len() == sources.runs.len() {
        let mut first = 0;
        for run in &sources.runs {
            page.add_run(run, first, rules)?;
            first += run.plan().submissions.len();
        }
    }
    Ok(page)
}
