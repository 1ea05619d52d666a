//! Coverage and width of rank intervals in simulated sessions: `cargo bench --bench coverage -- quick|full [WORD [SESSIONS]]`.
//!
//! The table in `docs/statistics.md` is what `full` prints. WORD keeps the rows that contain it.

#![allow(missing_docs, reason = "a program, not a library")]
#![allow(clippy::print_stdout, reason = "its table is its output")]

mod cell;
mod noise;

use cell::{Case, Cell, Kind};
use noise::Noise;

/// A line of the table: one truth under one noise.
struct Row {
    kind: Kind,
    case: Case,
    noise: Noise,
    winsorise: Option<f64>,
}

impl Row {
    fn name(&self) -> String {
        let track = match self.kind {
            Kind::Runtime => "runtime",
            Kind::RankSum => "rank sum",
            Kind::Score => "score",
        };
        let option = if self.winsorise.is_some() { ", winsorised" } else { "" };
        format!("| {track}{option} | {} | {} |", self.case.name(self.kind), self.noise.name())
    }
}

fn rows() -> Vec<Row> {
    let few = [Noise::Gaussian, Noise::Heavy, Noise::Drift].as_slice();
    let all = Noise::ALL.as_slice();
    let hard = [Noise::Heavy, Noise::UnequalSpread].as_slice();
    let plain: [(Kind, Case, &[Noise]); 12] = [
        (Kind::Runtime, Case::Tied(8), all),
        (Kind::Runtime, Case::Groups, all),
        (Kind::Runtime, Case::Apart(12, 0.02), all),
        (Kind::Runtime, Case::Apart(12, 0.004), few),
        (Kind::Runtime, Case::Tied(45), hard),
        (Kind::Runtime, Case::Ntire2022, &[Noise::Heavy]),
        (Kind::RankSum, Case::Within5(20), all),
        (Kind::RankSum, Case::Within5(8), few),
        (Kind::RankSum, Case::Ntire2022, few),
        (Kind::Score, Case::TiedScores, all),
        (Kind::Score, Case::Scores("ntire2024"), few),
        (Kind::Score, Case::Scores("ntire2026"), few),
    ];
    let winsorised = [
        (Kind::Runtime, Case::Tied(8), hard),
        (Kind::Runtime, Case::Tied(45), hard),
        (Kind::Runtime, Case::Apart(12, 0.02), hard),
    ];
    let held_out: [(Kind, Case, &[Noise]); 5] = [
        (Kind::Runtime, Case::Tied(8), &Noise::HELD_OUT),
        (Kind::Runtime, Case::Groups, &Noise::HELD_OUT),
        (Kind::Runtime, Case::Apart(12, 0.02), &Noise::HELD_OUT),
        (Kind::RankSum, Case::Within5(20), &Noise::HELD_OUT),
        (Kind::Score, Case::TiedScores, &Noise::HELD_OUT),
    ];
    let with = |winsorise: Option<f64>| {
        move |(kind, case, noises): (Kind, Case, &[Noise])| {
            noises.iter().map(|&noise| Row { kind, case, noise, winsorise }).collect::<Vec<Row>>()
        }
    };
    let plain = plain.into_iter().chain(held_out);
    plain.flat_map(with(None)).chain(winsorised.into_iter().flat_map(with(Some(4.0)))).collect()
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let quick = args.first().is_none_or(|a| a != "full");
    let word = args.get(1).map_or("", String::as_str);
    let sessions: usize = args.get(2).and_then(|n| n.parse().ok()).unwrap_or(if quick { 200 } else { 1000 });
    let rounds: &[usize] = if quick { &[10] } else { &[6, 8, 10, 12, 15] };
    println!("{sessions} sessions a cell (half as many of 45 entries): own / joint coverage in %, (width in places)\n");
    let heads: Vec<String> = rounds.iter().map(|r| format!(" {r} rounds |")).collect();
    println!("| track | truth | noise |{}\n|---|---|---|{}", heads.concat(), "---|".repeat(rounds.len()));
    let (mut contradictions, mut without) = (0.0, 0.0);
    for row in rows().iter().filter(|row| row.name().contains(word)) {
        let sessions = if row.case == Case::Tied(45) { sessions.div_ceil(2) } else { sessions };
        let mut line = row.name();
        for &rounds in rounds {
            let Row { kind, case, noise, winsorise } = *row;
            let found = Cell { kind, case, noise, rounds, winsorise }.simulate(sessions);
            line += &format!(" {:.1} / {:.1} ({:.2}) |", 100.0 * found.own, 100.0 * found.joint, found.width);
            contradictions += found.contradictions * sessions as f64;
            without += found.without_own_place;
        }
        println!("{line}");
    }
    println!("\nsessions in which a letter and an interval contradict each other: {contradictions}");
    println!("entries whose interval lacks their printed place: {without}");
}
