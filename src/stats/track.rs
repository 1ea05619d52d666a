//! What a ranking is to this room: a function from figures to places, and what a round says about it.

use super::matrix::Matrix;
use crate::error::Result;

/// Figures as a ranking takes them.
#[derive(Debug, Clone, Copy)]
pub struct Figures<'a> {
    /// The ranked entries' runtimes, ms, in the field's order.
    pub runtimes: &'a [f64],
    /// The baseline's runtime, ms; absent where no baseline was measured.
    pub baseline: Option<f64>,
    /// The ranked entries' memory, where it was measured several times and varies; absent: as the entries have it.
    pub memory: Option<&'a [f64]>,
}

/// Where a ranking puts an entry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Its place; entries may share one.
    pub rank: u32,
    /// What it is ranked by: runtime, score, or rank sum. Less is better.
    pub figure: f64,
}

/// The ranking function of the rules: rounding, ties and tie breakers included. There is one, and the caller passes it in, so that an interval
/// always contains the place that the table prints. It answers with one place for each runtime, in their order.
pub type Ranking<'a> = dyn Fn(&Figures<'_>) -> Result<Vec<Place>> + Sync + 'a;

/// The score of an entry (by index in the field) from one round: its runtime and the baseline's in that round, ms.
pub type RoundScore<'a> = dyn Fn(usize, f64, f64) -> f64 + Sync + 'a;

/// How the runtime enters a track.
#[derive(Clone, Copy)]
pub enum Basis<'a> {
    /// Not at all: places are those of figures that are taken as exact.
    Exact,
    /// Places go by the runtime, or by a figure that grows with the runtime alone.
    Runtime,
    /// Places go by a score; each round gives one, with that round's own baseline.
    Score(&'a RoundScore<'a>),
    /// Places go by a sum of ranks, the runtime's among them. With each entry's measurements of its memory, where that was measured several times and is part of
    /// the sum.
    RankSum(Option<&'a [Vec<f64>]>),
}

/// One track of the rules.
#[derive(Clone, Copy)]
pub struct RankedTrack<'a> {
    /// How the runtime enters.
    pub basis: Basis<'a>,
    /// The ranking function.
    pub ranking: &'a Ranking<'a>,
}

/// Who takes part.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// All that was measured. Entries that are not ranked help to place the rounds.
    pub matrix: &'a Matrix,
    /// The rows of the ranked entries, in the order in which the track's functions know them.
    pub ranked: &'a [usize],
    /// The rows of the baseline: its own label first, then its control. Empty: the rules' figure is used.
    pub baseline: &'a [usize],
    /// The rules' figure of the baseline, ms, for scores where no baseline was measured.
    pub fixed_baseline: Option<f64>,
}

impl Field<'_> {
    /// The entries' figures over their rounds.
    pub fn runtimes(&self) -> Vec<f64> {
        self.ranked.iter().map(|&row| self.matrix.figure(row)).collect()
    }

    /// The baseline's figure over its rounds.
    pub fn baseline_figure(&self) -> Option<f64> {
        self.baseline.first().map(|&row| self.matrix.figure(row))
    }
}
