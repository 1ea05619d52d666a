//! How sure a leaderboard's places are, from the timings of its entries, and what may be announced of them.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;

use crate::entry::Metric;
use crate::error::{Error, Result};
use crate::rank::again::Again;
use crate::rank::evidence::Evidence;
use crate::rank::leaderboard::{Announced, Leaderboard, Row};
use crate::rules::Rules;
use crate::rules::schema::{By, ScoreRule};
use crate::stats::announcement::{Circumstances, Separation, open_neighbours, open_pairs};
use crate::stats::open_pair::rounds_to_separate;
use crate::stats::{
    Announcement, Basis, EntryUncertainty, Field, Figures, Place, Quiet, RankedTrack, Remark, Sentence, Serial,
    Settings, TimedSession, Uncertainty, Unit, against_itself, quiet, rank_uncertainty, serial,
};

/// Orders of the runtimes that are tried to see whether places depend on them.
const ORDERS: usize = 24;
/// Neighbours that are not told apart, for which an announcement plans rounds.
const PLANNED: usize = 3;

/// Puts into every row how sure its place is, and into the notes what that rests on. Sessions are searched for the entries' names;
/// their other samples help to recognise disturbed rounds. What is not timed (parameters, FLOPs) is taken as exact.
///
/// # Errors
/// A ranked entry without timings in a track that needs them; sessions of different protocols; timings that do not belong to
/// the leaderboard's runtimes; those of [`rank_uncertainty`].
pub fn add_uncertainty(
    board: &mut Leaderboard,
    rules: &Rules,
    sessions: &[TimedSession],
    settings: Settings,
) -> Result<()> {
    assess(board, rules, sessions, settings, false)
}

/// The same, and what may be announced of the track.
///
/// # Errors
/// As [`add_uncertainty`].
pub fn add_announcement(
    board: &mut Leaderboard,
    rules: &Rules,
    sessions: &[TimedSession],
    settings: Settings,
) -> Result<()> {
    assess(board, rules, sessions, settings, true)
}

