//! What organisers may announce: facts first, sentences last.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::control::AgainstItself;
use super::disturbance::Quiet;
use super::planning::Plan;
use super::ranks::Uncertainty;
use super::remark::{Remark, Unit};
use super::serial::Serial;

/// Entries of one track that take places together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Block {
    /// The first and the last of their places.
    pub places: (u32, u32),
    /// The entries, best first. One alone has its place for certain.
    pub entries: Vec<String>,
    /// What is certain within the block: entries, and those that come after each of them.
    pub before: Vec<(Vec<String>, Vec<String>)>,
}

/// Two neighbours that are not told apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Separation {
    /// The one that is placed better.
    pub a: String,
    /// The next.
    pub b: String,
    /// What it would take.
    pub plan: Plan,
}

/// What a run says about a track, as facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Announcement {
    /// Rounds, or sessions where those are the unit.
    pub rounds: usize,
    /// What the unit is.
    pub unit: Unit,
    /// How quiet the rounds were; absent where the track does not depend on the runtime.
    pub quiet: Option<Quiet>,
    /// The baseline against itself.
    pub against_itself: Vec<AgainstItself>,
    /// Whether an entry's noise lasts from round to round.
    pub serial: Option<Serial>,
    /// The level with which all statements hold together.
    pub level: f64,
    /// Entries that may be first, best first, with the share of resamples in which each was.
    pub first: Vec<(String, f64)>,
    /// Who takes which places, best first. Every entry of a block certainly comes before every entry of the next. Empty: too few rounds.
    pub blocks: Vec<Block>,
    /// Plans for open neighbours, best places first.
    pub separations: Vec<Separation>,
    /// Open neighbours without a plan.
    pub unplanned: usize,
    /// Figures that were taken as exact: names of metrics.
    pub taken_as_exact: Vec<String>,
    /// What else a reader must know.
    pub remarks: Vec<Remark>,
}

/// What the caller knows beside the uncertainty of places.
#[derive(Debug, Clone, PartialEq)]
pub struct Circumstances {
    /// How quiet the rounds were (see [`super::quiet`]); absent where the track does not depend on the runtime.
    pub quiet: Option<Quiet>,
    /// See [`super::against_itself`].
    pub against_itself: Vec<AgainstItself>,
    /// See [`serial()`](super::serial()).
    pub serial: Option<Serial>,
    /// Plans for the neighbours that are open (see [`super::open_pair`]); [`open_neighbours`] says which.
    pub separations: Vec<Separation>,
    /// Metrics that enter the track without a test.
    pub taken_as_exact: Vec<String>,
}

/// Neighbours by place that are not told apart, by index, best first.
pub fn open_neighbours(uncertainty: &Uncertainty) -> Vec<(usize, usize)> {
    let order = by_place(uncertainty);
    let open = |w: &&[usize]| !uncertainty.comes_before(w[0], w[1]);
    order.windows(2).filter(open).map(|w| (w[0], w[1])).collect()
}

/// How many pairs are not told apart.
pub fn open_pairs(uncertainty: &Uncertainty) -> usize {
    let count = uncertainty.entries.len();
    count * count.saturating_sub(1) / 2 - uncertainty.before.len()
}

impl Announcement {
    /// Gathers the facts.
    pub fn new(uncertainty: &Uncertainty, circumstances: Circumstances) -> Self {
        let known = uncertainty.entries.iter().any(|e| e.rank_interval.is_some());
        let order = by_place(uncertainty);
        let may_be_first = |&&e: &&usize| uncertainty.entries[e].rank_interval.is_some_and(|(low, _)| low == 1);
        let share = |e: usize| uncertainty.entries[e].rank_probability.first().copied().unwrap_or(0.0);
        let label = |e: usize| uncertainty.entries[e].label.clone();
        Announcement {
            rounds: uncertainty.rounds,
            unit: uncertainty.unit,
            quiet: circumstances.quiet,
            against_itself: circumstances.against_itself,
            serial: circumstances.serial,
            level: uncertainty.settings.level,
            first: order.iter().filter(may_be_first).map(|&e| (label(e), share(e))).collect(),
            blocks: if known { blocks(uncertainty, &order) } else { Vec::new() },
            unplanned: if known {
                open_neighbours(uncertainty).len().saturating_sub(circumstances.separations.len())
            } else {
                0
            },
            separations: circumstances.separations,
            taken_as_exact: circumstances.taken_as_exact,
            remarks: uncertainty.remarks.clone(),
        }
    }

