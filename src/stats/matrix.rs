//! What every test here is given: one figure for each entry and round, with holes, each round in its session.
//!
//! Rounds are paired by session and number. Two sessions may both have a round 3; those two were not measured together, and
//! nothing here pairs them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::samples::Samples;
use super::summary::{Protocol, mean, median, over_rounds, round_runtimes};
use crate::error::{Error, Result};

/// The samples of one session: one run of the harness on one machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Session {
    /// Its name in messages: the run directory.
    pub name: String,
    /// What was measured in it. Equal labels in several sessions are the same entry.
    pub samples: Vec<Samples>,
}

/// A round of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RoundKey {
    /// Index into [`Matrix::sessions`].
    pub session: usize,
    /// The round's number in its session.
    pub number: u32,
}

/// One figure for each entry and round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Matrix {
    /// The entries' labels.
    pub labels: Vec<String>,
    /// The sessions' names.
    pub sessions: Vec<String>,
    /// The rounds, by session and then by number.
    pub rounds: Vec<RoundKey>,
    /// Positive figures (ms) by entry, then by round; `None` where the entry has no such round.
    pub values: Vec<Vec<Option<f64>>>,
    /// How an entry's rounds become one figure.
    pub protocol: Protocol,
}

impl Matrix {
    /// The matrix of several sessions.
    ///
    /// # Errors
    /// No samples at all; a round without a positive, finite time; two rounds of one entry with one number in one session.
    pub fn of_sessions(sessions: &[Session], protocol: Protocol) -> Result<Self> {
        let mut labels: Vec<String> = Vec::new();
        let mut cells: BTreeMap<RoundKey, BTreeMap<usize, f64>> = BTreeMap::new();
        for (index, session) in sessions.iter().enumerate() {
            for samples in session.samples.iter().filter(|s| !s.rounds.is_empty()) {
                let entry = labels.iter().position(|l| *l == samples.label).unwrap_or_else(|| {
                    labels.push(samples.label.clone());
                    labels.len() - 1
                });
                for (round, ms) in samples.rounds.iter().zip(round_runtimes(samples, protocol)?) {
                    let key = RoundKey { session: index, number: round.number };
                    if cells.entry(key).or_default().insert(entry, ms).is_some() {
                        let reason = format!("{}: two rounds have the number {}", session.name, round.number);
                        return Err(Error::Submission { submission: samples.label.clone(), reason });
                    }
                }
            }
        }
        if labels.is_empty() {
            return Err(Error::Usage("there is nothing to compare: no round was timed".into()));
        }
        let rounds: Vec<RoundKey> = cells.keys().copied().collect();
        let values =
            (0..labels.len()).map(|entry| cells.values().map(|row| row.get(&entry).copied()).collect()).collect();
        Ok(Matrix { labels, sessions: sessions.iter().map(|s| s.name.clone()).collect(), rounds, values, protocol })
    }

    /// The matrix of one session.
    ///
    /// # Errors
    /// As [`Matrix::of_sessions`].
    pub fn of_session(samples: &[Samples], protocol: Protocol) -> Result<Self> {
        Matrix::of_sessions(&[Session { name: "session".into(), samples: samples.to_vec() }], protocol)
    }

    /// A matrix without holes of one session, from figures by entry and round.
    pub fn from_rows(labels: Vec<String>, rows: &[Vec<f64>], protocol: Protocol) -> Self {
        let count = rows.iter().map(Vec::len).max().unwrap_or(0);
        let cell = |row: &Vec<f64>, r: usize| row.get(r).copied();
        Matrix {
            labels,
            sessions: vec!["session".into()],
            rounds: (0..count).map(|r| RoundKey { session: 0, number: r as u32 }).collect(),
            values: rows.iter().map(|row| (0..count).map(|r| cell(row, r)).collect()).collect(),
            protocol,
        }
    }

    /// The row of a label.
    pub fn row(&self, label: &str) -> Option<usize> {
        self.labels.iter().position(|l| l == label)
    }

    /// How many rounds the entry has.
    pub fn rounds_of(&self, entry: usize) -> usize {
        self.values[entry].iter().flatten().count()
    }

    /// How many rounds two entries share.
    pub fn shared(&self, a: usize, b: usize) -> usize {
        self.values[a].iter().zip(&self.values[b]).filter(|(a, b)| a.is_some() && b.is_some()).count()
    }