fn assess(
    board: &mut Leaderboard,
    rules: &Rules,
    sessions: &[TimedSession],
    settings: Settings,
    announce: bool,
) -> Result<()> {
    if board.rows.is_empty() {
        return Ok(());
    }
    let track = rules.track(&board.track)?;
    let evidence = Evidence::gather(board, sessions)?;
    let settings = Settings { protocol: evidence.matrix.protocol, ..settings };
    let by_runtime = track.by.metrics().contains(&Metric::RuntimeMs);
    if let Some(untimed) = evidence.untimed.as_ref().filter(|_| by_runtime) {
        let reason = "it has no timings of rounds; --uncertainty needs them for every ranked entry".to_owned();
        return Err(Error::Submission { submission: untimed.clone(), reason });
    }
    let again = Again::new(board, rules, track);
    let ranking = |figures: &Figures<'_>| again.places(figures);
    let rest = rest_of_scores(&track.by, &board.rows);
    let (weight, k, base) = match &track.by {
        By::Score(rule) => (runtime_weight(rule), rule.k, again.base(Metric::RuntimeMs)),
        _ => (0.0, 0.0, None),
    };
    let score = |entry: usize, ms: f64, base: f64| rest[entry] + weight * (k * ms / base).exp();
    let varying = varying_memory(&evidence.memory, &track.by);
    let basis = match &track.by {
        _ if evidence.untimed.is_some() || (!by_runtime && !depends_on_runtimes(&again, &evidence)?) => Basis::Exact,
        By::Metric(_) if by_runtime => Basis::Runtime,
        By::Score(rule) if rule.weights.len() == 1 => Basis::Runtime,
        By::Score(_) => Basis::Score(&score),
        By::Metric(_) | By::RankSum(_) => Basis::RankSum(varying.as_deref()),
    };
    let field = Field {
        matrix: &evidence.matrix,
        ranked: &evidence.ranked,
        baseline: &evidence.baseline,
        fixed_baseline: base,
    };
    let track_of_stats = RankedTrack { basis, ranking: &ranking };
    let mut uncertainty = match basis {
        // Rows that nobody timed have no runtime to be ranked again with.
        Basis::Exact => rank_uncertainty(
            &field,
            &RankedTrack { basis, ranking: &|_: &Figures<'_>| Ok(as_ranked(board)) },
            settings,
        )?,
        _ => rank_uncertainty(&field, &track_of_stats, settings)?,
    };
    agree(board, &uncertainty)?;
    for (own, row) in uncertainty.entries.iter_mut().zip(&board.rows) {
        own.runtime_ms = own.runtime_ms.or_else(|| row.entry.get(Metric::RuntimeMs));
    }
    let timed = !matches!(basis, Basis::Exact);
    let state = timed.then(|| quiet(&evidence.matrix, &evidence.loads));
    let lasting = timed.then(|| serial(&evidence.matrix, settings.seed)).flatten();
    board.notes.extend(notes(&uncertainty, state.as_ref(), lasting));
    if announce {
        let circumstances = Circumstances {
            quiet: state,
            against_itself: if timed { against_itself(&evidence.matrix, settings) } else { Vec::new() },
            serial: lasting,
            separations: if timed { separations(&field, &track_of_stats, &uncertainty, settings)? } else { Vec::new() },
            taken_as_exact: taken_as_exact(&track.by, varying.is_some()),
        };
        let facts = Announcement::new(&uncertainty, circumstances);
        let sentences = facts.sentences().iter().map(ToString::to_string).collect();
        board.announcement = Some(Announced { sentences, facts });
    }
    for (row, entry) in board.rows.iter_mut().zip(uncertainty.entries) {
        row.uncertainty = Some(entry);
    }
    Ok(())
}

fn as_ranked(board: &Leaderboard) -> Vec<Place> {
    board.rows.iter().map(|row| Place { rank: row.rank, figure: row.score.unwrap_or_default() }).collect()
}

fn runtime_weight(rule: &ScoreRule) -> f64 {
    rule.weights.get(&Metric::RuntimeMs).copied().unwrap_or_default()
}

/// What of each row's score does not come from its runtime.
fn rest_of_scores(by: &By, rows: &[Row]) -> Vec<f64> {
    let By::Score(rule) = by else { return vec![0.0; rows.len()] };
    let rest = |row: &Row| -> f64 {
        let parts = rule.weights.iter().filter(|(m, _)| **m != Metric::RuntimeMs);
        parts.filter_map(|(m, w)| Some(w * row.metric_scores.get(m)?)).sum()
    };
    rows.iter().map(rest).collect()
}

/// The measurements of memory, where it is part of the rank sum and some entry's were repeated and differ.
fn varying_memory(memory: &[Vec<f64>], by: &By) -> Option<Vec<Vec<f64>>> {
    let differ = |all: &Vec<f64>| all.iter().any(|m| *m != all[0]);
    let counts = matches!(by, By::RankSum(metrics) if metrics.contains(&Metric::MemM));
    (counts && memory.iter().all(|all| !all.is_empty()) && memory.iter().any(differ)).then(|| memory.to_vec())
}

/// Whether a track that is not by the runtime depends on it nevertheless: where other figures tie, some rules go by the runtime.
fn depends_on_runtimes(again: &Again<'_>, evidence: &Evidence) -> Result<bool> {
    let mut runtimes: Vec<f64> = evidence.ranked.iter().map(|&row| evidence.matrix.figure(row)).collect();
    let places = |runtimes: &[f64]| -> Result<Vec<u32>> {
        let places = again.places(&Figures { runtimes, baseline: None, memory: None })?;
        Ok(places.iter().map(|p| p.rank).collect())
    };
    let observed = places(&runtimes)?;
    let backwards: Vec<f64> = runtimes.iter().map(|ms| 1.0 / ms).collect();
    if places(&backwards)? != observed {
        return Ok(true);
    }
    let mut rng = Pcg64::seed_from_u64(0);
    for _ in 0..ORDERS {
        runtimes.shuffle(&mut rng);
        if places(&runtimes)? != observed {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The places that intervals belong to must be those of the table.
fn agree(board: &Leaderboard, uncertainty: &Uncertainty) -> Result<()> {
    let differs = |(row, own): &(&Row, &EntryUncertainty)| row.rank != own.rank;
    match board.rows.iter().zip(&uncertainty.entries).find(differs) {
        None => Ok(()),
        Some((row, own)) => Err(Error::Submission {
            submission: own.label.clone(),
            reason: format!(
                "the table has it at place {}, its timings of rounds put it at place {}: they are not of one source",
                row.rank, own.rank
            ),
        }),
    }
}

fn separations(
    field: &Field<'_>,
    track: &RankedTrack<'_>,
    uncertainty: &Uncertainty,
    settings: Settings,
) -> Result<Vec<Separation>> {
    if uncertainty.entries.iter().all(|e| e.rank_interval.is_none()) {
        return Ok(Vec::new());
    }
    let open = open_pairs(uncertainty);
    let label = |e: usize| uncertainty.entries[e].label.clone();
    let plan = |(a, b): (usize, usize)| -> Result<Option<Separation>> {
        let plan = rounds_to_separate(field, track, (a, b), open, settings)?;
        Ok(plan.map(|plan| Separation { a: label(a), b: label(b), plan }))
    };
    let plans: Vec<Option<Separation>> =
        open_neighbours(uncertainty).into_iter().take(PLANNED).map(plan).collect::<Result<_>>()?;
    Ok(plans.into_iter().flatten().collect())
}

fn taken_as_exact(by: &By, memory_varies: bool) -> Vec<String> {
    let named = |metric: Metric| match metric {
        Metric::RuntimeMs => None,
        Metric::MemM if memory_varies => None,
        Metric::MemM => Some("peak memory (measured once)"),
        Metric::ParamsM => Some("parameters"),
        Metric::FlopsG => Some("FLOPs"),
        Metric::ActsM => Some("activations"),
        other => Some(other.name()),
    };
    by.metrics().into_iter().filter_map(named).map(str::to_owned).collect()
}

fn notes(u: &Uncertainty, state: Option<&Quiet>, lasting: Option<Serial>) -> Vec<String> {
    let mut notes: Vec<String> = u.remarks.iter().map(ToString::to_string).collect();
    if u.unit == Unit::Rounds {
        let disturbed = state.filter(|q| q.disturbed().next().is_some()).map(|q| Sentence::of_quiet(q).to_string());
        notes.extend(disturbed);
    }
    notes.extend(lasting.filter(Serial::found).map(|s| Sentence::NoiseLasts(s).to_string()));
    let exact = u.remarks.contains(&Remark::ExactTrack);
    if !exact && u.entries.iter().any(|e| e.rank_interval.is_some()) {
        let (level, rounds, seed) = (short_percent(u.settings.look_level()), u.rounds, u.settings.seed);
        let scope = match u.unit {
            Unit::Rounds => "this session",
            Unit::RoundsOfSessions { .. } => "these sessions",
            Unit::Sessions { .. } => "sessions like these",
        };
        let how = match u.exact {
            _ if u.remarks.contains(&Remark::DrawnRuntimes) => "drawn runtimes".to_owned(),
            true => "all sign patterns".to_owned(),
            false if u.remarks.iter().any(|r| matches!(r, Remark::Winsorised { .. })) => {
                "winsorised, sign patterns".to_owned()
            }
            false => format!("{} sign patterns", u.settings.patterns),
        };
        notes.push(format!(
            "{level} % intervals of {scope} over {rounds} paired rounds ({how}, seed {seed}); those of ranks hold together, and entries that share a letter cannot be told apart"
        ));
    }
    notes
}

/// 95, 97.5.
fn short_percent(level: f64) -> f64 {
    (1e8 * level).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Entry;
    use crate::rank::rank::rank;
    use crate::stats::{ImageTimes, Protocol, Round, Samples, summarise};

    fn samples(label: &str, base: f64, rounds: u32) -> Samples {
        let ms = |number: u32| base * (1.0 + 0.003 * ((number * 37 + label.len() as u32) as f64).sin());
        let round = |number| Round {
            number,
            images: vec![ImageTimes { split: "val".into(), image: "a".into(), ms: vec![ms(number)] }],
        };
        Samples { label: label.into(), rounds: (0..rounds).map(round).collect() }
    }

    /// Its runtime is that of its samples.
    fn entry(team: &str, base: f64, params: f64, rounds: u32) -> Entry {
        let runtime = summarise(&samples(team, base, rounds), Protocol::Robust).unwrap().runtime_ms;
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
        let entries =
            [entry("A", 10.0, 0.3, rounds), entry("BB", 10.001, 0.2, rounds), entry("CCC", 20.0, 0.4, rounds)];
        let mut board = rank(&entries, &rules, track)?;
        let timed = [samples("CCC", 20.0, rounds), samples("A", 10.0, rounds), samples("BB", 10.001, rounds)];
        add_announcement(&mut board, &rules, &[TimedSession::of_samples("run", timed.to_vec())], Settings::default())?;
        Ok(board)
    }

    fn intervals(board: &Leaderboard) -> Vec<(&str, Option<(u32, u32)>)> {
        let of = |row: &Row| row.uncertainty.as_ref().and_then(|u| u.rank_interval);
        board.rows.iter().map(|row| (row.entry.team.as_str(), of(row))).collect()
    }

    #[test]
    fn rows_say_between_which_places_they_lie() {
        let board = board("runtime", 12).unwrap();
        let mut found = intervals(&board);
        found.sort_unstable();
        assert_eq!(found, [("A", Some((1, 2))), ("BB", Some((1, 2))), ("CCC", Some((3, 3)))]);
        assert!(board.notes.iter().any(|n| {
            n.starts_with("95 % intervals of this session over 12 paired rounds (all sign patterns, seed 2022)")
        }));
    }

    #[test]
    fn in_a_rank_sum_the_other_metrics_decide_what_runtimes_leave_open() {
        let board = board("overall", 12).unwrap();
        assert_eq!(intervals(&board)[0], ("BB", Some((1, 1))));
    }

    #[test]
    fn one_round_is_not_enough_and_says_so() {
        let board = board("runtime", 1).unwrap();
        assert!(intervals(&board).iter().all(|(_, interval)| interval.is_none()));
        assert!(
            board.notes.iter().any(|n| n.starts_with("1 round: 95 % intervals need at least 6 rounds")),
            "{:?}",
            board.notes
        );
    }

    #[test]
    fn a_track_without_the_runtime_is_certain() {
        let board = board("complexity", 12).unwrap();
        assert_eq!(intervals(&board), [("BB", Some((1, 1))), ("A", Some((2, 2))), ("CCC", Some((3, 3)))]);
        assert!(board.notes.iter().any(|n| n.starts_with("the track does not depend on the runtime")));
        let text = board.announcement.unwrap().sentences;
        assert_eq!(text[1], "First place: BB.");
        assert_eq!(text.last().unwrap(), "Taken as exact, not tested: parameters and FLOPs.");
    }

    #[test]
    fn equal_parameters_let_the_runtime_decide_where_the_rules_sort_by_it_first() {
        let rules = Rules::embedded("ntire2022").unwrap();
        // Equal parameters and FLOPs stand in the order of the runtime, which is open.
        let entries = [entry("A", 10.0, 0.3, 12), entry("BB", 10.001, 0.3, 12), entry("CCC", 20.0, 0.4, 12)];
        let mut board = rank(&entries, &rules, "complexity").unwrap();
        let timed = [samples("CCC", 20.0, 12), samples("A", 10.0, 12), samples("BB", 10.001, 12)];
        let timed = [TimedSession::of_samples("run", timed.to_vec())];
        add_uncertainty(&mut board, &rules, &timed, Settings::default()).unwrap();
        assert!(
            intervals(&board)[..2].iter().all(|(_, interval)| *interval == Some((1, 2))),
            "{:?}",
            intervals(&board)
        );
    }

    #[test]
    fn sessions_of_two_protocols_are_refused() {
        let rules = Rules::embedded("ntire2022").unwrap();
        let mut board = rank(&[entry("A", 10.0, 0.3, 8), entry("BB", 11.0, 0.2, 8)], &rules, "runtime").unwrap();
        let session = |name: &str, protocol| TimedSession {
            protocol,
            ..TimedSession::of_samples(name, vec![samples("A", 10.0, 8), samples("BB", 11.0, 8)])
        };
        let two = [session("one", Protocol::Robust), session("two", Protocol::Published)];
        let error = add_uncertainty(&mut board, &rules, &two, Settings::default()).unwrap_err().to_string();
        assert_eq!(
            error,
            "one was measured by the robust protocol and two by the published one: their rounds cannot be ranked together"
        );
        add_uncertainty(&mut board, &rules, &two[..1], Settings::default()).unwrap();
    }

    #[test]
    fn timings_of_another_source_than_the_table_are_refused() {
        let rules = Rules::embedded("ntire2022").unwrap();
        let mut board = rank(&[entry("A", 10.0, 0.3, 8), entry("BB", 11.0, 0.2, 8)], &rules, "runtime").unwrap();
        let swapped = [TimedSession::of_samples("run", vec![samples("A", 11.0, 8), samples("BB", 10.0, 8)])];
        let error = add_uncertainty(&mut board, &rules, &swapped, Settings::default()).unwrap_err().to_string();
        assert_eq!(
            error,
            "A: the table has it at place 1, its timings of rounds put it at place 2: they are not of one source"
        );
    }

    #[test]
    fn equal_names_of_two_sessions_that_are_not_combined_are_never_told_apart() {
        let rules = Rules::embedded("ntire2022").unwrap();
        let names = ["A", "BB", "CCC", "DDDD"];
        let again = ["A [2]", "BB [2]", "CCC [2]", "DDDD [2]"];
        let session = |name: &str, names: [&str; 4], factor: f64| {
            let of = |(i, n): (usize, &&str)| samples(n, factor * (10.0 + i as f64), 8);
            TimedSession::of_samples(name, names.iter().enumerate().map(of).collect())
        };
        let entries: Vec<Entry> = [(names, 1.0), (again, 3.0)]
            .iter()
            .flat_map(|(names, factor)| {
                names.iter().enumerate().map(move |(i, n)| entry(n, factor * (10.0 + i as f64), 0.3, 8))
            })
            .collect();
        let sessions = [session("quiet", names, 1.0), session("loaded", again, 3.0)];
        let mut board = rank(&entries, &rules, "runtime").unwrap();
        add_uncertainty(&mut board, &rules, &sessions, Settings::default()).unwrap();
        // Each may be anywhere among those of the other session.
        assert!(intervals(&board).iter().all(|(_, i)| i.is_some_and(|(low, high)| high - low >= 4)), "{board:#?}");
        assert!(board.notes.iter().any(|n| n.starts_with("16 pairs share fewer than 6 rounds of one session")));
        let mut board = rank(&entries, &rules, "overall").unwrap();
        add_uncertainty(&mut board, &rules, &sessions, Settings::default()).unwrap();
        assert!(intervals(&board).iter().all(|(_, i)| i.is_none()));
        assert!(board.notes.iter().any(|n| n.contains("were not measured in one session")), "{:?}", board.notes);
    }
}
