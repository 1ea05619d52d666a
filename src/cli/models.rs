//! `esr-bench models`: the registry, as cards describe it.

use comfy_table::{Table, presets};
use esr_bench::card::Card;
use esr_bench::{Result, exit};

/// Arguments of `models`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// One JSON array instead of a table.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let cards = Card::all()?;
    if args.json {
        let text = serde_json::to_string_pretty(&cards).expect("cards are plain data");
        super::print(&(text + "\n"))?;
        return Ok(exit::DONE);
    }
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(["model", "arch", "title", "year", "range", "paper"]);
    for card in &cards {
        table.add_row([
            card.name.clone(),
            card.arch.clone(),
            card.title.clone(),
            card.year.to_string(),
            card.data_range.to_string(),
            card.paper.clone(),
        ]);
    }
    super::print(&format!("{table}\n"))?;
    Ok(exit::DONE)
}