    /// The sentences, in the order in which they are to be read.
    pub fn sentences(&self) -> Vec<Sentence> {
        let exact = self.remarks.contains(&Remark::ExactTrack);
        let mut out = Vec::new();
        if !exact {
            out.push(Sentence::Measured { rounds: self.rounds, unit: self.unit });
        }
        out.extend(self.quiet.as_ref().map(Sentence::of_quiet));
        out.extend(self.against_itself.iter().cloned().map(Sentence::AgainstItself));
        out.extend(self.serial.filter(Serial::found).map(Sentence::NoiseLasts));
        out.extend(self.remarks.iter().cloned().map(Sentence::Remark));
        if self.blocks.is_empty() {
            return out;
        }
        if !exact {
            out.push(Sentence::Together { level: self.level });
        }
        out.push(Sentence::First { candidates: self.first.clone() });
        for (index, block) in self.blocks.iter().enumerate() {
            out.push(Sentence::Takes { block: block.clone(), last: index + 1 == self.blocks.len() });
            out.extend(block.before.iter().map(|(a, b)| Sentence::Before { first: a.clone(), after: b.clone() }));
        }
        out.extend(self.separations.iter().cloned().map(Sentence::ToSeparate));
        if self.unplanned > 0 && !exact {
            out.push(Sentence::MoreOpen { pairs: self.unplanned, besides: self.separations.len() });
        }
        if !self.taken_as_exact.is_empty() {
            out.push(Sentence::TakenAsExact { metrics: self.taken_as_exact.clone() });
        }
        if !exact {
            out.push(Sentence::NotCovered { unit: self.unit });
        }
        out
    }
}

fn by_place(uncertainty: &Uncertainty) -> Vec<usize> {
    let mut order: Vec<usize> = (0..uncertainty.entries.len()).collect();
    order.sort_by_key(|&e| uncertainty.entries[e].rank);
    order
}

/// Cuts the order wherever everybody so far certainly comes before everybody after.
fn blocks(uncertainty: &Uncertainty, order: &[usize]) -> Vec<Block> {
    let count = order.len();
    let mut before = vec![vec![false; count]; count];
    uncertainty.before.iter().for_each(|&(a, b)| before[a][b] = true);
    let cut = |at: usize| order[..at].iter().all(|&a| order[at..].iter().all(|&b| before[a][b]));
    let mut out = Vec::new();
    let mut start = 0;
    for end in 1..=count {
        if end < count && !cut(end) {
            continue;
        }
        let members = &order[start..end];
        let label = |e: &usize| uncertainty.entries[*e].label.clone();
        let after = |e: usize| members.iter().filter(|&&o| before[e][o]).map(label).collect::<Vec<String>>();
        let mut certain: Vec<(Vec<String>, Vec<String>)> = Vec::new();
        for &member in members {
            let after = after(member);
            match certain.iter_mut().find(|(_, same)| *same == after) {
                _ if after.is_empty() => {}
                Some((names, _)) => names.push(label(&member)),
                None => certain.push((vec![label(&member)], after)),
            }
        }
        let places = (start as u32 + 1, end as u32);
        out.push(Block { places, entries: members.iter().map(label).collect(), before: certain });
        start = end;
    }
    out
}

impl Sentence {
    /// Whether rounds were disturbed, and which.
    pub fn of_quiet(quiet: &Quiet) -> Sentence {
        quietness(quiet)
    }
}

fn quietness(quiet: &Quiet) -> Sentence {
    let disturbed: Vec<u32> = quiet.disturbed().map(|r| r.round.number).collect();
    let load = quiet.load();
    if disturbed.is_empty() {
        Sentence::Quiet { own_noise: quiet.own_noise, common_noise: quiet.common_noise, load }
    } else {
        Sentence::Disturbed { rounds: disturbed, of: quiet.rounds.len(), load }
    }
}

