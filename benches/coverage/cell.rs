//! One cell of the table: a truth, a track, a noise, a number of rounds; how often intervals cover, and how wide they are.

use esr_bench::entry::Metric;
use esr_bench::rank::rank;
use esr_bench::rules::Rules;
use esr_bench::stats::ranks::{competition_ranks, places_by};
use esr_bench::stats::{Basis, Field, Figures, Matrix, Place, Protocol, RankedTrack, Settings, rank_uncertainty};
use rand::RngExt;
use rand_pcg::Pcg64;

use super::noise::{Noise, generator, session};

/// How true places come about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Places by the runtime.
    Runtime,
    /// By the sum of the runtime's rank and of what is certain.
    RankSum,
    /// By `weight * exp(2 ms / baseline)` and what is certain.
    Score,
}

/// A truth of some kind.
#[derive(Clone)]
pub(crate) struct Truth {
    pub(crate) runtimes: Vec<f64>,
    /// What is certain of each entry's sum or score.
    pub(crate) rest: Vec<f64>,
    /// The baseline's true runtime and the runtime's weight in the score.
    pub(crate) base: f64,
    pub(crate) weight: f64,
}

/// Which truth.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Case {
    /// So many entries that are all alike.
    Tied(usize),
    /// Three groups of four, 10 % apart.
    Groups,
    /// So many entries, each slower than the last by this fraction.
    Apart(usize, f64),
    /// The 35 runtimes of NTIRE 2022, or their rank sums over five metrics.
    Ntire2022,
    /// Rank sums of so many entries within 5 %, with ties, and two random metrics.
    Within5(usize),
    /// Twelve scores tied in groups of four, where runtime is traded against the rest.
    TiedScores,
    /// The scores of this edition.
    Scores(&'static str),
}

impl Case {
    pub(crate) fn name(self, kind: Kind) -> String {
        match (self, kind) {
            (Case::Tied(n), _) => format!("{n} tied"),
            (Case::Groups, _) => "3 groups of 4 ties, 10 % apart".into(),
            (Case::Apart(n, step), _) => format!("{n} entries, {:.1} % apart", 100.0 * step),
            (Case::Ntire2022, Kind::Runtime) => "NTIRE 2022 runtimes (35)".into(),
            (Case::Ntire2022, _) => "NTIRE 2022 overall (35)".into(),
            (Case::Within5(n), _) => format!("{n} entries within 5 %, ties"),
            (Case::TiedScores, _) => "12 scores tied in groups of 4".into(),
            (Case::Scores(edition), _) => format!("{} {}", edition.replace("ntire", "NTIRE "), "main score"),
        }
    }

    fn truth(self, kind: Kind, rng: &mut Pcg64) -> Truth {
        let plain = |runtimes: Vec<f64>| Truth { rest: vec![0.0; runtimes.len()], runtimes, base: 7.74, weight: 0.8 };
        match self {
            Case::Tied(n) => plain(vec![20.0; n]),
            Case::Groups => plain((0..12).map(|i| 20.0 * 1.1f64.powi(i / 4)).collect()),
            Case::Apart(n, step) => plain((0..n as i32).map(|i| 20.0 * (1.0 + step).powi(i)).collect()),
            Case::Ntire2022 => published("ntire2022", if kind == Kind::Runtime { "runtime" } else { "overall" }),
            Case::Within5(n) => {
                let runtimes =
                    (0..n).map(|_| 20.0 * (1.0 + 0.05 * (6.0 * rng.random::<f64>()).floor() / 6.0)).collect();
                let mut metric = || competition_ranks(&(0..n).map(|_| rng.random()).collect::<Vec<f64>>());
                let rest = metric().into_iter().zip(metric()).map(|(a, b)| f64::from(a + b)).collect();
                Truth { runtimes, rest, base: 1.0, weight: 1.0 }
            }
            Case::TiedScores => {
                let runtimes: Vec<f64> = (0..12).map(|_| rng.random_range(5.0..11.0)).collect();
                let part = |ms: f64| 0.8 * (2.0 * ms / 7.74).exp();
                let level = |i: usize| part(11.0) * (1.0 + 0.15 * (i / 4) as f64);
                let rest = runtimes.iter().enumerate().map(|(i, ms)| level(i) - part(*ms)).collect();
                Truth { runtimes, rest, base: 7.74, weight: 0.8 }
            }
            Case::Scores(edition) => published(edition, "main"),
        }
    }
}

/// The truth of a published table's track.
fn published(edition: &str, track: &str) -> Truth {
    let rules = Rules::embedded(edition).expect("an embedded edition");
    let board = rank(&rules.published().expect("its table"), &rules, track).expect("a leaderboard");
    let runtime = |row: &esr_bench::rank::Row| row.entry.get(Metric::RuntimeMs).expect("a runtime");
    let base = board.baseline.as_ref().map_or(1.0, runtime);
    let weight = match &rules.track(track).expect("the track").by {
        esr_bench::rules::schema::By::Score(rule) => rule.weights[&Metric::RuntimeMs],
        _ => 1.0,
    };
    let rest = |row: &esr_bench::rank::Row| match row.metric_scores.get(&Metric::RuntimeMs) {
        Some(part) => row.score.unwrap_or(0.0) - weight * part,
        None => row.score.map_or(0.0, |sum| sum - f64::from(row.metric_ranks[&Metric::RuntimeMs])),
    };
    Truth {
        runtimes: board.rows.iter().map(runtime).collect(),
        rest: board.rows.iter().map(rest).collect(),
        base,
        weight,
    }
}

