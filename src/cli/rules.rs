//! `esr-bench rules`: the editions' rules.

use clap::Subcommand;
use comfy_table::{Table, presets};
use esr_bench::entry::Metric;
use esr_bench::rules::Rules;
use esr_bench::rules::schema::By;
use esr_bench::rules::schema::Origin;
use esr_bench::{Error, Result, exit, rank};

/// Arguments of `rules`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The editions that are built in.
    List,
    /// An edition's rules, for people or as they are written (`--toml`), or as one JSON object.
    Show {
        /// The edition's id, its folder, or a file of rules.
        rules: String,
        /// The file as it is.
        #[arg(long)]
        toml: bool,
        /// One JSON object.
        #[arg(long, conflicts_with = "toml")]
        json: bool,
    },
    /// Check files of rules, and that their published tables can be ranked by them.
    Check {
        /// Editions' ids, folders or files; none: all that are built in.
        rules: Vec<String>,
    },
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    match &args.command {
        Command::List => list(),
        Command::Show { rules, toml, json } => show(&Rules::find(rules)?, *toml, *json),
        Command::Check { rules } => check(rules),
    }
}

fn list() -> Result<u8> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["rules", "title", "tracks", "published table"]);
    for id in Rules::ids() {
        let rules = Rules::embedded(&id)?;
        let names: Vec<&str> = rules.tracks.iter().map(|t| t.name.as_str()).collect();
        let rows = rules.published()?.len();
        let rows = if rules.published.complete { format!("{rows} rows") } else { format!("{rows} rows, not complete") };
        table.add_row([rules.id, rules.title, names.join(", "), rows]);
    }
    super::print(&format!("{table}\n"))?;
    Ok(exit::DONE)
}

fn show(rules: &Rules, toml: bool, json: bool) -> Result<u8> {
    let text = if toml {
        rules.text()?
    } else if json {
        let failed = |e: serde_json::Error| Error::Usage(format!("{} cannot be written as JSON: {e}", rules.id));
        serde_json::to_string_pretty(rules).map_err(failed)? + "\n"
    } else {
        summary(rules)
    };
    super::print(&text)?;
    Ok(exit::DONE)
}

fn summary(rules: &Rules) -> String {
    let mut lines = vec![format!("{} ({})", rules.title, rules.id)];
    let mut line = |name: &str, text: String| {
        if !text.is_empty() {
            lines.push(format!("  {name:<12}{text}"));
        }
    };
    for split in &rules.splits {
        let images = split.images.map_or_else(String::new, |n| format!(", {n} images"));
        line(&split.name, format!("{}{images}", split.dataset));
    }
    for cut in &rules.cuts {
        let rounding = cut.decimals.map_or_else(String::new, |d| format!(", rounded to {d} decimals"));
        let announced = cut.announced.map_or_else(String::new, |a| format!(" ({a:.2} announced)"));
        let inferred = if cut.inferred { ", inferred from the table" } else { "" };
        line("cut", format!("{} >= {:.2}{announced}{rounding}{inferred}", cut.metric, cut.at_least));
    }
    if let Some(baseline) = &rules.baseline {
        let figures: Vec<String> = baseline.metrics.iter().map(|(m, v)| format!("{m} {v:.*}", m.decimals())).collect();
        line("baseline", format!("{}: {} ({})", baseline.network, figures.join(", "), baseline.source));
        for other in &baseline.others {
            line("", format!("{} says {} {:.*}", other.source, other.metric, other.metric.decimals(), other.value));
        }
    }
    for constraint in &rules.constraints {
        let tracks = if constraint.tracks.is_empty() { "all tracks".into() } else { constraint.tracks.join(", ") };
        line("constraint", format!("{} no worse than the baseline's in {tracks}", constraint.metric));
    }
    let [c, h, w] = rules.costs.input;
    line("costs", format!("counter {} at {c} x {h} x {w}", rules.costs.counter));
    line("exempt ops", rules.costs.exempt_ops.join(", "));
    let runs = rules.runtime.runs.map_or_else(|| "runs not stated".into(), |n| format!("{n} runs"));
    let device = rules.runtime.device.as_deref().unwrap_or("device not stated");
    let warm = if rules.runtime.warm_up { "warmed up" } else { "no warm-up" };
    line("runtime", format!("{device}, {runs}, {warm}"));
    for track in &rules.tracks {
        let aliases = if track.aliases.is_empty() { String::new() } else { format!(" ({})", track.aliases.join(", ")) };
        let breakers = if track.tie_breakers.is_empty() {
            String::new()
        } else {
            format!("; ties by {}", track.tie_breakers.join(", "))
        };
        line("track", format!("{}{aliases}: {}{breakers}", track.name, formula(&track.by)));
    }
    line("published", rules.published.note.clone());
    lines.join("\n") + "\n"
}

fn formula(by: &By) -> String {
    let names = |metrics: &[Metric]| metrics.iter().map(|m| m.name()).collect::<Vec<_>>().join(", ");
    match by {
        By::Metric(metric) => metric.name().to_owned(),
        By::RankSum(metrics) => format!("sum of the ranks by {}", names(metrics)),
        By::Score(rule) => {
            let term = |(m, w): (&Metric, &f64)| format!("{w} exp({} {m} / {m} of the baseline)", rule.k);
            rule.weights.iter().map(term).collect::<Vec<_>>().join(" + ")
        }
    }
}

/// Every file is looked at, whatever the one before held.
fn check(named: &[String]) -> Result<u8> {
    let all = if named.is_empty() { Rules::ids() } else { named.to_vec() };
    let mut code = exit::DONE;
    for name in &all {
        match check_one(name) {
            Ok(text) => super::print(&format!("{name}: {text}\n"))?,
            Err(error) => {
                super::print(&format!("{name}: {error}\n"))?;
                code = exit::CHECK_FAILED;
            }
        }
    }
    Ok(code)
}

fn check_one(name: &str) -> Result<String> {
    let rules = Rules::find(name)?;
    let alone = matches!(&rules.origin, Origin::File(file) if !file.with_file_name("published.csv").is_file());
    if alone {
        return Ok("well formed; no published table beside it".into());
    }
    let entries = rules.published()?;
    for track in &rules.tracks {
        rank::rank(&entries, &rules, &track.name)?;
    }
    Ok(format!("well formed; {} published rows can be ranked in {} tracks", entries.len(), rules.tracks.len()))
}
