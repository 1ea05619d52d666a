//! How sure a leaderboard's places are, from the timings of its entries.

use crate::entry::Metric;
use crate::entry::label;
use crate::error::{Error, Result};
use crate::rank::leaderboard::{Leaderboard, Row};
use crate::rules::Rules;
use crate::rules::schema;
use crate::rules::schema::By;
use crate::stats::ranks::{competition_ranks, places_by, rank_uncertainty};
use crate::stats::{Basis, Field, Figures, Matrix, Place, Samples, Settings, Track, Uncertainty};

/// Puts into every row how sure its place is, and into the notes what that rests on. Samples are found by the entry's submission,
/// team, or label; those of other entries are left aside. What is not timed (parameters, FLOPs) is taken as it is, and so is
/// the baseline's runtime in a score.
///
/// # Errors
/// A ranked entry without samples; a track that the runtime plays no part in; those of [`rank_uncertainty`].
pub fn add_uncertainty(board: &mut Leaderboard, rules: &Rules, samples: &[Samples], settings: Settings) -> Result<()> {
    let track = rules.track(&board.track)?;
    if !track.by.metrics().contains(&Metric::RuntimeMs) {
        let name = &board.track;
        return Err(Error::Usage(format!(
            "track {name} does not depend on the runtime: its places have no uncertainty"
        )));
    }
    let of_row = |row: &Row| {
        let entry = &row.entry;
        let names = [label(entry), entry.submission.clone(), entry.team.clone()];
        let found = names.iter().filter(|n| !n.is_empty()).find_map(|n| samples.iter().find(|s| s.label == *n));
        found.cloned().ok_or_else(|| {
            let reason = "it has no timings of rounds; --uncertainty needs them for every ranked entry".to_owned();
            Error::Submission { submission: label(entry), reason }
        })
    };
    let timed: Vec<Samples> = board.rows.iter().map(of_row).collect::<Result<_>>()?;
    if timed.is_empty() {
        return Ok(());
    }
    let base = board.baseline.as_ref().and_then(|b| b.entry.get(Metric::RuntimeMs));
    let base = base.or_else(|| rules.baseline_figure(Metric::RuntimeMs));
    let uncertainty = by_track(track, &board.rows, base, &timed, settings)?;
    board.notes.extend(notes(&uncertainty));
    for (row, entry) in board.rows.iter_mut().zip(uncertainty.entries) {
        row.uncertainty = Some(entry);
    }
    Ok(())
}

fn by_track(
    track: &schema::Track,
    rows: &[Row],
    base: Option<f64>,
    timed: &[Samples],
    settings: Settings,
) -> Result<Uncertainty> {
    let matrix = Matrix::of_session(timed, settings.protocol)?;
    let ranked: Vec<usize> = (0..timed.len()).collect();
    let field = Field { matrix: &matrix, ranked: &ranked, baseline: &[], fixed_baseline: base };
    match &track.by {
        By::Metric(_) => {
            let places = |f: &Figures<'_>| -> Result<Vec<Place>> { Ok(places_by(f.runtimes)) };
            rank_uncertainty(&field, &Track { basis: Basis::Runtime, ranking: &places }, settings)
        }
        By::RankSum(metrics) => {
            let rest = |row: &Row| -> u32 {
                let others = metrics.iter().filter(|&&m| m != Metric::RuntimeMs);
                others.filter_map(|m| row.metric_ranks.get(m)).sum()
            };
            let rest: Vec<f64> = rows.iter().map(|row| f64::from(rest(row))).collect();
            let places = |f: &Figures<'_>| -> Result<Vec<Place>> {
                let ranks = competition_ranks(f.runtimes).into_iter().zip(&rest);
                let sums: Vec<f64> = ranks.map(|(rank, rest)| rest + f64::from(rank)).collect();
                Ok(places_by(&sums))
            };
            rank_uncertainty(&field, &Track { basis: Basis::RankSum(None), ranking: &places }, settings)
        }
        By::Score(rule) => {
            let weight = rule.weights.get(&Metric::RuntimeMs).copied().unwrap_or_default();
            let base = base.ok_or_else(|| Error::Usage("the score needs the baseline's runtime".into()))?;
            let others = |row: &Row| -> f64 {
                let parts = rule.weights.iter().filter(|(m, _)| **m != Metric::RuntimeMs);
                parts.filter_map(|(m, w)| Some(w * row.metric_scores.get(m)?)).sum()
            };
            let rest: Vec<f64> = rows.iter().map(others).collect();
            let score = |entry: usize, ms: f64, base: f64| rest[entry] + weight * (rule.k * ms / base).exp();
            let places = |f: &Figures<'_>| -> Result<Vec<Place>> {
                let base = f.baseline.unwrap_or(base);
                let scores = f.runtimes.iter().enumerate().map(|(i, ms)| score(i, *ms, base).min(f64::MAX));
                Ok(places_by(&scores.collect::<Vec<f64>>()))
            };
            rank_uncertainty(&field, &Track { basis: Basis::Score(&score), ranking: &places }, settings)
        }
    }
}

