//! `esr-bench audit`: checks a printed table against its own figures and the rules.

use std::path::Path;

use esr_bench::audit::audit;
use esr_bench::inputs::sources;
use esr_bench::report::{self, Format};
use esr_bench::rules::Rules;
use esr_bench::tables::table;
use esr_bench::{Error, Result, exit};

use super::output;

/// Arguments of `audit`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// CSV file with printed ranks, sums or scores, or an edition's id for its published table
    #[arg(value_name = "FILE|ID")]
    table: String,
    /// Rules: an edition's id, its folder, or a file [default: the rules of the audited edition]
    #[arg(long, value_name = "ID|FILE")]
    rules: Option<String>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = output::formats(&[Format::Table, Format::Json]))]
    format: Format,
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
            return Err(Error::Usage(
                "expected --rules ID|FILE: a CSV file does not say which edition's rules apply".into(),
            ));
        }
    };
    let table = match &edition {
        Some(edition) => edition.published_table()?,
        None => table::read_table(sources::existing(path)?)?,
    };
    let audit = audit(&table, &rules)?;
    let text = match args.format {
        Format::Json => output::json(&audit)?,
        _ => report::audit::table(&audit, &table.file, &rules.id),
    };
    output::print(&text)?;
    Ok(if audit.findings.is_empty() { exit::DONE } else { exit::CHECK_FAILED })
}