    /// The sessions in which the entry has rounds.
    pub fn sessions_of(&self, entry: usize) -> Vec<usize> {
        let mut of: Vec<usize> =
            self.rounds.iter().zip(&self.values[entry]).filter(|(_, v)| v.is_some()).map(|(k, _)| k.session).collect();
        of.dedup();
        of
    }

    /// The entry's figure: over the rounds of each session as the protocol says, then the mean over its sessions.
    pub fn figure(&self, entry: usize) -> f64 {
        let of_session = |session: usize| {
            let rounds = self.rounds.iter().zip(&self.values[entry]).filter(|(k, _)| k.session == session);
            over_rounds(&rounds.filter_map(|(_, v)| *v).collect::<Vec<f64>>(), self.protocol)
        };
        mean(&self.sessions_of(entry).into_iter().map(of_session).collect::<Vec<f64>>())
    }

    /// Natural logarithms of all figures.
    pub fn logs(&self) -> Vec<Vec<Option<f64>>> {
        self.values.iter().map(|row| row.iter().map(|v| v.map(f64::ln)).collect()).collect()
    }

    /// One column for each session: the figure of each entry in it. The session is then the unit of every test.
    pub fn by_session(&self) -> Matrix {
        let cell = |entry: usize, session: usize| {
            let rounds = self.rounds.iter().zip(&self.values[entry]).filter(|(k, _)| k.session == session);
            let values: Vec<f64> = rounds.filter_map(|(_, v)| *v).collect();
            (!values.is_empty()).then(|| over_rounds(&values, self.protocol))
        };
        let sessions = 0..self.sessions.len();
        Matrix {
            labels: self.labels.clone(),
            sessions: vec!["sessions".into()],
            rounds: sessions.clone().map(|session| RoundKey { session: 0, number: session as u32 }).collect(),
            values: (0..self.labels.len()).map(|e| sessions.clone().map(|s| cell(e, s)).collect()).collect(),
            protocol: self.protocol,
        }
    }

    /// Only these rows, in this order.
    pub fn select(&self, rows: &[usize]) -> Matrix {
        Matrix {
            labels: rows.iter().map(|&r| self.labels[r].clone()).collect(),
            values: rows.iter().map(|&r| self.values[r].clone()).collect(),
            ..self.clone()
        }
    }
}

/// The median of what is there; `None` of nothing.
pub(super) fn median_of(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| median(&values))
}

/// The mean of what is there; `None` of nothing.
pub(super) fn mean_of(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| mean(&values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::samples::{ImageTimes, Round};

    fn samples(label: &str, rounds: &[(u32, f64)]) -> Samples {
        let round = |&(number, ms): &(u32, f64)| Round {
            number,
            images: vec![ImageTimes { split: "val".into(), image: "a".into(), ms: vec![ms] }],
        };
        Samples { label: label.into(), rounds: rounds.iter().map(round).collect() }
    }

    fn session(name: &str, samples: Vec<Samples>) -> Session {
        Session { name: name.into(), samples }
    }

    #[test]
    fn equal_numbers_of_two_sessions_are_two_rounds() {
        let one = session("one", vec![samples("a", &[(0, 1.0), (1, 2.0)]), samples("b", &[(0, 3.0)])]);
        let two = session("two", vec![samples("b", &[(0, 30.0)])]);
        let m = Matrix::of_sessions(&[one, two], Protocol::Robust).unwrap();
        assert_eq!(m.rounds.len(), 3);
        assert_eq!((m.shared(0, 1), m.rounds_of(1)), (1, 2));
        assert_eq!(m.values[0], [Some(1.0), Some(2.0), None]);
        assert_eq!((m.figure(0), m.figure(1)), (1.5, 16.5));
        assert_eq!(m.by_session().values, [[Some(1.5), None], [Some(3.0), Some(30.0)]]);
    }

    #[test]
    fn two_rounds_with_one_number_are_refused_and_none_at_all_too() {
        let twice = session("run", vec![samples("a", &[(0, 1.0), (0, 2.0)])]);
        let error = Matrix::of_sessions(&[twice], Protocol::Robust).unwrap_err();
        assert_eq!(error.to_string(), "a: run: two rounds have the number 0");
        assert!(Matrix::of_sessions(&[], Protocol::Robust).is_err());
    }
}