/// One sentence of an announcement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sentence {
    /// What was measured.
    Measured {
        /// Rounds or sessions.
        rounds: usize,
        /// Which of the two.
        unit: Unit,
    },
    /// No round was disturbed.
    Quiet {
        /// An entry's own noise, as a fraction.
        own_noise: f64,
        /// What rounds have in common, as a fraction.
        common_noise: f64,
        /// The least and greatest load.
        load: Option<(f64, f64)>,
    },
    /// Some rounds were.
    Disturbed {
        /// Their numbers.
        rounds: Vec<u32>,
        /// Of how many.
        of: usize,
        /// The least and greatest load.
        load: Option<(f64, f64)>,
    },
    /// The baseline against itself.
    AgainstItself(AgainstItself),
    /// An entry's noise lasts from round to round.
    NoiseLasts(Serial),
    /// What else a reader must know.
    Remark(Remark),
    /// All that follows holds together.
    Together {
        /// With this level.
        level: f64,
    },
    /// Who may be first.
    First {
        /// Best first, with the share of resamples.
        candidates: Vec<(String, f64)>,
    },
    /// Who takes which places.
    Takes {
        /// The entries.
        block: Block,
        /// Whether nobody comes after them.
        last: bool,
    },
    /// What is certain within a block.
    Before {
        /// These
        first: Vec<String>,
        /// come before these.
        after: Vec<String>,
    },
    /// What it would take to separate two.
    ToSeparate(Separation),
    /// Neighbours that are not told apart, without a plan.
    MoreOpen {
        /// How many pairs.
        pairs: usize,
        /// Pairs with a plan.
        besides: usize,
    },
    /// What was not tested.
    TakenAsExact {
        /// Names of metrics.
        metrics: Vec<String>,
    },
    /// What intervals do not cover.
    NotCovered {
        /// Depends on the unit.
        unit: Unit,
    },
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sentence::Measured { rounds, unit: Unit::Rounds } => write!(f, "{} in one session.", counted(*rounds, "round")),
            Sentence::Measured { rounds, unit: Unit::RoundsOfSessions { sessions } } => {
                write!(f, "{} in {sessions} sessions, each paired within its own session.", counted(*rounds, "round"))
            }
            Sentence::Measured { rounds, unit: Unit::Sessions { .. } } => {
                write!(f, "{}, each counted as one measurement.", counted(*rounds, "session"))
            }
            Sentence::Quiet { own_noise, common_noise, load } => write!(
                f,
                "The session was quiet: {} of own noise, {} common to a round{}.",
                percent(*own_noise),
                percent(*common_noise),
                loaded(*load)
            ),
            Sentence::Disturbed { rounds, of, load } => write!(
                f,
                "The session was DISTURBED in {} of {of} rounds ({}){}. Measure again if you can.",
                rounds.len(),
                listed(&rounds.iter().map(u32::to_string).collect::<Vec<String>>()),
                loaded(*load)
            ),
            Sentence::AgainstItself(aa) => against_itself(f, aa),
            Sentence::NoiseLasts(serial) => write!(
                f,
                "The noise of an entry lasts from round to round (autocorrelation {:+.2}, p = {:.3}): the intervals are too narrow.",
                serial.autocorrelation, serial.p_value
            ),
            Sentence::Remark(remark) => write!(f, "{}.", capitalised(&remark.to_string())),
            Sentence::Together { level } => {
                write!(f, "All statements about places hold together with {} %.", short(100.0 * level))
            }
            Sentence::First { candidates } => first(f, candidates),
            Sentence::Takes { block, last } => takes(f, block, *last),
            Sentence::Before { first, after } => {
                write!(f, "Of these, {} may be announced before {}.", listed(first), listed(after))
            }
            Sentence::ToSeparate(Separation { a, b, plan }) => match plan.rounds {
                Some(n) => write!(
                    f,
                    "Planning figure: about {n} rounds would separate {a} from {b} in four of five sessions, were the difference what it looks like now."
                ),
                None => write!(f, "No practical number of rounds would separate {a} from {b}, were the difference what it looks like now."),
            },
            Sentence::MoreOpen { pairs, besides } => {
                let (more, plural) = (if *besides > 0 { " more" } else { "" }, if *pairs == 1 { "" } else { "s" });
                write!(f, "{pairs}{more} pair{plural} of neighbours by place cannot be told apart.")
            }
            Sentence::TakenAsExact { metrics } => write!(f, "Taken as exact, not tested: {}.", listed(metrics)),
            Sentence::NotCovered { unit: Unit::Sessions { .. } } => {
                f.write_str("The intervals cover differences between sessions like these, not those between machines that were not used.")
            }
            Sentence::NotCovered { .. } => f.write_str(
                "The intervals say how well these rounds repeat. Another session may differ by more, and that is not in them.",
            ),
        }
    }
}

