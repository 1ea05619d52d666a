//! Coverage and width of rank intervals in simulated sessions: `cargo bench --bench coverage -- quick|full [WORD]`.
//!
//! The table in `docs/statistics.md` is what `full` prints. WORD keeps the cells whose name contains it.

#![allow(missing_docs, reason = "a program, not a library")]
#![allow(clippy::print_stdout, reason = "its table is its output")]

mod cell;
mod noise;

use cell::{Case, Cell, Kind};
use noise::Noise;

fn cells(quick: bool) -> Vec<Cell> {
    let mut cells = Vec::new();
    let rounds: &[usize] = if quick { &[10] } else { &[6, 8, 10, 12, 15] };
    let mut add = |kind: Kind, case: Case, noises: &[Noise], rounds: &[usize]| {
        for &noise in noises {
            cells.extend(rounds.iter().map(|&rounds| Cell { kind, case, noise, rounds, winsorise: None }));
        }
    };
    let few = [Noise::Gaussian, Noise::Heavy, Noise::Drift];
    add(Kind::Runtime, Case::Tied(8), &Noise::ALL, rounds);
    add(Kind::Runtime, Case::Groups, &Noise::ALL, rounds);
    add(Kind::Runtime, Case::Apart(12, 0.02), &Noise::ALL, rounds);
    add(Kind::Runtime, Case::Apart(12, 0.004), &few, rounds);
    add(Kind::Runtime, Case::Tied(45), &[Noise::Heavy, Noise::UnequalSpread], rounds);
    add(Kind::Runtime, Case::Ntire2022, &[Noise::Heavy], rounds);
    add(Kind::RankSum, Case::Within5(20), &Noise::ALL, rounds);
    add(Kind::RankSum, Case::Within5(8), &few, rounds);
    add(Kind::RankSum, Case::Ntire2022, &few, rounds);
    add(Kind::Score, Case::TiedScores, &Noise::ALL, rounds);
    add(Kind::Score, Case::Scores("ntire2024"), &few, rounds);
    add(Kind::Score, Case::Scores("ntire2026"), &few, rounds);
    let option = [
        (Kind::Runtime, Case::Tied(8)),
        (Kind::Runtime, Case::Tied(45)),
        (Kind::Runtime, Case::Apart(12, 0.02)),
        (Kind::RankSum, Case::Within5(20)),
    ];
    for (kind, case) in option {
        for noise in [Noise::Heavy, Noise::UnequalSpread] {
            cells.extend(rounds.iter().map(|&rounds| Cell { kind, case, noise, rounds, winsorise: Some(4.0) }));
        }
    }
    cells
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let quick = args.first().is_none_or(|a| a != "full");
    let word = args.get(1).map_or("", String::as_str);
    let sessions: usize = args.get(2).and_then(|n| n.parse().ok()).unwrap_or(if quick { 200 } else { 1000 });
    println!("{sessions} sessions a cell; coverage in %, width in places\n");
    println!("| track | truth | noise | rounds | own | joint | width |\n|---|---|---|---|---|---|---|");
    let mut contradictions = 0.0;
    let mut without = 0.0;
    for cell in cells(quick) {
        let track = match cell.kind {
            Kind::Runtime => "runtime",
            Kind::RankSum => "rank sum",
            Kind::Score => "score",
        };
        let option = if cell.winsorise.is_some() { ", winsorised" } else { "" };
        let name =
            format!("| {track}{option} | {} | {} | {} |", cell.case.name(cell.kind), cell.noise.name(), cell.rounds);
        if !name.contains(word) {
            continue;
        }
        let sessions = if cell.case == Case::Tied(45) { sessions.div_ceil(2) } else { sessions };
        let found = cell.simulate(sessions);
        println!("{name} {:.1} | {:.1} | {:.2} |", 100.0 * found.own, 100.0 * found.joint, found.width);
        contradictions += found.contradictions;
        without += found.without_own_place;
    }
    println!("\nsessions in which a letter and an interval contradict each other: {contradictions}");
    println!("entries whose interval lacks their printed place: {without}");
}
