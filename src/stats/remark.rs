//! What a reader of intervals must know, as data; text is made at the very end.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a test flips the signs of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// The rounds of one session.
    Rounds,
    /// The rounds of a few sessions, each paired within its own: statements are about these sessions.
    RoundsOfSessions {
        /// How many.
        sessions: usize,
    },
    /// The sessions themselves: statements are about sessions like these.
    Sessions {
        /// How many.
        sessions: usize,
    },
}

/// A level in percent, with no more than six decimals: 95, 97.5, 99.166667.
pub(super) fn percent(level: f64) -> f64 {
    (1e8 * level).round() / 1e6
}

/// One remark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Remark {
    /// Fewer rounds than any interval needs.
    TooFewRounds {
        /// The rounds that are there.
        rounds: usize,
        /// The fewest that are enough.
        needed: usize,
        /// The level that they are needed for.
        level: f64,
    },
    /// An entry shares too few rounds with most others.
    FewShared {
        /// The entry.
        label: String,
        /// The most that it shares with any.
        shared: usize,
        /// All rounds.
        of: usize,
        /// The fewest that are enough.
        needed: usize,
    },
    /// Pairs of entries were never measured in one session, or in too few rounds.
    NotTogether {
        /// How many pairs.
        pairs: usize,
        /// The fewest shared rounds that are enough.
        needed: usize,
    },
    /// Places by a rank sum depend on all entries, and some were never measured in one session.
    SumOfSessions {
        /// One of them.
        a: String,
        /// The other.
        b: String,
    },
    /// Several sessions, too few to be the unit.
    FewSessions {
        /// How many.
        sessions: usize,
        /// Their names.
        names: Vec<String>,
        /// How many would be enough.
        needed: usize,
    },
    /// Sessions are the unit.
    SessionsAsUnits {
        /// How many.
        sessions: usize,
    },
    /// The baseline was absent or disturbed in some rounds, which no score uses.
    BaselineDisturbed {
        /// How many.
        rounds: usize,
    },
    /// Scores use the rules' figure of the baseline.
    BaselineOfRules,
    /// Disturbed cells were brought back.
    Winsorised {
        /// At how many pooled standard deviations.
        limit: f64,
    },
    /// Places by a rank sum come from drawn runtimes.
    DrawnRuntimes,
    /// Each look has a share of the error.
    Looks {
        /// How many looks.
        looks: u32,
    },
    /// The track does not depend on the runtime.
    ExactTrack,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remark::TooFewRounds { rounds, needed, level } => {
                let (plural, percent) = (if *rounds == 1 { "" } else { "s" }, percent(*level));
                write!(f, "{rounds} round{plural}: {percent} % intervals need at least {needed} rounds, so ranks have no intervals")
            }
            Remark::FewShared { label, shared, of, needed } => write!(
                f,
                "{label} shares at most {shared} of {of} rounds with others; at least {needed} are needed to tell two entries apart"
            ),
            Remark::NotTogether { pairs, needed } => {
                let plural = if *pairs == 1 { " shares" } else { "s share" };
                write!(f, "{pairs} pair{plural} fewer than {needed} rounds of one session: these entries are never told apart, since rounds are paired within a session alone")
            }
            Remark::SumOfSessions { a, b } => write!(
                f,
                "{a} and {b} were not measured in one session, and a place by a rank sum depends on all entries: ranks have no intervals. Measure all entries in one session, or each of them in every session and combine the sessions"
            ),
            Remark::FewSessions { sessions, names, needed } => write!(
                f,
                "{sessions} sessions ({}): rounds are paired within each; the intervals are about these sessions and do not say how another one would come out, which takes at least {needed} sessions",
                names.join(", ")
            ),
            Remark::SessionsAsUnits { sessions } => {
                write!(f, "the session is the unit of the tests ({sessions} sessions): the intervals cover differences between sessions")
            }
            Remark::BaselineDisturbed { rounds } => {
                let plural = if *rounds == 1 { "" } else { "s" };
                write!(f, "the baseline was disturbed or absent in {rounds} round{plural}, which the tests of scores leave out")
            }
            Remark::BaselineOfRules => f.write_str(
                "no baseline was measured: scores use the rules' figure, so that drift between rounds enters them",
            ),
            Remark::Winsorised { limit } => write!(
                f,
                "figures beyond {limit} pooled standard deviations of the fit were brought back to that distance: places are narrower, and the tests are no longer exact (in simulations with ties all places held in 75 to 97 % of sessions, where 95 % are claimed)"
            ),
            Remark::DrawnRuntimes => f.write_str(
                "places by a rank sum are those of all runtimes that the rounds allow jointly; all metrics but the runtime are taken as they are",
            ),
            Remark::Looks { looks } => {
                write!(f, "the level is shared among {looks} looks at the results, so that rounds may be added")
            }
            Remark::ExactTrack => f.write_str("the track does not depend on the runtime: its figures are taken as exact"),
        }
    }
}