/// One cell.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Cell {
    pub(crate) kind: Kind,
    pub(crate) case: Case,
    pub(crate) noise: Noise,
    pub(crate) rounds: usize,
    pub(crate) winsorise: Option<f64>,
}

/// What was found, as shares and places.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// Entries whose interval holds their true place, every place of a tie.
    pub(crate) own: f64,
    /// Sessions in which all do.
    pub(crate) joint: f64,
    /// The mean number of places in an interval.
    pub(crate) width: f64,
    /// Sessions in which two entries share a letter although their intervals are disjoint, or the reverse in a track by runtime or score.
    pub(crate) contradictions: f64,
    /// Entries whose interval lacks the printed place.
    pub(crate) without_own_place: f64,
}

impl Cell {
    /// Figures of an entry: its runtime, sum or score.
    fn figures(kind: Kind, truth: &Truth, runtimes: &[f64], base: f64) -> Vec<f64> {
        match kind {
            Kind::Runtime => runtimes.to_vec(),
            Kind::RankSum => {
                competition_ranks(runtimes).into_iter().zip(&truth.rest).map(|(r, rest)| rest + f64::from(r)).collect()
            }
            Kind::Score => runtimes
                .iter()
                .zip(&truth.rest)
                .map(|(ms, rest)| rest + truth.weight * (2.0 * ms / base).exp())
                .collect(),
        }
    }

    /// Simulates `sessions` sessions.
    pub(crate) fn simulate(&self, sessions: usize) -> Found {
        let mut rng = generator(20_220_622 + 1000 * self.rounds as u64 + self.noise as u64);
        let (mut own, mut joint, mut width, mut entries) = (0.0, 0.0, 0.0, 0.0);
        let (mut contradictions, mut without) = (0.0, 0.0);
        for seed in 0..sessions as u64 {
            let truth = self.case.truth(self.kind, &mut rng);
            let count = truth.runtimes.len();
            let rounded = |f: Vec<f64>| f.into_iter().map(|x| (x * 1e9).round() / 1e9).collect::<Vec<f64>>();
            let figures = rounded(Cell::figures(self.kind, &truth, &truth.runtimes, truth.base));
            let best = competition_ranks(&figures);
            let with_base: Vec<f64> = truth.runtimes.iter().copied().chain([truth.base; 2]).collect();
            let rows = session(
                if self.kind == Kind::Score { &with_base } else { &truth.runtimes },
                self.rounds,
                self.noise,
                &mut rng,
            );
            let labels = (0..rows.len()).map(|i| format!("entry {i}")).collect();
            let matrix = Matrix::from_rows(labels, &rows, Protocol::Robust);
            let ranked: Vec<usize> = (0..count).collect();
            let baseline: Vec<usize> = (count..rows.len()).collect();
            let field = Field { matrix: &matrix, ranked: &ranked, baseline: &baseline, fixed_baseline: None };
            let ranking = |f: &Figures<'_>| -> esr_bench::Result<Vec<Place>> {
                let figures = Cell::figures(self.kind, &truth, f.runtimes, f.baseline.unwrap_or(truth.base));
                Ok(places_by(&figures))
            };
            let score = |entry: usize, ms: f64, base: f64| truth.rest[entry] + truth.weight * (2.0 * ms / base).exp();
            let basis = match self.kind {
                Kind::Runtime => Basis::Runtime,
                Kind::RankSum => Basis::RankSum(None),
                Kind::Score => Basis::Score(&score),
            };
            let settings = Settings { seed, resamples: 0, winsorise: self.winsorise, ..Settings::default() };
            let u = rank_uncertainty(&field, &RankedTrack { basis, ranking: &ranking }, settings).expect("intervals");
            let mut all = true;
            let intervals: Vec<(u32, u32)> =
                u.entries.iter().map(|e| e.rank_interval.unwrap_or((1, count as u32))).collect();
            for (i, entry) in u.entries.iter().enumerate() {
                let worst = best[i] + figures.iter().filter(|&&f| f == figures[i]).count() as u32 - 1;
                let (low, high) = intervals[i];
                let covers = low <= best[i] && worst <= high;
                own += f64::from(u8::from(covers));
                all &= covers;
                width += f64::from(high - low + 1);
                without += f64::from(u8::from(!(low..=high).contains(&entry.rank)));
            }
            entries += count as f64;
            joint += f64::from(u8::from(all));
            let shares = |i: usize, j: usize| u.entries[i].group.chars().any(|c| u.entries[j].group.contains(c));
            let disjoint = |i: usize, j: usize| intervals[i].1 < intervals[j].0 || intervals[j].1 < intervals[i].0;
            let wrong = (0..count).any(|j| (0..j).any(|i| count <= 12 && shares(i, j) && disjoint(i, j)));
            contradictions += f64::from(u8::from(wrong));
        }
        let sessions = sessions as f64;
        Found {
            own: own / entries,
            joint: joint / sessions,
            width: width / entries,
            contradictions: contradictions / sessions,
            without_own_place: without / entries,
        }
    }
}