fn against_itself(f: &mut fmt::Formatter<'_>, aa: &AgainstItself) -> fmt::Result {
    write!(f, "{} against itself: {}", aa.label, signed(aa.difference))?;
    let Some((interval, resolution)) = aa.interval.zip(aa.resolution()) else {
        return write!(f, " over {}, too few for an interval.", counted(aa.rounds, "round"));
    };
    write!(f, " (95 %: {} to {}).", signed(interval.low), signed(interval.high))?;
    if aa.differs() {
        write!(f, " One network differs from itself: do not trust differences of this size.")
    } else {
        write!(f, " Differences below {} cannot be expected to show.", percent(resolution))
    }
}

fn first(f: &mut fmt::Formatter<'_>, candidates: &[(String, f64)]) -> fmt::Result {
    match candidates {
        [(only, _)] => write!(f, "First place: {only}."),
        all => {
            let shown = all.iter().take(6).map(|(name, share)| format!("{name} ({:.0} % of resamples)", 100.0 * share));
            let more = if all.len() > 6 { format!(" and {} more", all.len() - 6) } else { String::new() };
            write!(f, "First place is open between {}{more}.", listed(&shown.collect::<Vec<String>>()))
        }
    }
}

fn takes(f: &mut fmt::Formatter<'_>, block: &Block, last: bool) -> fmt::Result {
    let (low, high) = block.places;
    match block.entries.as_slice() {
        [only] if last => write!(f, "Place {low}: {only}."),
        [only] => write!(f, "Place {low}: {only}, before all that follow."),
        many if last => write!(f, "Places {low} to {high}: {}.", listed(many)),
        many => write!(f, "Places {low} to {high}: {}, before all that follow.", listed(many)),
    }
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn loaded(load: Option<(f64, f64)>) -> String {
    load.map_or_else(String::new, |(low, high)| format!(", other programs kept {low:.1} to {high:.1} processors busy"))
}

fn percent(fraction: f64) -> String {
    format!("{} %", short(100.0 * fraction))
}

fn signed(fraction: f64) -> String {
    format!("{:+.2} %", 100.0 * fraction)
}

/// Two significant digits or so: 95, 4.1, 0.32.
fn short(value: f64) -> String {
    let decimals = if value.abs() >= 10.0 { 1 } else { 2 };
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "nobody".to_owned(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::interval::Interval;
    use crate::stats::matrix::Matrix;
    use crate::stats::ranks::{places_by, rank_uncertainty};
    use crate::stats::settings::Settings;
    use crate::stats::summary::Protocol;
    use crate::stats::track::{Basis, Field, Figures, Place, RankedTrack};
    use crate::stats::{disturbance::quiet, open_pair::rounds_to_separate};

    /// Entries at these runtimes with 1 % of noise, all kept in one session.
    fn matrix(levels: &[f64], rounds: usize) -> Matrix {
        let noise = |e: usize, r: usize| (((e * 7919 + r * 104_729 + 13) as f64).sin() * 43_758.5).fract() - 0.5;
        let row = |(e, ms): (usize, &f64)| (0..rounds).map(|r| ms * (1.0 + 0.02 * noise(e, r))).collect::<Vec<f64>>();
        let rows: Vec<Vec<f64>> = levels.iter().enumerate().map(row).collect();
        Matrix::from_rows(["dscf", "span", "rlfn", "imdn"].map(String::from).to_vec(), &rows, Protocol::Robust)
    }

    fn announcement(levels: &[f64], rounds: usize) -> Announcement {
        let matrix = matrix(levels, rounds);
        let field = Field { matrix: &matrix, ranked: &[0, 1, 2, 3], baseline: &[], fixed_baseline: None };
        let ranking = |f: &Figures<'_>| -> crate::Result<Vec<Place>> { Ok(places_by(f.runtimes)) };
        let track = RankedTrack { basis: Basis::Runtime, ranking: &ranking };
        let settings = Settings { resamples: 200, ..Settings::default() };
        let u = rank_uncertainty(&field, &track, settings).unwrap();
        let separations = open_neighbours(&u).into_iter().filter_map(|(a, b)| {
            let plan = rounds_to_separate(&field, &track, (a, b), open_pairs(&u), settings).unwrap()?;
            Some(Separation { a: u.entries[a].label.clone(), b: u.entries[b].label.clone(), plan })
        });
        let aa = AgainstItself {
            label: "imdn".into(),
            rounds,
            difference: 0.003,
            interval: Some(Interval { low: -0.041, high: 0.043 }),
            p_value: Some(0.7),
        };
        let circumstances = Circumstances {
            quiet: Some(quiet(&matrix, &vec![Some(0.4); rounds])),
            against_itself: vec![aa],
            serial: None,
            separations: separations.collect(),
            taken_as_exact: vec!["params_m".into(), "flops_g".into()],
        };
        Announcement::new(&u, circumstances)
    }

    #[test]
    fn the_sentences_say_who_may_be_announced_before_whom() {
        let a = announcement(&[10.0, 10.001, 12.0, 15.0], 12);
        let blocks: Vec<((u32, u32), usize)> = a.blocks.iter().map(|b| (b.places, b.entries.len())).collect();
        assert_eq!(blocks, [((1, 2), 2), ((3, 3), 1), ((4, 4), 1)]);
        assert_eq!((a.first.len(), a.separations.len()), (2, 1));
        let text: Vec<String> = a.sentences().iter().map(ToString::to_string).collect();
        assert_eq!(text[0], "12 rounds in one session.");
        assert!(
            text[1].starts_with("The session was quiet: ")
                && text[1].ends_with(", other programs kept 0.4 to 0.4 processors busy."),
            "{}",
            text[1]
        );
        assert_eq!(
            text[2],
            "imdn against itself: +0.30 % (95 %: -4.10 % to +4.30 %). Differences below 4.3 % cannot be expected to show."
        );
        assert_eq!(text[3], "All statements about places hold together with 95 %.");
        assert!(
            text[4].starts_with("First place is open between ") && text[4].ends_with("% of resamples)."),
            "{}",
            text[4]
        );
        assert!(
            text[5].starts_with("Places 1 to 2: ") && text[5].ends_with(", before all that follow."),
            "{}",
            text[5]
        );
        assert_eq!(text[6], "Place 3: rlfn, before all that follow.");
        assert_eq!(text[7], "Place 4: imdn.");
        assert!(text[8].contains(" would separate "), "{}", text[8]);
        assert_eq!(text[9], "Taken as exact, not tested: params_m and flops_g.");
        assert!(text[10].starts_with("The intervals say how well these rounds repeat."));
        assert_eq!(text.len(), 11);
    }

    #[test]
    fn too_few_rounds_announce_no_places() {
        let a = announcement(&[10.0, 11.0, 12.0, 15.0], 5);
        assert!(a.blocks.is_empty() && a.first.is_empty());
        let text: Vec<String> = a.sentences().iter().map(ToString::to_string).collect();
        assert_eq!(
            text.last().unwrap(),
            "5 rounds: 95 % intervals need at least 6 rounds, so ranks have no intervals."
        );
    }

    #[test]
    fn a_disturbed_session_and_a_baseline_that_differs_from_itself_are_said() {
        let mut a = announcement(&[10.0, 11.0, 12.0, 15.0], 12);
        let state = a.quiet.as_mut().unwrap();
        state.rounds[2].load = Some(3.5);
        state.rounds[7].load = Some(5.0);
        a.against_itself[0].interval = Some(Interval { low: 0.01, high: 0.02 });
        let sentences = [quietness(a.quiet.as_ref().unwrap()), Sentence::AgainstItself(a.against_itself[0].clone())];
        let text: Vec<String> = sentences.iter().map(ToString::to_string).collect();
        assert_eq!(
            text[0],
            "The session was DISTURBED in 2 of 12 rounds (2 and 7), other programs kept 0.4 to 5.0 processors busy. Measure again if you can."
        );
        assert!(
            text[1].ends_with("One network differs from itself: do not trust differences of this size."),
            "{}",
            text[1]
        );
    }

    #[test]
    fn what_is_certain_within_a_block_is_said_once() {
        let mut u = {
            let matrix = matrix(&[10.0, 11.0, 12.0, 15.0], 12);
            let field = Field { matrix: &matrix, ranked: &[0, 1, 2, 3], baseline: &[], fixed_baseline: None };
            let ranking = |f: &Figures<'_>| -> crate::Result<Vec<Place>> { Ok(places_by(f.runtimes)) };
            rank_uncertainty(&field, &RankedTrack { basis: Basis::Runtime, ranking: &ranking }, Settings::default())
                .unwrap()
        };
        // 0 and 1 before 3, and nothing else: one block.
        u.before = vec![(0, 3), (1, 3)];
        let blocks = blocks(&u, &[0, 1, 2, 3]);
        assert_eq!(blocks.len(), 1);
        assert_eq!(blocks[0].before, [(vec!["dscf".to_owned(), "span".to_owned()], vec!["imdn".to_owned()])]);
        assert_eq!(open_pairs(&u), 4);
    }
}
