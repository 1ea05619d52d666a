//! Ranks a table of measurements by the rules of an edition, as `esr-bench rank` does.
//!
//!     cargo run --example rank_csv -- table.csv

use esr_bench::report::{Format, Options, render};
use esr_bench::{Error, inputs::sources, rank, rules::Rules};

#[allow(clippy::print_stdout, reason = "an example prints its result")]
fn main() -> Result<(), Error> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let rules = Rules::embedded("ntire2022")?;
    let entries = sources::read(&files, &rules)?.entries;
    let board = rank::rank(&entries, &rules, "runtime")?;
    println!("{}", render(&board, Format::Table, &Options::default())?);
    Ok(())
}
