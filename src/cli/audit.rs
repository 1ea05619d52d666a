//! `esr-bench audit`: what in a printed table does not follow from its own figures and the rules.

use std::path::Path;

use comfy_table::{Table, presets};
use esr_bench::audit::{Audit, audit};
use esr_bench::rules::Rules;
use esr_bench::tables::table;
use esr_bench::{Error, Result, exit};

use super::sources;

/// Arguments of `audit`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A CSV with printed ranks, sums or scores, or an edition's id (its published table)
    #[arg(value_name = "FILE|ID")]
    table: String,
    /// The rules: an edition's id, its folder, or a file [default: those of the edition that is audited]
    #[arg(long, value_name = "ID|FILE")]
    rules: Option<String>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let path = Path::new(&args.table);
    let edition = match path {
        p if !p.exists() && Rules::ids().contains(&args.table) => Some(Rules::embedded(&args.table)?),
        p if p.is_dir() => Some(Rules::read(p)?),
        _ => None,
    };
    let rules = match (&args.rules, &edition) {
        (Some(name), _) => Rules::find(name)?,
        (None, Some(edition)) => edition.clone(),
        (None, None) => {
            return Err(Error::Usage("--rules: by which edition's rules is the table to be audited?".into()));
        }
    };
    let table = match &edition {
        Some(edition) => edition.published_table()?,
        None => table::read_table(sources::existing(path)?)?,
    };
    let audit = audit(&table, &rules)?;
    let text = if args.json {
        let failed = |e: serde_json::Error| Error::Usage(format!("the audit cannot be written as JSON: {e}"));
        serde_json::to_string_pretty(&audit).map_err(failed)? + "\n"
    } else {
        report(&audit, &table.file.display().to_string(), &rules)
    };
    super::print(&text)?;
    Ok(if audit.findings.is_empty() { exit::DONE } else { exit::CHECK_FAILED })
}

fn report(audit: &Audit, file: &str, rules: &Rules) -> String {
    let mut text = format!("{file} by the rules of {}: {} figures recomputed, ", rules.id, audit.checked);
    match audit.findings.len() {
        0 => text += "all follow\n",
        n => {
            text += &format!("{n} do not follow\n\n");
            let mut table = Table::new();
            table.load_style(presets::NOTHING).set_header(["line", "entry", "column", "printed", "follows", "from"]);
            for f in &audit.findings {
                let line = f.line.map_or_else(|| "rules".to_owned(), |l| l.to_string());
                table.add_row([&line, &f.entry, &f.column, &f.printed, &f.computed, &f.why]);
            }
            text += &table.trim_fmt();
            text += "\n";
        }
    }
    if !audit.remarks.is_empty() {
        text += "\n";
    }
    for remark in &audit.remarks {
        text += &format!("remark: {remark}\n");
    }
    text
}
