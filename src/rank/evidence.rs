//! The timings of a leaderboard's entries, found in the sessions and put into one matrix.

use std::collections::BTreeMap;

use crate::entry::{Entry, label};
use crate::error::{Error, Result};
use crate::rank::leaderboard::Leaderboard;
use crate::stats::samples::CONTROL_SUFFIX;
use crate::stats::{Matrix, Protocol, Session, TimedSession};

/// What the sessions tell of a leaderboard.
pub(super) struct Evidence {
    /// Every label of every session: the baseline, its control and unranked entries help to recognise disturbed rounds.
    pub(super) matrix: Matrix,
    /// The matrix's row of each row of the leaderboard.
    pub(super) ranked: Vec<usize>,
    /// The matrix's rows of the baseline and its control.
    pub(super) baseline: Vec<usize>,
    /// The load of each round of the matrix.
    pub(super) loads: Vec<Option<f64>>,
    /// Every measurement of the memory of each row of the leaderboard.
    pub(super) memory: Vec<Vec<f64>>,
    /// The first row of the leaderboard that no session timed.
    pub(super) untimed: Option<String>,
}

impl Evidence {
    /// Gathers what the sessions tell of the leaderboard's rows and baseline.
    ///
    /// # Errors
    /// Sessions of different protocols; those of [`Matrix::of_sessions`].
    pub(super) fn gather(board: &Leaderboard, sessions: &[TimedSession]) -> Result<Evidence> {
        let protocol = one_protocol(sessions)?;
        let plain: Vec<Session> = sessions.iter().map(|s| s.session.clone()).collect();
        let timed = plain.iter().flat_map(|s| &s.samples).any(|s| !s.rounds.is_empty());
        let mut matrix =
            if timed { Matrix::of_sessions(&plain, protocol)? } else { Matrix::from_rows(Vec::new(), &[], protocol) };
        let mut untimed = None;
        let mut ranked = Vec::with_capacity(board.rows.len());
        let mut memory = Vec::with_capacity(board.rows.len());
        for row in &board.rows {
            let found = find(&matrix, &row.entry);
            let own = found.map(|at| measured(sessions, &matrix.labels[at]));
            memory.push(own.unwrap_or_default());
            ranked.push(found.unwrap_or_else(|| {
                untimed.get_or_insert_with(|| label(&row.entry));
                matrix.labels.push(label(&row.entry));
                matrix.values.push(vec![None; matrix.rounds.len()]);
                matrix.labels.len() - 1
            }));
        }
        let own = board.baseline.as_ref().and_then(|b| find(&matrix, &b.entry));
        let control = own.and_then(|at| matrix.row(&format!("{}{CONTROL_SUFFIX}", matrix.labels[at])));
        let loads = matrix.rounds.iter().map(|k| sessions[k.session].loads.get(&k.number).copied()).collect();
        let baseline: Vec<usize> = own.into_iter().chain(control).collect();
        let mut out = Evidence { matrix, ranked, baseline, loads, memory, untimed };
        out.name(board);
        Ok(out)
    }

    /// Names the rows as the leaderboard's readers know them: the team alone where it has one entry.
    fn name(&mut self, board: &Leaderboard) {
        let mut teams: BTreeMap<&str, usize> = BTreeMap::new();
        let apart = board.baseline.iter().map(|b| &b.entry).chain(board.unranked.iter().map(|u| &u.entry));
        for entry in board.rows.iter().map(|row| &row.entry).chain(apart) {
            *teams.entry(&entry.team).or_default() += 1;
        }
        let brief = |entry: &Entry| match teams.get(entry.team.as_str()) {
            Some(1) if !entry.team.is_empty() => entry.team.clone(),
            _ => label(entry),
        };
        for (&at, row) in self.ranked.iter().zip(&board.rows) {
            self.matrix.labels[at] = brief(&row.entry);
        }
        if let (Some(base), Some(&own)) = (&board.baseline, self.baseline.first()) {
            self.matrix.labels[own] = brief(&base.entry);
            if let Some(&control) = self.baseline.get(1) {
                self.matrix.labels[control] = format!("{}{CONTROL_SUFFIX}", self.matrix.labels[own]);
            }
        }
    }
}

fn one_protocol(sessions: &[TimedSession]) -> Result<Protocol> {
    let Some(first) = sessions.first() else { return Ok(Protocol::Robust) };
    match sessions.iter().find(|s| s.protocol != first.protocol) {
        None => Ok(first.protocol),
        Some(other) => Err(Error::Usage(format!(
            "{} was measured by the {} protocol and {} by the {} one: their rounds cannot be ranked together",
            first.session.name, first.protocol, other.session.name, other.protocol
        ))),
    }
}

/// The row of an entry, by its name in messages, its submission or its team.
fn find(matrix: &Matrix, entry: &Entry) -> Option<usize> {
    let names = [label(entry), entry.submission.clone(), entry.team.clone()];
    names.iter().filter(|name| !name.is_empty()).find_map(|name| matrix.row(name))
}

fn measured(sessions: &[TimedSession], label: &str) -> Vec<f64> {
    sessions.iter().filter_map(|s| s.memory.get(label)).flatten().copied().collect()
}