fn notes(u: &Uncertainty) -> Vec<String> {
    let mut notes: Vec<String> = u.remarks.iter().map(ToString::to_string).collect();
    if u.entries.iter().any(|e| e.rank_interval.is_some()) {
        let (level, rounds, seed) = (100.0 * u.settings.level, u.rounds, u.settings.seed);
        let how =
            if u.exact { "all sign patterns".to_owned() } else { format!("{} sign patterns", u.settings.patterns) };
        notes.push(format!(
            "{level} % intervals over {rounds} paired rounds ({how}, seed {seed}); entries that share a letter cannot be told apart"
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Entry;
    use crate::rank::rank::rank;
    use crate::stats::{ImageTimes, Round};

    fn samples(label: &str, base: f64, rounds: u32) -> Samples {
        let ms = |number: u32| base * (1.0 + 0.003 * ((number * 37 + label.len() as u32) as f64).sin());
        let round = |number| Round {
            number,
            images: vec![ImageTimes { split: "val".into(), image: "a".into(), ms: vec![ms(number)] }],
        };
        Samples { label: label.into(), rounds: (0..rounds).map(round).collect() }
    }

    fn entry(team: &str, runtime: f64, params: f64) -> Entry {
        let metrics = [
            (Metric::RuntimeMs, runtime),
            (Metric::ParamsM, params),
            (Metric::FlopsG, 10.0 * params),
            (Metric::ActsM, 50.0),
            (Metric::MemM, 300.0),
            (Metric::PsnrVal, 29.0),
            (Metric::PsnrTest, 28.7),
        ];
        Entry { team: team.into(), metrics: metrics.into(), ..Entry::default() }
    }

    fn board(track: &str, rounds: u32) -> Result<Leaderboard> {
        let rules = Rules::embedded("ntire2022")?;
        let entries = [entry("A", 10.0, 0.3), entry("BB", 10.001, 0.2), entry("CCC", 20.0, 0.4)];
        let mut board = rank(&entries, &rules, track)?;
        let timed = [samples("CCC", 20.0, rounds), samples("A", 10.0, rounds), samples("BB", 10.001, rounds)];
        add_uncertainty(&mut board, &rules, &timed, Settings::default())?;
        Ok(board)
    }

    fn intervals(board: &Leaderboard) -> Vec<(&str, Option<(u32, u32)>)> {
        let of = |row: &Row| row.uncertainty.as_ref().and_then(|u| u.rank_interval);
        board.rows.iter().map(|row| (row.entry.team.as_str(), of(row))).collect()
    }

    #[test]
    fn rows_say_between_which_places_they_lie() {
        let board = board("runtime", 12).unwrap();
        assert_eq!(intervals(&board), [("A", Some((1, 2))), ("BB", Some((1, 2))), ("CCC", Some((3, 3)))]);
        assert!(
            board
                .notes
                .iter()
                .any(|n| n.starts_with("95 % intervals over 12 paired rounds (all sign patterns, seed 2022)"))
        );
    }

    #[test]
    fn in_a_rank_sum_the_other_metrics_decide_what_runtimes_leave_open() {
        let board = board("overall", 12).unwrap();
        assert_eq!(intervals(&board)[0], ("BB", Some((1, 1))));
    }

    #[test]
    fn one_round_is_not_enough_and_says_so() {
        let board = board("runtime", 1).unwrap();
        assert_eq!(intervals(&board)[0], ("A", None));
        assert!(
            board.notes.iter().any(|n| n.starts_with("1 round: 95 % intervals need at least 6 rounds")),
            "{:?}",
            board.notes
        );
    }

    #[test]
    fn a_track_without_the_runtime_is_certain() {
        assert!(board("complexity", 12).unwrap_err().to_string().contains("does not depend on the runtime"));
    }
}
